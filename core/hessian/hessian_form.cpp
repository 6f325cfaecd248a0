// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/hessian_form.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/product.h"

namespace quantscope {

namespace {

// Columns of H that are multiplied at a time; the part of X H for them stays in the cache.
constexpr Index panelColumns = 256;

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

double HessianForm::of(MatrixView rows, const std::stop_token& stop) const {
    return m_hessian->full.empty() ? diagonalForm(rows) : fullForm(rows, stop);
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

double HessianForm::fullForm(MatrixView rows, const std::stop_token& stop) const {
    const Index size = rows.cols;
    std::vector<double> values(static_cast<std::size_t>(rows.size()));
    for (Index r = 0; r < rows.rows; ++r)
        std::ranges::copy(rows.row(r), values.begin() + r * size);
    std::vector<double> product;
    double total = 0.0;
    // H is symmetric: of every panel of columns only the rows down to its last column are needed,
    // the part above the diagonal block counting twice.
    for (Index first = 0; first < size; first += panelColumns) {
        throwIfStopped(stop);
        const Index count = std::min(panelColumns, size - first);
        const StridedView<double> panel{values.data() + first, rows.rows, count, size, 1};
        const StridedView<double> left{values.data(), rows.rows, first, size, 1};
        const double* const h = m_hessian->full.data() + first;
        product.assign(static_cast<std::size_t>(rows.rows * count), 0.0);
        addProduct(2.0, left, {h, first, count, size, 1}, product.data(), count);
        addProduct(1.0, panel, {h + first * size, count, count, size, 1}, product.data(), count);
        for (Index r = 0; r < rows.rows; ++r) {
            const double* const row = values.data() + r * size + first;
            total = std::transform_reduce(row, row + count, product.data() + r * count, total);
        }
    }
    return total;
}

}  // namespace quantscope
