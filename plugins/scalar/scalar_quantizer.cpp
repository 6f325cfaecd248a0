// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_quantizer.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/quant/packed_codes.h"
#include "plugins/scalar/scalar_encoder.h"
#include "plugins/scalar/scalar_grid.h"
#include "plugins/scalar/table_training.h"

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
    rate[RatePart::Scales] += ScaleFormat::bitCount(settings.scale, units);
    if (settings.zeroBits() > 0) {
        addPacked(RatePart::Scales, PackedCodes::bitCount(layout.unitCount(), settings.zeroBits()));
    }
    if (settings.hasTable()) {
        rate[RatePart::Codebooks] +=
            std::uint64_t{settings.levelCount()} * (settings.hasHalfTable() ? 16 : 32);
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
           (settings.hasTable() ? histogramBytes : 0) +
           (settings.levels == Levels::Optimal ? ScaledHistogram::searchBytes(settings.levelCount())
                                               : 0);
}

// Shares of the mean importance; empty where all channels count the same.
std::vector<float> importanceFrom(const ScalarSettings& settings, const SideInformation& side) {
    if (!settings.importance || !side.hessian) return {};
    const std::vector<double>& diagonal = side.hessian->diagonal;
    double sum = 0.0;
    for (const double value : diagonal)
        sum += std::max(value, 0.0);
    if (!(sum > 0.0) || !std::isfinite(sum)) return {};
    std::vector<float> shares;
    for (const double value : diagonal) {
        shares.push_back(
            static_cast<float>(std::max(value, 0.0) / sum * static_cast<double>(diagonal.size())));
    }
    return shares;
}

void remarkOnImportance(const ScalarSettings& settings, const SideInformation& side,
                        Preflight& result) {
    if (!settings.importance) return;
    if (!settings.hasTable() && !settings.minimizeError) {
        result.warnings.push_back(
            "importance=true has no effect here: it counts with clip=mse and with level tables.");
    } else if (!side.hessian) {
        result.warnings.push_back(
            "No Hessian is given, so all input channels count the same (importance=true).");
    }
}

}  // namespace

ScalarQuantizer::ScalarQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(ScalarSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight ScalarQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    if (m_settings.importance && side.hessian && side.hessian->size != cols) {
        result.refusal = "The Hessian is for " + std::to_string(side.hessian->size) +
                         " input channels, but the tensor has " + std::to_string(cols) +
                         ". Choose the Hessian that belongs to it, or change the folding.";
        return result;
    }
    const UnitLayout layout(m_settings, rows, cols);
    remarkOnImportance(m_settings, side, result);
    if (m_settings.granularity == Granularity::Group && m_settings.group >= cols) {
        result.warnings.push_back("A group of " + std::to_string(m_settings.group) +
                                  " channels covers whole rows of " + std::to_string(cols) +
                                  ", as granularity=row does.");
    }
    const auto weights = static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols);
    if (m_settings.hasTable() &&
        weights < std::uint64_t{weightsPerLevel} * m_settings.levelCount()) {
        result.warnings.push_back("The table has " + std::to_string(m_settings.levelCount()) +
                                  " levels for " + std::to_string(weights) +
                                  " weights, so it costs more than it saves.");
    }
    result.rate = exactRate(m_settings, layout);
    result.workingBytes = workingBytes(m_settings, layout);
    const bool searches = m_settings.minimizeError && !m_settings.hasTable();
    result.multiplyAdds =
        static_cast<double>(weights) * (searches ? 4.0 * ClipErrors::candidates : 8.0);
    if (m_settings.levels == Levels::Optimal) {
        // 16 halvings of at most 122,881 cells per level, once or with refitted scales five times.
        constexpr double stepsPerLevel = 16.0 * 122881.0 * 4.0;
        result.multiplyAdds +=
            stepsPerLevel * m_settings.levelCount() * (m_settings.minimizeError ? 5.0 : 1.0);
    }
    return result;
}

EncodedTensor ScalarQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                        const RunContext& context, PhaseSeconds& seconds) const {
    const auto run = [&](const ScaleFormat& format) {
        ScalarEncoder encoder(m_settings, weights, format, importanceFrom(m_settings, side),
                              context.stop());
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
    auto encoder = run(ScaleFormat(m_settings.scale));
    const ScaleFormat format(m_settings.scale,
                             ScaleFormat::baseFor(m_settings.scale, encoder.scales()));
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    if (format.holds(encoder.scales())) {
        encoded.sections = encoder.takeSections(format);
    } else {
        encoded.sections = run(format).takeSections(format);
    }
    return encoded;
}

std::unique_ptr<CodeGrid> ScalarQuantizer::fitGrid(const TensorSource& weights,
                                                   const SideInformation& side,
                                                   const RunContext& context,
                                                   PhaseSeconds& seconds) const {
    if (!hasGrid()) return nullptr;
    const PhaseTimer timer(seconds.train);
    const auto fitted = [&](const ScaleFormat& format) {
        auto encoder = std::make_unique<ScalarEncoder>(
            m_settings, weights, format, importanceFrom(m_settings, side), context.stop());
        encoder->train(context.part(0.0, 0.5, 0));
        encoder->fitRows(context.part(0.5, 1.0, 1));
        return encoder;
    };
    auto encoder = fitted(ScaleFormat(m_settings.scale));
    // Scales that are fitted anew on the way may grow, so they get some room at the top.
    constexpr int headroom = 8;
    const bool isFixed = m_settings.granularity != Granularity::Group || m_settings.hasTable();
    const int base = ScaleFormat::baseFor(m_settings.scale, encoder->scales());
    const ScaleFormat format(m_settings.scale, isFixed ? base : base + headroom);
    if (!format.holds(encoder->scales())) encoder = fitted(format);
    return std::make_unique<ScalarGrid>(m_spec, m_settings, format, std::move(encoder));
}

}  // namespace quantscope::scalar
