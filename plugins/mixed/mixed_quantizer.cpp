// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_quantizer.h"

#include <algorithm>
#include <cmath>

#include "core/alloc/closed_form.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "plugins/mixed/column_losses.h"
#include "plugins/mixed/mixed_grid.h"

namespace quantscope::mixed {

namespace {

const ParameterSpec& bitsParameterOf(const std::vector<ParameterSpec>& schema,
                                     const std::string& baseId) {
    const auto found = std::ranges::find(schema, "bits", &ParameterSpec::id);
    if (found == schema.end() || found->type != ParameterType::Integer) {
        throw Error("The method " + baseId +
                        " cannot be the base of mixed: it has no whole-numbered parameter 'bits'.",
                    "Choose another base, for example base=scalar.");
    }
    return *found;
}

/// Sums of `perColumn` x `weights` over each group.
std::vector<double> groupSums(const MixedSettings& settings, const std::vector<double>& perColumn,
                              const std::vector<double>& weights) {
    std::vector<double> sums(
        static_cast<std::size_t>(settings.groupCount(static_cast<Index>(perColumn.size()))));
    for (std::size_t c = 0; c < perColumn.size(); ++c) {
        sums[c / static_cast<std::size_t>(settings.group)] += perColumn[c] * weights[c];
    }
    return sums;
}

std::vector<Index> groupSizes(const MixedSettings& settings, Index cols) {
    std::vector<Index> sizes;
    for (Index first = 0; first < cols; first += settings.group) {
        sizes.push_back(std::min(settings.group, cols - first));
    }
    return sizes;
}

/// The option with the most bits that are not above `bits`; the first if all are.
std::size_t optionBelow(const std::vector<int>& options, double bits) {
    const auto above = std::upper_bound(options.begin(), options.end(), bits);
    return above == options.begin() ? 0 : static_cast<std::size_t>(above - options.begin()) - 1;
}

/// Curves loss = c x 4^-bits, and where the closed form would start.
std::vector<RateDistortionCurve> modelCurves(const PartLosses& parts,
                                             const std::vector<int>& options,
                                             const std::stop_token& stop) {
    constexpr std::size_t partsPerCheck = 4096;
    std::vector<RateDistortionCurve> curves;
    for (std::size_t j = 0; j < parts.sizes.size(); ++j) {
        if (j % partsPerCheck == 0) throwIfStopped(stop);
        RateDistortionCurve& curve = curves.emplace_back();
        for (const int bits : options) {
            curve.push_back({static_cast<std::uint64_t>(parts.sizes[j] * bits),
                             static_cast<double>(parts.sizes[j]) * parts.coefficients[j] *
                                 std::exp2(-2.0 * bits)});
        }
    }
    return curves;
}

/// Whether a base has a grid whose codes stand for weights of one channel on any tensor: columns of
/// a part are no neighbours.
bool codesSingleChannels(const Quantizer& base) {
    // Slices of rows get longer with them.
    constexpr Index manyColumns = Index{1} << 24;
    return base.hasGrid() && base.channelsPerCode(manyColumns) == 1;
}

}  // namespace

std::string partPrefix(int bits) {
    return std::to_string(bits) + " bits/";
}

/// Numbers of bits that a group may have on a tensor of one shape.
struct MixedQuantizer::Choices {
    std::vector<int> options;  ///< Ascending; 0 leaves a group out.
    std::vector<std::string> remarks;
    std::string refusal;
    /// What a number of bits costs besides its codes (scales of its own), over all weights.
    double overhead = 0.0;
};

MixedQuantizer::MixedQuantizer(MethodSpec spec, const MethodRegistry& registry)
    : m_spec(std::move(spec)),
      m_settings(MixedSettings::from(ParameterValues(m_spec.parameters))),
      m_registry(registry) {
    const std::string& baseId = m_settings.base.id;
    const std::vector<ParameterSpec> schema = registry.method(baseId).parameters();
    const ParameterSpec& bits = bitsParameterOf(schema, baseId);
    m_baseBitsGiven =
        m_settings.base.parameters.value("bits", bits.defaultValue) != bits.defaultValue;
    const int lowest = std::max(m_settings.minimum, static_cast<int>(bits.minimum.value_or(1)));
    const int highest =
        std::min(m_settings.maximum, static_cast<int>(bits.maximum.value_or(m_settings.maximum)));
    for (int width = std::max(lowest, 1); width <= highest; ++width) {
        MethodSpec base = m_settings.base;
        base.parameters["bits"] = width;
        m_bases[width] = registry.quantizer(base);
    }
    if (m_bases.empty()) {
        throw Error("The base " + baseId + " offers no number of bits from " +
                        std::to_string(m_settings.minimum) + " to " +
                        std::to_string(m_settings.maximum) + ".",
                    "Change min and max.");
    }
}

MixedQuantizer::Choices MixedQuantizer::choicesFor(Index rows, Index cols,
                                                   const SideInformation& side) const {
    Choices choices;
    if (m_settings.minimum == 0) choices.options.push_back(0);
    std::string lastRefusal;
    for (const auto& [bits, base] : m_bases) {
        const Preflight judged = base->preflight(rows, cols, side);
        if (!judged.refusal.empty()) {
            lastRefusal = judged.refusal;
            choices.remarks.push_back("No group gets " + std::to_string(bits) +
                                      " bits: " + judged.refusal);
            continue;
        }
        // The budget counts what the base's number of bits says; it has to cost that.
        const double coded = judged.rate.bitsPerWeight(RatePart::Codes, rows * cols);
        if (!judged.rateIsExact || coded != bits) {
            choices.refusal =
                "Its bits are a budget per weight, but with bits=" + std::to_string(bits) +
                " the codes of " + m_settings.base.id + " take " + formatSignificant(coded) +
                " bits per weight of this tensor. Choose a base that codes every "
                "weight on its own, for example base=scalar.";
            return choices;
        }
        choices.options.push_back(bits);
        const double perWeight = judged.rate.bitsPerWeight(rows * cols);
        choices.overhead = std::max(choices.overhead, perWeight - coded);
    }
    if (choices.options.empty() || choices.options.back() == 0) {
        choices.refusal = lastRefusal;
    } else if (m_settings.bits < choices.options.front()) {
        choices.refusal = "A mean of " + formatNumber(m_settings.bits) +
                          " bits is below the fewest bits that a group can have (" +
                          std::to_string(choices.options.front()) + "). Raise bits or lower min.";
    } else if (m_settings.bits > choices.options.back()) {
        choices.remarks.push_back("A mean of " + formatNumber(m_settings.bits) +
                                  " bits is above the most bits that a group can have (" +
                                  std::to_string(choices.options.back()) +
                                  "); part of it is not used.");
    }
    return choices;
}

Preflight MixedQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    if (side.hessian && side.hessian->size != cols) {
        result.refusal = "The Hessian is for " + std::to_string(side.hessian->size) +
                         " input channels, but the tensor has " + std::to_string(cols) +
                         ". Choose the Hessian that belongs to it, or change the folding.";
        return result;
    }
    const Choices choices = choicesFor(rows, cols, side);
    result.refusal = choices.refusal;
    if (!result.refusal.empty()) return result;
    result.warnings = choices.remarks;
    if (!side.hessian) {
        result.warnings.push_back(
            "No Hessian is given, so an error counts the same in every input channel and the bits "
            "follow "
            "the weights alone.");
    }
    constexpr double noticedOverhead = 0.05;
    if (choices.overhead >= noticedOverhead) {
        result.warnings.push_back(
            "Every number of bits that groups get brings scales of its own: " +
            formatSignificant(choices.overhead) +
            " bits per weight each with this base, on top of the mean. A narrower range from min "
            "to max has fewer of them.");
    }
    if (m_baseBitsGiven) {
        result.warnings.push_back("The base's own bits are ignored: mixed sets them.");
    }
    // The cost depends on how the groups fall; the two numbers of bits around the mean are a fair
    // guess.
    const std::size_t lower = optionBelow(choices.options, m_settings.bits);
    const std::size_t upper = std::min(lower + 1, choices.options.size() - 1);
    const int low = choices.options[lower];
    const int high = choices.options[upper];
    const double share =
        low < high ? std::clamp((m_settings.bits - low) / (high - low), 0.0, 1.0) : 0.0;
    // Groups are given bits as a whole.
    const auto wanted = static_cast<Index>(std::floor(share * static_cast<double>(cols)));
    const Index highColumns = wanted / m_settings.group * m_settings.group;
    for (const auto& [bits, columns] : {std::pair{low, cols - highColumns}, {high, highColumns}}) {
        if (bits == 0 || columns == 0) continue;
        const Preflight part = m_bases.at(bits)->preflight(rows, columns, {});
        result.rate += part.rate;
        result.workingBytes = std::max(result.workingBytes, part.workingBytes);
        result.multiplyAdds += part.multiplyAdds;
    }
    result.rateIsExact = false;
    const std::uint64_t mapBits = BitMap::bitCount(m_settings, cols);
    result.rate[RatePart::Scales] += mapBits;
    result.rate[RatePart::Padding] += (8 - mapBits % 8) % 8;
    result.workingBytes += result.rate.totalBits() / 8;
    const double runs = m_settings.rule == Rule::Measured
                            ? 1.0 + static_cast<double>(choices.options.size())
                            : (m_settings.rule == Rule::EqualLoss ? 2.0 : 1.0);
    // The losses of the columns are summed over all weights, whatever the base does.
    result.multiplyAdds =
        runs * (result.multiplyAdds + static_cast<double>(rows) * static_cast<double>(cols));
    return result;
}

std::vector<double> MixedQuantizer::errorsAt(int bits, const TensorSource& weights,
                                             const SideInformation& side,
                                             const RunContext& context) const {
    if (bits == 0) return columnErrors(weights, nullptr, context.stop());
    PhaseSeconds ignored;
    auto encoded = std::make_shared<const EncodedTensor>(
        m_bases.at(bits)->quantize(weights, side, context.withoutObjectives(), ignored));
    return columnErrors(weights, m_registry.decoder(std::move(encoded)).get(), context.stop());
}

BitMap MixedQuantizer::allocate(const TensorSource& weights, const SideInformation& side,
                                const Choices& choices, const RunContext& context) const {
    const Index cols = weights.cols();
    const std::vector<int>& options = choices.options;
    const std::vector<double> importance = columnWeights(side, cols);
    std::vector<RateDistortionCurve> curves;
    std::vector<std::size_t> start;
    if (m_settings.rule == Rule::Measured) {
        curves.resize(static_cast<std::size_t>(m_settings.groupCount(cols)));
        const std::vector<Index> sizes = groupSizes(m_settings, cols);
        for (std::size_t i = 0; i < options.size(); ++i) {
            const auto runs = static_cast<double>(options.size());
            const RunContext run =
                context.part(static_cast<double>(i) / runs, static_cast<double>(i + 1) / runs, i);
            const std::vector<double> losses =
                groupSums(m_settings, errorsAt(options[i], weights, side, run), importance);
            for (std::size_t g = 0; g < losses.size(); ++g) {
                curves[g].push_back({static_cast<std::uint64_t>(sizes[g] * options[i]), losses[g]});
            }
        }
    } else {
        const bool measure = m_settings.rule == Rule::EqualLoss;
        std::size_t probe = optionBelow(options, std::round(m_settings.bits));
        if (options[probe] == 0) ++probe;
        const int probed = measure ? options[probe] : 0;
        PartLosses parts{
            groupSums(m_settings, errorsAt(probed, weights, side, context), importance),
            groupSizes(m_settings, cols)};
        for (std::size_t g = 0; g < parts.sizes.size(); ++g) {
            parts.coefficients[g] *= std::exp2(2.0 * probed) / static_cast<double>(parts.sizes[g]);
        }
        const std::vector<double> ideal =
            measure ? equalLossBits(parts, m_settings.bits)
                    : waterFillingBits(parts, m_settings.bits, options.front(), options.back());
        for (const double bits : ideal)
            start.push_back(optionBelow(options, bits));
        curves = modelCurves(parts, options, context.stop());
    }
    // A budget like 2.3 x 10 is meant to hold 23 bits although the product is 22.999...
    const auto budget =
        static_cast<std::uint64_t>(std::floor(m_settings.bits * static_cast<double>(cols) + 1e-9));
    const Allocation allocation = allocateGreedily(curves, budget, start, context.stop());
    std::vector<int> bits;
    for (const std::size_t choice : allocation.choices)
        bits.push_back(options[choice]);
    return {m_settings, cols, std::move(bits)};
}

void appendPart(EncodedTensor& encoded, int bits, EncodedTensor part) {
    for (Section& section : part.sections) {
        section.name = partPrefix(bits) + section.name;
        encoded.sections.push_back(std::move(section));
    }
    encoded.header["parts"][std::to_string(bits)] = std::move(part.header);
}

void MixedQuantizer::refuseUnfit(int bits, const TensorSource& part,
                                 const SideInformation& side) const {
    const std::string refusal = m_bases.at(bits)->preflight(part.rows(), part.cols(), side).refusal;
    if (refusal.empty()) return;
    throw Error("The " + std::to_string(part.cols()) + " columns with " + std::to_string(bits) +
                    " bits cannot be quantized on their own: " + refusal,
                "Choose a larger group, or a smaller range from min to max.");
}

void MixedQuantizer::addPart(int bits, const std::vector<Index>& columns,
                             const TensorSource& weights, const SideInformation& side,
                             const RunContext& context, PhaseSeconds& seconds,
                             EncodedTensor& encoded) const {
    const ColumnSource part(weights, columns);
    const SideInformation partSide = sideOfColumns(side, columns);
    refuseUnfit(bits, part, partSide);
    const RunContext named = context.withSeries(std::to_string(bits) + " bits");
    appendPart(encoded, bits, m_bases.at(bits)->quantize(part, partSide, named, seconds));
}

EncodedTensor MixedQuantizer::withMap(const TensorSource& weights, const BitMap& map) const {
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.header = Json{{"requested_bits", m_settings.bits},
                          {"achieved_bits", map.meanBits()},
                          {"parts", Json::object()}};
    encoded.sections.push_back(map.section(m_settings));
    return encoded;
}

EncodedTensor MixedQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                       const RunContext& context, PhaseSeconds& seconds) const {
    const Choices choices = choicesFor(weights.rows(), weights.cols(), side);
    const BitMap map = [&] {
        const PhaseTimer timer(seconds.train);
        return allocate(weights, side, choices, context.part(0.0, 0.5, 0));
    }();
    EncodedTensor encoded = withMap(weights, map);
    const bool hadAChoice = m_settings.groupCount(weights.cols()) > 1 &&
                            m_settings.bits > choices.options.front() &&
                            m_settings.bits < choices.options.back();
    if (hadAChoice && map.columns().size() == 1) {
        encoded.header["remarks"].push_back(
            "All groups got the same bits: their losses differ too little for another deal. "
            "Smaller "
            "groups differ more.");
    }
    double done = 0.0;
    for (const auto& [bits, columns] : map.columns()) {
        const double next =
            done + static_cast<double>(columns.size()) / static_cast<double>(weights.cols());
        const RunContext part =
            context.part(0.5 + done / 2.0, 0.5 + next / 2.0, static_cast<std::uint64_t>(bits) + 1);
        if (bits > 0) addPart(bits, columns, weights, side, part, seconds, encoded);
        done = next;
    }
    return encoded;
}

bool MixedQuantizer::hasGrid() const {
    return std::ranges::all_of(m_bases,
                               [](const auto& base) { return codesSingleChannels(*base.second); });
}

std::unique_ptr<CodeGrid> MixedQuantizer::fitGrid(const TensorSource& weights,
                                                  const SideInformation& side,
                                                  const RunContext& context,
                                                  PhaseSeconds& seconds) const {
    if (!hasGrid()) return nullptr;
    const Choices choices = choicesFor(weights.rows(), weights.cols(), side);
    if (!choices.refusal.empty()) throw Error(choices.refusal);
    const BitMap map = [&] {
        const PhaseTimer timer(seconds.train);
        return allocate(weights, side, choices, context.part(0.0, 0.5, 0));
    }();
    std::vector<MixedGrid::Part> parts;
    for (const auto& [bits, columns] : map.columns()) {
        MixedGrid::Part part{bits, columns, nullptr, nullptr};
        if (bits > 0) {
            auto source = std::make_unique<ColumnSource>(weights, columns);
            const SideInformation partSide = sideOfColumns(side, columns);
            refuseUnfit(bits, *source, partSide);
            part.grid = m_bases.at(bits)->fitGrid(
                *source, partSide, context.part(0.5, 1.0, static_cast<std::uint64_t>(bits) + 1),
                seconds);
            if (part.grid->columnsPerCode() != 1) {
                throw Error(
                    "The base method codes several columns together, which error feedback "
                    "over mixed precision cannot.",
                    "Choose a base that codes weights one by one, such as scalar.");
            }
            part.source = std::move(source);
        }
        parts.push_back(std::move(part));
    }
    return std::make_unique<MixedGrid>(withMap(weights, map), std::move(parts));
}

}  // namespace quantscope::mixed
