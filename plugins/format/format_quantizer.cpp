// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/format_quantizer.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"

namespace quantscope::format {

namespace {

// Ternary digits as they are counted in a byte: codes of -1, 0 and 1.
constexpr std::uint32_t base = 3;

// 1 / scale, or 0 for blocks of zeros.
double inverseOf(double scale) {
    return scale > 0.0 ? 1.0 / scale : 0.0;
}

double squaredError(const Element& element, std::span<const float> weights, double scale) {
    const double inverse = inverseOf(scale);
    double sum = 0.0;
    for (const float weight : weights) {
        const auto relative = static_cast<float>(static_cast<double>(weight) * inverse);
        const double error = static_cast<double>(weight) -
                             static_cast<double>(element.value(element.code(relative))) * scale;
        sum += error * error;
    }
    return sum;
}

float largestMagnitude(std::span<const float> weights) {
    float largest = 0.0F;
    for (const float weight : weights)
        largest = std::max(largest, std::abs(weight));
    return largest;
}

// Li and Liu, "Ternary weight networks", 2016, section 3.
double ternaryScale(std::span<const float> weights) {
    constexpr double share = 0.7;
    double sum = 0.0;
    for (const float weight : weights)
        sum += std::abs(static_cast<double>(weight));
    const double threshold = share * sum / static_cast<double>(weights.size());
    double above = 0.0;
    double count = 0.0;
    for (const float weight : weights) {
        const double magnitude = std::abs(static_cast<double>(weight));
        if (magnitude <= threshold) continue;
        above += magnitude;
        count += 1.0;
    }
    return count > 0.0 ? above / count : 0.0;
}

}  // namespace

void CodePacking::pack(std::span<const std::uint32_t> codes, Index firstRow,
                       std::span<std::uint8_t> bytes) const {
    if (!m_inBytes) return PackedCodes::packAt(bytes, firstRow * m_cols, codes, m_width);
    auto code = codes.begin();
    for (std::uint8_t* byte = bytes.data() + firstRow * perRow(); code != codes.end();) {
        for (Index first = 0; first < m_cols; first += digits, ++byte) {
            std::uint32_t value = 0;
            std::uint32_t place = 1;
            for (Index i = first; i < std::min(first + digits, m_cols); ++i, place *= base)
                value += *code++ * place;
            *byte = static_cast<std::uint8_t>(value);
        }
    }
}

void CodePacking::unpack(std::span<const std::uint8_t> bytes, Index row,
                         std::span<std::uint32_t> codes) const {
    if (!m_inBytes) return PackedCodes::unpack(bytes, row * m_cols, m_width, codes);
    const std::uint8_t* byte = bytes.data() + row * perRow();
    std::uint32_t rest = 0;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (i % static_cast<std::size_t>(digits) == 0) rest = *byte++;
        codes[i] = rest % base;
        rest /= base;
    }
}

FormatQuantizer::FormatQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(FormatSettings::from(ParameterValues(m_spec.parameters))),
      m_scaleCoder(m_settings.scale) {}

Preflight FormatQuantizer::preflight(Index rows, Index cols,
                                     const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    const BlockLayout layout(m_settings, rows, cols);
    const CodePacking packing(m_settings.element, cols);
    const std::uint64_t bits =
        PackedCodes::bitCount(rows * packing.perRow(), packing.bitsPerCode());
    result.rate[RatePart::Codes] = bits;
    result.rate[RatePart::Padding] = (8 - bits % 8) % 8;
    result.rate[RatePart::Scales] = m_scaleCoder.bitCount(layout.count());
    constexpr std::uint64_t buffers = std::uint64_t{32} << 20;
    result.workingBytes = buffers + static_cast<std::uint64_t>(layout.count()) * sizeof(double) * 2;
    const double passes = m_settings.search ? 20.0 : 1.0;
    result.multiplyAdds = 16.0 * passes * static_cast<double>(rows) * static_cast<double>(cols);
    return result;
}

double FormatQuantizer::ruleScale(std::span<const float> weights) const {
    const float largest = largestMagnitude(weights);
    if (!(largest > 0.0F)) return 0.0;
    switch (m_settings.rule) {
        case ScaleRule::Largest:
            return static_cast<double>(largest) / static_cast<double>(m_settings.element.largest());
        case ScaleRule::Exponent:
            return std::ldexp(1.0, std::ilogb(largest) - m_settings.element.largestExponent());
        case ScaleRule::Ternary:
            break;
    }
    return ternaryScale(weights);
}

std::vector<double> FormatQuantizer::scaleCandidates(double scale) const {
    if (m_settings.scale == ScaleKind::PowerOfTwo) return {scale, scale / 2.0, scale * 2.0};
    constexpr int count = 24;
    constexpr double step = 1.0 / 48.0;
    std::vector<double> candidates;
    for (int k = 0; k < count; ++k)
        candidates.push_back(scale * (1.0 - step * k));
    // Levels may also reach beyond the largest weight.
    for (int k = 1; k < count / 4; ++k)
        candidates.push_back(scale * (1.0 + step * k));
    return candidates;
}

double FormatQuantizer::scaleFor(std::span<const float> weights) const {
    const double ideal = ruleScale(weights);
    if (!m_settings.search || !(ideal > 0.0)) return ideal;
    double best = ideal;
    double least = INFINITY;
    for (const double candidate : scaleCandidates(ideal)) {
        const double scale = m_scaleCoder.rounded(candidate);
        const double error = squaredError(m_settings.element, weights, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

EncodedTensor FormatQuantizer::quantize(const TensorSource& weights,
                                        const SideInformation& /*side*/, const RunContext& context,
                                        PhaseSeconds& seconds) const {
    const Index rows = weights.rows();
    const Index cols = weights.cols();
    const BlockLayout layout(m_settings, rows, cols);
    const CodePacking packing(m_settings.element, cols);
    EncodedTensor encoded{m_spec, rows, cols, Json::object(), {}};
    std::vector<double> scales(static_cast<std::size_t>(layout.count()));
    constexpr double scaled = 0.5;
    const auto blockOf = [](std::span<const float> values, Index first, Index count) {
        return values.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    };
    {
        const PhaseTimer timer(seconds.train);
        const RunContext fitting = context.part(0.0, scaled, 0);
        ProgressCounter progress(fitting, static_cast<double>(rows), "fitting scales");
        forEachRowRange(weights, layout.rowGranule(packing.bitsPerCode()), context.stop(),
                        [&](Index begin, Index end, std::span<const float> values) {
                            layout.forEachBlock(begin, end - begin,
                                                [&](Index block, Index first, Index count) {
                                                    scales[static_cast<std::size_t>(block)] =
                                                        scaleFor(blockOf(values, first, count));
                                                });
                            progress.add(static_cast<double>(end - begin));
                        });
    }
    const PhaseTimer timer(seconds.encode);
    Section scaleSection = m_scaleCoder.store(scales);
    Section codeSection{CodePacking::sectionName,
                        RatePart::Codes,
                        PackedCodes::bitCount(rows * packing.perRow(), packing.bitsPerCode()),
                        {}};
    codeSection.bytes.resize((codeSection.usedBits + 7) / 8);
    const RunContext encoding = context.part(scaled, 1.0, 1);
    ProgressCounter progress(encoding, static_cast<double>(rows), "encoding");
    forEachRowRange(
        weights, layout.rowGranule(packing.bitsPerCode()), context.stop(),
        [&](Index begin, Index end, std::span<const float> values) {
            std::vector<std::uint32_t> codes(static_cast<std::size_t>((end - begin) * cols));
            layout.forEachBlock(begin, end - begin, [&](Index block, Index first, Index count) {
                const double inverse = inverseOf(scales[static_cast<std::size_t>(block)]);
                for (Index i = first; i < first + count; ++i) {
                    codes[static_cast<std::size_t>(i)] = m_settings.element.code(
                        static_cast<float>(static_cast<double>(values[i]) * inverse));
                }
            });
            packing.pack(codes, begin, codeSection.bytes);
            progress.add(static_cast<double>(end - begin));
        });
    encoded.sections.push_back(std::move(codeSection));
    encoded.sections.push_back(std::move(scaleSection));
    return encoded;
}

}  // namespace quantscope::format
