// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/center/center_method.h"

#include <algorithm>
#include <cmath>

#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/quant/codeword_format.h"
#include "core/tensor/tensor_source.h"

namespace quantscope::center {

namespace {

constexpr const char* meansSection = "means";

bool ofColumns(const ParameterValues& values) {
    return values.choice("side") == "columns";
}

Index meanCount(const ParameterValues& values, Index rows, Index cols) {
    return ofColumns(values) ? cols : rows;
}

// Means of columns, or of rows, in double precision.
std::vector<double> means(MatrixView weights, bool columns, const std::stop_token& stop) {
    std::vector<double> sums(static_cast<std::size_t>(columns ? weights.cols : weights.rows));
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(stop);
        for (Index c = 0; c < weights.cols; ++c)
            sums[static_cast<std::size_t>(columns ? c : r)] += static_cast<double>(weights(r, c));
    }
    for (double& sum : sums)
        sum /= static_cast<double>(columns ? weights.rows : weights.cols);
    return sums;
}

class CenterTransform final : public Transform {
public:
    /// `stored`: the means as they are stored, relative to 2^exponent.
    CenterTransform(bool columns, int exponent, const Matrix& stored)
        : m_columns(columns), m_exponent(exponent), m_stored(stored) {
        for (const float mean : stored.view().row(0))
            m_means.push_back(std::ldexp(static_cast<double>(mean), exponent));
    }

    void apply(MatrixSpan weights, const std::stop_token& stop) const override {
        parallelFor(weights.rows, blockRows(weights.cols), stop, [&](Index begin, Index end) {
            add(begin, weights.middleRows(begin, end - begin), -1.0);
        });
    }
    void invert(Index firstRow, MatrixSpan rows) const override { add(firstRow, rows, 1.0); }

    std::vector<Section> sections() const override {
        const CodewordFormat format(true, m_exponent);
        std::vector<Section> sections = {format.store(meansSection, m_stored.view()),
                                         format.storeExponent()};
        for (Section& section : sections)
            section.part = RatePart::Transforms;
        return sections;
    }

private:
    void add(Index firstRow, MatrixSpan rows, double sign) const {
        for (Index r = 0; r < rows.rows; ++r) {
            for (Index c = 0; c < rows.cols; ++c) {
                const auto at = static_cast<std::size_t>(m_columns ? c : firstRow + r);
                rows(r, c) = toFiniteFloat(static_cast<double>(rows(r, c)) + sign * m_means[at]);
            }
        }
    }

    bool m_columns;
    int m_exponent;
    Matrix m_stored;  ///< 1 x n
    std::vector<double> m_means;
};

}  // namespace

std::string CenterMethod::help() const {
    return "Subtracts the mean of every column (dimension of embeddings) or of every row before "
           "another method quantizes what is left, and adds it after decoding; means are 16-bit "
           "floats (the first step of LVQ, Aguerrebere et al., 2023).";
}

std::vector<ParameterSpec> CenterMethod::ownParameters() const {
    return {choiceParameter({"side", "Mean of", "Which means are subtracted."}, "columns",
                            {{"columns", "Columns (input channels or dimensions)"},
                             {"rows", "Rows (output channels or vectors)"}})};
}

TransformCost CenterMethod::cost(const ParameterValues& values, Index rows, Index cols,
                                 const SideInformation& /*side*/) const {
    TransformCost cost;
    cost.rate[RatePart::Transforms] =
        static_cast<std::uint64_t>(meanCount(values, rows, cols) *
                                   CodewordFormat::bitsPerComponent(true)) +
        CodewordFormat::exponentBits;
    cost.multiplyAdds = 2.0 * static_cast<double>(rows) * static_cast<double>(cols);
    return cost;
}

std::unique_ptr<Transform> CenterMethod::fit(const ParameterValues& values, MatrixView weights,
                                             const SideInformation& /*side*/,
                                             const RunContext& context) const {
    const std::vector<double> exact = means(weights, ofColumns(values), context.stop());
    double largest = 0.0;
    for (const double mean : exact)
        largest = std::max(largest, std::abs(mean));
    constexpr int leastExponent = -126;
    const int exponent = largest > 0.0 ? std::max(leastExponent, std::ilogb(largest)) : 0;
    Matrix stored(1, std::ssize(exact));
    std::ranges::transform(exact, stored.data(), [exponent](double mean) {
        return static_cast<float>(std::ldexp(mean, -exponent));
    });
    CodewordFormat(true, exponent).round(stored.span());
    return std::make_unique<CenterTransform>(ofColumns(values), exponent, stored);
}

std::unique_ptr<Transform> CenterMethod::load(const ParameterValues& values,
                                              const EncodedTensor& tensor) const {
    // Read at exponent 0, which gives the means as they are stored.
    const Matrix stored = CodewordFormat(true, 0).load(tensor.section(meansSection), 1,
                                                       meanCount(values, tensor.rows, tensor.cols));
    const CodewordFormat format = CodewordFormat::load(tensor, true);
    return std::make_unique<CenterTransform>(ofColumns(values), format.exponent(), stored);
}

}  // namespace quantscope::center
