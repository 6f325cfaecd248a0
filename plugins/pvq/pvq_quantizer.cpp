// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pvq_quantizer.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/quant/codeword_format.h"
#include "core/quant/lloyd_max.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "core/quant/row_vectors.h"
#include "core/tensor/weight_reader.h"
#include "plugins/pvq/pulse_search.h"

namespace quantscope::pvq {

namespace {

// Indices of so many vectors end on a whole byte.
constexpr Index granule = 8;

void writeBits(std::span<std::uint8_t> bytes, std::uint64_t first, const Words& number, int bits) {
    for (int i = 0; i < bits; ++i) {
        const std::uint64_t at = first + static_cast<std::uint64_t>(i);
        const std::uint32_t bit = number[static_cast<std::size_t>(i / 32)] >> (i % 32) & 1U;
        bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] | bit << (at % 8));
    }
}

/// The levels of the gains, relative to 2^exponent, as they are stored.
Matrix trainLevels(std::span<const float> gains, int count, int exponent) {
    std::vector<float> sorted(gains.begin(), gains.end());
    std::ranges::sort(sorted);
    // Neighbours are put together, which changes no level much.
    constexpr std::size_t mostPoints = std::size_t{1} << 16;
    const std::size_t perPoint = (sorted.size() + mostPoints - 1) / mostPoints;
    std::vector<WeightedPoint> points;
    for (std::size_t first = 0; first < sorted.size(); first += perPoint) {
        const std::size_t end = std::min(first + perPoint, sorted.size());
        double sum = 0.0;
        for (std::size_t i = first; i < end; ++i)
            sum += static_cast<double>(sorted[i]);
        const auto mass = static_cast<double>(end - first);
        points.push_back({std::ldexp(sum / mass, -exponent), mass});
    }
    Matrix levels(1, count);
    std::ranges::transform(lloydMaxLevels(points, count), levels.data(),
                           [](double level) { return static_cast<float>(level); });
    CodewordFormat(true, exponent).round(levels.span());
    return levels;
}

std::vector<std::uint32_t> nearestLevels(std::span<const float> gains, const Matrix& levels,
                                         int exponent) {
    std::vector<std::uint32_t> codes;
    codes.reserve(gains.size());
    const std::span<const float> row = levels.view().row(0);
    for (const float gain : gains) {
        const auto relative = static_cast<float>(std::ldexp(static_cast<double>(gain), -exponent));
        const auto above = std::ranges::lower_bound(row, relative);
        auto nearest = above == row.end() ? above - 1 : above;
        if (above != row.begin() && above != row.end() &&
            relative - *(above - 1) <= *above - relative) {
            nearest = above - 1;
        }
        codes.push_back(static_cast<std::uint32_t>(nearest - row.begin()));
    }
    return codes;
}

// A budget that is exceeded, or cannot be used up, is told.
void judgeBudget(const PvqSettings& settings, int indexBits, Preflight& result) {
    if (settings.budget == 0.0) return;
    const std::string dim = std::to_string(settings.dim);
    const auto needed = static_cast<double>(indexBits + settings.gainBits) / settings.dim;
    const std::string asked = formatSignificant(settings.budget);
    if (needed > settings.budget) {
        result.refusal = "A vector of " + dim + " weights takes " + std::to_string(indexBits) +
                         " bits for its only pulse and " + std::to_string(settings.gainBits) +
                         " for its gain, " + formatSignificant(needed) +
                         " bits per weight, but bits=" + asked +
                         ". Choose more bits, longer vectors (n) or fewer bits for the gain.";
    }
    if (settings.leavesBits) {
        result.warnings.push_back(
            "Vectors of " + dim + " weights with " + std::to_string(settings.pulses) +
            " pulses, the most there can be, take " + formatSignificant(needed) + " of the " +
            asked + " bits per weight; longer vectors (n) use them all.");
    }
}

}  // namespace

PvqQuantizer::PvqQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(PvqSettings::from(ParameterValues(m_spec.parameters))),
      m_index(m_settings.dim, m_settings.pulses) {}

Preflight PvqQuantizer::preflight(Index rows, Index cols, const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    judgeBudget(m_settings, m_index.bits(), result);
    if (!result.refusal.empty()) return result;
    const RowVectors layout{rows, cols, m_settings.dim};
    std::ranges::copy(ineffectiveParameters(pvqParameters(), m_spec.parameters),
                      std::back_inserter(result.warnings));
    if (cols % layout.dim != 0) {
        result.warnings.push_back("Vectors of " + std::to_string(layout.dim) +
                                  " weights do not divide rows of " + std::to_string(cols) +
                                  "; the last of each row is filled up with zeros, and its code "
                                  "costs as much as the others.");
    }
    const auto vectors = static_cast<std::uint64_t>(layout.count());
    const auto add = [&](RatePart part, std::uint64_t bits) {
        result.rate[part] += bits;
        result.rate[RatePart::Padding] += (8 - bits % 8) % 8;
    };
    add(RatePart::Codes, vectors * static_cast<std::uint64_t>(m_index.bits()));
    add(RatePart::Scales, vectors * static_cast<std::uint64_t>(m_settings.gainBits));
    add(RatePart::Codebooks, std::uint64_t{m_settings.gainLevels()} * 16);
    add(RatePart::Codebooks, CodewordFormat::exponentBits);
    constexpr std::uint64_t buffers = std::uint64_t{32} << 20;
    result.workingBytes = buffers + vectors * 3 * sizeof(float);
    result.multiplyAdds = static_cast<double>(layout.count()) * 12.0 * m_settings.dim *
                          (m_settings.dim + m_index.bits() / 8.0);
    return result;
}

EncodedTensor PvqQuantizer::quantize(const TensorSource& weights, const SideInformation& /*side*/,
                                     const RunContext& context, PhaseSeconds& seconds) const {
    const PhaseTimer timer(seconds.encode);
    const RowVectors layout{weights.rows(), weights.cols(), m_settings.dim};
    const auto bits = static_cast<std::uint64_t>(m_index.bits());
    Section codes{
        codesSection, RatePart::Codes, static_cast<std::uint64_t>(layout.count()) * bits, {}};
    codes.bytes.resize((codes.usedBits + 7) / 8);
    std::vector<float> gains(static_cast<std::size_t>(layout.count()));
    ProgressCounter progress(context, static_cast<double>(weights.rows()), "encoding");
    forEachRowRange(weights, granule, context.stop(),
                    [&](Index begin, Index end, std::span<const float> values) {
                        const MatrixView rows(values.data(), end - begin, layout.cols);
                        Matrix vector(1, layout.dim);
                        std::vector<int> pulses(static_cast<std::size_t>(layout.dim));
                        Words index;
                        for (Index v = 0; v < rows.rows * layout.perRow(); ++v) {
                            constexpr Index vectorsPerCheck = 256;
                            if (v % vectorsPerCheck == 0) context.throwIfStopped();
                            layout.cut(rows, v, 0, vector.span());
                            const Index number = begin * layout.perRow() + v;
                            gains[static_cast<std::size_t>(number)] =
                                placePulses(vector.view().row(0), m_settings.pulses, pulses);
                            m_index.encode(pulses, index);
                            writeBits(codes.bytes, static_cast<std::uint64_t>(number) * bits, index,
                                      m_index.bits());
                        }
                        progress.add(static_cast<double>(end - begin));
                    });
    const float largest = *std::ranges::max_element(gains);
    const int exponent = largest > 0.0F ? std::clamp(std::ilogb(largest), -126, 126) : 0;
    const Matrix levels = trainLevels(gains, static_cast<int>(m_settings.gainLevels()), exponent);
    const std::vector<std::uint32_t> gainCodes = nearestLevels(gains, levels, exponent);
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.sections.push_back(std::move(codes));
    encoded.sections.push_back({gainsSection, RatePart::Scales,
                                PackedCodes::bitCount(layout.count(), m_settings.gainBits),
                                PackedCodes::pack(gainCodes, m_settings.gainBits)});
    const CodewordFormat format(true, exponent);
    encoded.sections.push_back(format.store(levelsSection, levels.view()));
    encoded.sections.push_back(format.storeExponent());
    return encoded;
}

}  // namespace quantscope::pvq
