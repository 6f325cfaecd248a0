// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metrics/hessian_form.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace quantscope {

namespace {

using RowMajorDoubles = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatRows =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
               Eigen::Unaligned, Eigen::OuterStride<>>;

// Columns of H that are multiplied at a time; the part of X H for them stays in the cache.
constexpr Index panelColumns = 256;

FloatRows asEigen(MatrixView rows) {
    return {rows.data, rows.rows, rows.cols, Eigen::OuterStride<>(rows.stride)};
}

}  // namespace

HessianForm::HessianForm(std::shared_ptr<const Hessian> hessian, Index cols)
    : m_hessian(std::move(hessian)) {
    const auto isFinite = [](double value) { return std::isfinite(value); };
    const auto size = static_cast<std::size_t>(cols);
    if (m_hessian->size != cols || m_hessian->diagonal.size() != size ||
        (!m_hessian->full.empty() && m_hessian->full.size() != size * size)) {
        throw Error("The Hessian " + m_hessian->source + " is for " +
                        std::to_string(m_hessian->size) + " input channels, but the tensor has " +
                        std::to_string(cols) + ".",
                    "Choose the Hessian that belongs to this tensor, or change the folding.");
    }
    if (!std::ranges::all_of(m_hessian->diagonal, isFinite) ||
        !std::ranges::all_of(m_hessian->full, isFinite)) {
        throw Error("The Hessian " + m_hessian->source + " holds NaN or infinite values.",
                    "Compute it again from calibration data without such values.");
    }
}

double HessianForm::of(MatrixView rows) const {
    return m_hessian->full.empty() ? diagonalForm(rows) : fullForm(rows);
}

double HessianForm::diagonalForm(MatrixView rows) const {
    double total = 0.0;
    for (Index r = 0; r < rows.rows; ++r) {
        const std::span<const float> row = rows.row(r);
        for (std::size_t c = 0; c < row.size(); ++c) {
            total += m_hessian->diagonal[c] * row[c] * row[c];
        }
    }
    return total;
}

double HessianForm::fullForm(MatrixView rows) const {
    const Index size = rows.cols;
    const Eigen::Map<const RowMajorDoubles> h(m_hessian->full.data(), size, size);
    const RowMajorDoubles x = asEigen(rows).cast<double>();
    RowMajorDoubles product;
    double total = 0.0;
    // H is symmetric: of every panel of columns only the rows down to its last column are needed,
    // the part above the diagonal block counting twice.
    for (Index first = 0; first < size; first += panelColumns) {
        const Index count = std::min(panelColumns, size - first);
        const auto panel = x.middleCols(first, count);
        product.noalias() = panel * h.block(first, first, count, count);
        if (first > 0)
            product.noalias() += 2.0 * x.leftCols(first) * h.block(0, first, first, count);
        total += product.cwiseProduct(panel).sum();
    }
    return total;
}

}  // namespace quantscope
