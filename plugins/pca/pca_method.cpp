// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pca/pca_method.h"

#include <algorithm>

#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/hessian/activation_hessian.h"
#include "core/kernels/symmetric_eigen.h"
#include "core/quant/codeword_format.h"

namespace quantscope::pca {

namespace {

constexpr const char* axesSection = "axes";
constexpr Index largestBlock = 512;

/// Blocks of consecutive columns, each with a rotation of its own.
struct Blocks {
    Index cols = 0;
    Index block = 0;

    Index count() const { return (cols + block - 1) / block; }
    Index first(Index b) const { return b * block; }
    Index width(Index b) const { return std::min(block, cols - b * block); }
    /// Of all axes together.
    Index components() const {
        const Index last = width(count() - 1);
        return (count() - 1) * block * block + last * last;
    }

    static Blocks from(const ParameterValues& values, Index cols) {
        return {cols, std::clamp<Index>(values.integer("block"), 1, largestBlock)};
    }
};

// Components are at most 1.
const CodewordFormat axesFormat(true, 0);

Matrix transposed(MatrixView matrix) {
    Matrix result(matrix.cols, matrix.rows);
    for (Index r = 0; r < matrix.rows; ++r) {
        for (Index c = 0; c < matrix.cols; ++c)
            result(c, r) = matrix(r, c);
    }
    return result;
}

class PcaTransform final : public Transform {
public:
    /// `axes`: for each block its axes, one per row, rounded to what is stored.
    PcaTransform(Blocks blocks, std::vector<Matrix> axes)
        : m_blocks(blocks), m_axes(std::move(axes)) {
        for (const Matrix& block : m_axes)
            m_ontoAxes.push_back(transposed(block.view()));
    }

    void apply(MatrixSpan weights, const std::stop_token& stop) const override {
        constexpr Index rowsAtOnce = 64;
        parallelFor(weights.rows, rowsAtOnce, stop, [&](Index begin, Index end) {
            for (Index r = begin; r < end; ++r)
                rotate(weights.row(r), m_ontoAxes);
        });
    }

    void invert(Index /*firstRow*/, MatrixSpan rows) const override {
        for (Index r = 0; r < rows.rows; ++r)
            rotate(rows.row(r), m_axes);
    }

    std::shared_ptr<const Hessian> applyTo(std::shared_ptr<const Hessian> hessian,
                                           const std::stop_token& stop) const override {
        const Index size = hessian->size;
        Matrix matrix(size, size);
        for (Index i = 0; i < size; ++i) {
            for (Index j = 0; j < size; ++j) {
                const double value =
                    hessian->full.empty()
                        ? (i == j ? hessian->diagonal[static_cast<std::size_t>(i)] : 0.0)
                        : hessian->full[static_cast<std::size_t>(i * size + j)];
                matrix(i, j) = static_cast<float>(value);
            }
        }
        apply(matrix.span(), stop);
        Matrix turned = transposed(matrix.view());
        apply(turned.span(), stop);
        auto rotated = std::make_shared<Hessian>();
        rotated->size = size;
        rotated->source = hessian->source + ", rotated";
        for (Index i = 0; i < size; ++i) {
            rotated->diagonal.push_back(static_cast<double>(turned(i, i)));
            for (Index j = 0; j < size; ++j) {
                rotated->full.push_back(
                    (static_cast<double>(turned(i, j)) + static_cast<double>(turned(j, i))) / 2.0);
            }
        }
        return rotated;
    }

    std::vector<Section> sections() const override {
        Matrix all(1, m_blocks.components());
        float* to = all.data();
        for (const Matrix& block : m_axes)
            to = std::copy(block.data(), block.data() + block.view().size(), to);
        Section section = axesFormat.store(axesSection, all.view());
        section.part = RatePart::Transforms;
        return {std::move(section)};
    }

private:
    // Adds up the rows of each block's matrix, weighted by the row's values.
    void rotate(std::span<float> row, const std::vector<Matrix>& matrices) const {
        std::vector<double> sums;
        for (Index b = 0; b < m_blocks.count(); ++b) {
            const MatrixView matrix = matrices[static_cast<std::size_t>(b)].view();
            const auto part = row.subspan(static_cast<std::size_t>(m_blocks.first(b)),
                                          static_cast<std::size_t>(m_blocks.width(b)));
            sums.assign(part.size(), 0.0);
            for (Index k = 0; k < matrix.rows; ++k) {
                const auto factor = static_cast<double>(part[static_cast<std::size_t>(k)]);
                const std::span<const float> terms = matrix.row(k);
                for (std::size_t i = 0; i < sums.size(); ++i)
                    sums[i] += factor * static_cast<double>(terms[i]);
            }
            std::ranges::transform(sums, part.begin(), toFiniteFloat);
        }
    }

    Blocks m_blocks;
    std::vector<Matrix> m_axes;
    std::vector<Matrix> m_ontoAxes;  ///< Transposed.
};

Matrix principalAxes(MatrixView columns, const std::stop_token& stop) {
    // The second moments of the columns; zero matrices have any axes.
    const std::vector<double> moments = hessianOfActivations(ViewSource(columns), stop);
    const SymmetricEigen eigen = symmetricEigen(moments, columns.cols);
    Matrix axes(columns.cols, columns.cols);
    std::ranges::transform(eigen.vectors, axes.data(),
                           [](double value) { return static_cast<float>(value); });
    axesFormat.round(axes.span());
    return axes;
}

}  // namespace

std::string PcaMethod::help() const {
    return "Rotates the rows onto the eigenvectors of their second moments (the Karhunen-Loeve "
           "transform) before another method quantizes the coordinates, which are then "
           "uncorrelated and fall in size, and back after decoding. The axes are stored as 16-bit "
           "floats, which pays when there are many more rows than columns.";
}

std::vector<ParameterSpec> PcaMethod::ownParameters() const {
    return {integerParameter(
        {"block", "Block size", "Consecutive columns that are rotated together.", "columns"}, 128,
        2, static_cast<double>(largestBlock), 16.0)};
}

TransformCost PcaMethod::cost(const ParameterValues& values, Index rows, Index cols,
                              const SideInformation& side) const {
    const Blocks blocks = Blocks::from(values, cols);
    TransformCost cost;
    for (Index b = 0; b < blocks.count(); ++b) {
        const Index width = blocks.width(b);
        cost.rate[RatePart::Transforms] +=
            static_cast<std::uint64_t>(width * width * axesFormat.bitsPerComponent());
        const auto size = static_cast<double>(width);
        cost.multiplyAdds += size * size * (2.0 * static_cast<double>(rows) + 10.0 * size);
    }
    if (side.hessian) {
        // Rotated from both sides, in two matrices of floats; the result is full, even of a
        // diagonal.
        const auto entries = static_cast<std::uint64_t>(cols) * static_cast<std::uint64_t>(cols);
        cost.multiplyAdds +=
            2.0 * static_cast<double>(entries) * static_cast<double>(std::min(blocks.block, cols));
        cost.workingBytes = (2 * sizeof(float) + sizeof(double)) * entries;
    }
    if (rows < 4 * std::min(blocks.block, cols)) {
        cost.warnings.push_back(
            "The axes cost " + std::to_string(cost.rate[RatePart::Transforms] / 8) +
            " bytes, much for " + std::to_string(rows) + " rows; choose a smaller block.");
    }
    return cost;
}

std::unique_ptr<Transform> PcaMethod::fit(const ParameterValues& values, MatrixView weights,
                                          const SideInformation& /*side*/,
                                          const RunContext& context) const {
    const Blocks blocks = Blocks::from(values, weights.cols);
    std::vector<Matrix> axes;
    for (Index b = 0; b < blocks.count(); ++b) {
        context.throwIfStopped();
        axes.push_back(
            principalAxes(weights.middleCols(blocks.first(b), blocks.width(b)), context.stop()));
        context.progress(static_cast<double>(b + 1) / static_cast<double>(blocks.count()),
                         "finding principal axes");
    }
    return std::make_unique<PcaTransform>(blocks, std::move(axes));
}

std::unique_ptr<Transform> PcaMethod::load(const ParameterValues& values,
                                           const EncodedTensor& tensor) const {
    const Blocks blocks = Blocks::from(values, tensor.cols);
    const Matrix all = axesFormat.load(tensor.section(axesSection), 1, blocks.components());
    const float* from = all.data();
    std::vector<Matrix> axes;
    for (Index b = 0; b < blocks.count(); ++b) {
        Matrix block(blocks.width(b), blocks.width(b));
        std::copy_n(from, block.view().size(), block.data());
        from += block.view().size();
        axes.push_back(std::move(block));
    }
    return std::make_unique<PcaTransform>(blocks, std::move(axes));
}

}  // namespace quantscope::pca
