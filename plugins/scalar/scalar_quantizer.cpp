// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_quantizer.h"

#include "core/base/error.h"
#include "core/quant/packed_codes.h"
#include "plugins/scalar/scalar_encoder.h"
#include "plugins/scalar/scalar_grid.h"

namespace quantscope::scalar {

namespace {

// Levels that are trained on fewer weights than this mostly memorise them.
constexpr std::uint32_t weightsPerLevel = 10;

RateLedger exactRate(const ScalarSettings& settings, const UnitLayout& layout) {
    const auto units = static_cast<std::uint64_t>(layout.unitCount());
    RateLedger rate;
    const auto addPacked = [&](RatePart part, std::uint64_t bits) {
        rate[part] += bits;
        rate[RatePart::Padding] += (8 - bits % 8) % 8;
    };
    addPacked(RatePart::Codes, PackedCodes::bitCount(layout.rows() * layout.cols(), settings.bits));
    rate[RatePart::Scales] += ScaleFormat::bitCount(settings.halfScales, units);
    if (settings.hasZeroPoints()) {
        addPacked(RatePart::Scales, PackedCodes::bitCount(layout.unitCount(), settings.bits));
    }
    if (settings.lloyd) {
        rate[RatePart::Codebooks] +=
            std::uint64_t{settings.levelCount()} * static_cast<std::uint64_t>(settings.scaleBits());
    }
    return rate;
}

std::uint64_t workingBytes(const ScalarSettings& settings, const UnitLayout& layout) {
    constexpr std::uint64_t blocks = 16;
    constexpr std::uint64_t blockBytes = std::uint64_t{4} << 20;
    constexpr std::uint64_t histogramBytes = std::uint64_t{64} << 20;
    const auto rowBytes = static_cast<std::uint64_t>(layout.cols()) * 8 * sizeof(float);
    const auto units = static_cast<std::uint64_t>(layout.unitCount());
    // With shared scales a pass keeps sums for every unit, for the clip search one per candidate.
    const std::uint64_t unitBytes =
        settings.minimizeError && layout.byColumns() ? sizeof(ClipErrors) : 4 * sizeof(double);
    return blocks * std::max(blockBytes, rowBytes) + units * unitBytes +
           (settings.lloyd ? histogramBytes : 0);
}

}  // namespace

ScalarQuantizer::ScalarQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(ScalarSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight ScalarQuantizer::preflight(Index rows, Index cols,
                                     const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    const UnitLayout layout(m_settings, rows, cols);
    if (m_settings.granularity == Granularity::Group && m_settings.group >= cols) {
        result.warnings.push_back("A group of " + std::to_string(m_settings.group) +
                                  " channels covers whole rows of " + std::to_string(cols) +
                                  ", as granularity=row does.");
    }
    const auto weights = static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols);
    if (m_settings.lloyd && weights < std::uint64_t{weightsPerLevel} * m_settings.levelCount()) {
        result.warnings.push_back("The table has " + std::to_string(m_settings.levelCount()) +
                                  " levels for " + std::to_string(weights) +
                                  " weights, so it costs more than it saves.");
    }
    result.rate = exactRate(m_settings, layout);
    result.workingBytes = workingBytes(m_settings, layout);
    const bool searches = m_settings.minimizeError && !m_settings.lloyd;
    result.multiplyAdds =
        static_cast<double>(weights) * (searches ? 4.0 * ClipErrors::candidates : 8.0);
    return result;
}

EncodedTensor ScalarQuantizer::quantize(const TensorSource& weights,
                                        const SideInformation& /*side*/, const RunContext& context,
                                        PhaseSeconds& seconds) const {
    const auto run = [&](const ScaleFormat& format) {
        ScalarEncoder encoder(m_settings, weights, format, context.stop());
        const double trained = encoder.needsTraining() ? 0.6 : 0.0;
        {
            const PhaseTimer timer(seconds.train);
            encoder.train(context.part(0.0, trained, 0));
        }
        const PhaseTimer timer(seconds.encode);
        encoder.encode(context.part(trained, 1.0, 1));
        return encoder;
    };
    // The range of the stored exponents follows from the largest scale, which is known at the end
    // only. Nearly always every scale fits; if not, the weights are coded again with the range
    // given.
    auto encoder = run(ScaleFormat(m_settings.halfScales));
    const ScaleFormat format(m_settings.halfScales,
                             ScaleFormat::baseFor(m_settings.halfScales, encoder.scales()));
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    if (format.holds(encoder.scales())) {
        encoded.sections = encoder.takeSections(format);
    } else {
        encoded.sections = run(format).takeSections(format);
    }
    return encoded;
}

std::unique_ptr<CodeGrid> ScalarQuantizer::fitGrid(const TensorSource& weights,
                                                   const SideInformation& /*side*/,
                                                   const RunContext& context,
                                                   PhaseSeconds& seconds) const {
    const PhaseTimer timer(seconds.train);
    const auto fitted = [&](const ScaleFormat& format) {
        auto encoder = std::make_unique<ScalarEncoder>(m_settings, weights, format, context.stop());
        encoder->train(context.part(0.0, 0.5, 0));
        encoder->fitRows(context.part(0.5, 1.0, 1));
        return encoder;
    };
    auto encoder = fitted(ScaleFormat(m_settings.halfScales));
    // Scales that are fitted anew on the way may grow, so they get some room at the top.
    constexpr int headroom = 8;
    const bool isFixed = m_settings.granularity != Granularity::Group || m_settings.lloyd;
    const int base = ScaleFormat::baseFor(m_settings.halfScales, encoder->scales());
    const ScaleFormat format(m_settings.halfScales, isFixed ? base : base + headroom);
    if (!format.holds(encoder->scales())) encoder = fitted(format);
    return std::make_unique<ScalarGrid>(m_spec, m_settings, format, std::move(encoder));
}

}  // namespace quantscope::scalar
