// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_quantizer.h"

#include "core/quant/nearest_rounding.h"
#include "core/quant/packed_codes.h"
#include "plugins/e8/e8_decoder.h"
#include "plugins/e8/e8_grid.h"

namespace quantscope::e8 {

namespace {

constexpr int firstWidth = 16;

// Both shifts of 256 patterns of 8 magnitudes, each with a product and a minimum.
constexpr double multiplyAddsPerBook = 2.0 * 256.0 * 8.0 * 2.0;

}  // namespace

E8Code::E8Code(const E8Settings& settings) : m_settings(settings) {}

void E8Code::encode(MatrixView vectors, std::span<std::uint32_t> codes) const {
    const auto scale = static_cast<float>(m_settings.inputScale());
    Matrix rest(vectors.rows, dim);
    for (Index i = 0; i < vectors.rows; ++i) {
        for (Index j = 0; j < dim; ++j)
            rest(i, j) = vectors(i, j) * scale;
    }
    m_first.encode(rest.view(), codes);
    if (m_settings.bits == 2) return;
    const auto residualScale = static_cast<float>(m_settings.residualScale());
    for (Index i = 0; i < vectors.rows; ++i) {
        const Point near = m_first.point(codes[static_cast<std::size_t>(i)]);
        for (Index j = 0; j < dim; ++j)
            rest(i, j) = (rest(i, j) - near[static_cast<std::size_t>(j)]) * residualScale;
    }
    encodeResidual(rest.view(), codes);
}

void E8Code::encodeResidual(MatrixView residuals, std::span<std::uint32_t> codes) const {
    std::vector<std::uint32_t> second(codes.size());
    if (m_settings.bits == 3) {
        m_small.encode(residuals, second);
    } else {
        m_first.encode(residuals, second);
    }
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] |= second[i] << firstWidth;
}

Point E8Code::point(std::uint32_t code) const {
    const auto inverseScale = static_cast<float>(1.0 / m_settings.inputScale());
    Point point = m_first.point(code & (E8pBook::size - 1));
    if (m_settings.bits > 2) {
        const std::uint32_t upper = code >> firstWidth;
        const Point second = m_settings.bits == 3 ? m_small.point(upper) : m_first.point(upper);
        const auto inverseResidual = static_cast<float>(1.0 / m_settings.residualScale());
        for (std::size_t j = 0; j < point.size(); ++j)
            point[j] += second[j] * inverseResidual;
    }
    for (float& value : point)
        value *= inverseScale;
    return point;
}

void decodeRows(const E8Code& code, const RowVectors& layout, int width,
                std::span<const std::uint8_t> bytes, Index firstRow, MatrixSpan out) {
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(layout.perRow()));
    for (Index r = 0; r < out.rows; ++r) {
        PackedCodes::unpack(bytes, (firstRow + r) * layout.perRow(), width, codes);
        Index column = 0;
        for (const std::uint32_t one : codes) {
            const Point point = code.point(one);
            for (std::size_t j = 0; j < point.size() && column < out.cols; ++j)
                out(r, column++) = point[j];
        }
    }
}

E8Quantizer::E8Quantizer(MethodSpec spec)
    : m_spec(std::move(spec)), m_settings(E8Settings::from(ParameterValues(m_spec.parameters))) {}

Preflight E8Quantizer::preflight(Index rows, Index cols, const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    const RowVectors layout = m_settings.layout(rows, cols);
    if (layout.cols % dim != 0) {
        const bool alongRows = m_settings.along == Along::Rows;
        result.warnings.push_back(
            "The " + std::to_string(layout.cols) + (alongRows ? " columns" : " rows") +
            " are no multiple of 8; the last vector of each " + (alongRows ? "row" : "column") +
            " is filled up with zeros, and its code costs as much as the "
            "others.");
    }
    result.rate[RatePart::Codes] = PackedCodes::bitCount(layout.count(), m_settings.codeWidth());
    result.rate[RatePart::Scales] = m_settings.gains.bitCount(rows);
    constexpr std::uint64_t buffers = std::uint64_t{32} << 20;
    result.workingBytes = buffers;
    // The first finds the scales.
    constexpr double passes = 2.0;
    result.multiplyAdds = static_cast<double>(layout.count()) * multiplyAddsPerBook * passes *
                          (m_settings.bits == 4 ? 2 : 1);
    return result;
}

std::unique_ptr<CodeGrid> E8Quantizer::fitGrid(const TensorSource& weights,
                                               const SideInformation& /*side*/,
                                               const RunContext& context,
                                               PhaseSeconds& seconds) const {
    const PhaseTimer timer(seconds.train);
    const auto gridWith = [&](Section scales) {
        return std::make_unique<E8Grid>(m_spec, m_settings, weights.rows(), weights.cols(),
                                        std::move(scales));
    };
    // Scales of least squared error follow from codes, which are chosen for the deviation first.
    const auto first = gridWith(
        m_settings.gains.store(rootMeanSquares(weights, m_settings.gains, context.stop())));
    roundToNearest(weights, *first, context);
    const auto encoded = std::make_shared<const EncodedTensor>(first->finish());
    const E8Decoder decoder(encoded);
    return gridWith(refittedGains(
        *encoded, weights, m_settings.gains,
        [&](Index firstRow, MatrixSpan out) { decoder.decode(firstRow, out); }, context.stop()));
}

EncodedTensor E8Quantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                    const RunContext& context, PhaseSeconds& seconds) const {
    const std::unique_ptr<CodeGrid> grid =
        fitGrid(weights, side, context.part(0.0, 0.5, 0), seconds);
    const PhaseTimer timer(seconds.encode);
    roundToNearest(weights, *grid, context.part(0.5, 1.0, 1));
    return grid->finish();
}

}  // namespace quantscope::e8
