// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_settings.h"

#include <cmath>

#include "core/base/error.h"

namespace quantscope::scalar {

namespace {

constexpr int maximumBits = 16;
constexpr int maximumTableBits = 8;
constexpr double maximumGroup = 1 << 20;

ParameterSpec bitsParameter() {
    return integerParameter(
        {"bits", "Code width", "Width of a code; 2^bits levels. Level tables take up to 8 bits.",
         "bits"},
        4, 1, maximumBits);
}

ParameterSpec levelsParameter() {
    return choiceParameter({"levels", "Levels",
                            "Equal steps, or one table of levels for the whole tensor, trained on "
                            "its scaled weights: by Lloyd's iteration from a good start (Lloyd "
                            "1982, Max 1960), or the best there is, by dynamic programming (Wu "
                            "1991), which takes seconds. Both see the weights as a histogram with "
                            "cells no wider than 1/2048 of their place."},
                           "uniform",
                           {{"uniform", "Uniform"},
                            {"lloyd", "Trained table (Lloyd-Max)"},
                            {"exact", "Best table (dynamic programming)"}});
}

ParameterSpec schemeParameter() {
    return choiceParameter(
               {"scheme", "Scheme",
                "Symmetric: scale = max|w| / (2^(bits-1) - 1), zero is a level, and the lowest "
                "code is used by clipped ranges only. Asymmetric: from min(w, 0) to max(w, 0) with "
                "a zero point. Mid-rise: all 2^bits levels at odd multiples of half a step. Range: "
                "from min(w) to max(w), with a zero point that is a number and no code, as usual "
                "for embeddings (with center in front and a scale per row: LVQ, Aguerrebere et "
                "al. 2023). With 1 bit, symmetric and mid-rise have the levels +-mean|w|."},
               "sym",
               {{"sym", "Symmetric (scale only)"},
                {"asym", "Asymmetric (scale and zero point)"},
                {"mid", "Mid-rise (scale only, no zero level)"},
                {"range", "Range (scale and real zero point)"}})
        .onlyWith("levels", {"uniform"});
}

ParameterSpec granularityParameter() {
    return choiceParameter(
        {"granularity", "Scale per", "Which weights share a scale (and a zero point)."}, "row",
        {{"tensor", "Tensor"},
         {"row", "Row (output channel)"},
         {"column", "Column (input channel or dimension)"},
         {"group", "Group of input channels in a row"}});
}

ParameterSpec groupParameter() {
    return integerParameter({"group", "Group size",
                             "Consecutive input channels of a row that share a scale; the last "
                             "group of a row may be shorter.",
                             "channels"},
                            32, 1, maximumGroup, 16)
        .onlyWith("granularity", {"group"});
}

ParameterSpec clipParameter() {
    return choiceParameter({"clip", "Clipping",
                            "None: the range covers every weight. Least squares: of 80 ranges, "
                            "shrunk by 0 to 79%, the one with the least squared error; with a "
                            "level table the scales are refitted in turn with it."},
                           "none", {{"none", "None (full range)"}, {"mse", "Least squared error"}});
}

ParameterSpec importanceParameter() {
    return booleanParameter(
        {"importance", "Weigh by importance",
         "Weighs the squared errors of an input channel with the Hessian's diagonal, where one is "
         "given: in the clip search, in level tables and in their scales (KVQuant 2024)."},
        false);
}

ParameterSpec nestedParameter() {
    return integerParameter(
               {"nested", "View of a wider code",
                "0: codes are rounded once. Else: the weights are coded with this many bits, and "
                "the "
                "codes are rounded again to those that are stored, as when an 8-bit tensor is read "
                "at 4 bits (Double Rounding 2025).",
                "bits"},
               0, 0, maximumBits)
        .onlyWith("levels", {"uniform"})
        .onlyWith("scheme", {"sym"})
        .foldedAway();
}

ParameterSpec scaleParameter() {
    return choiceParameter(
               {"scale", "Scale format",
                "Number format of stored scales and level tables, relative to a power of two that "
                "is stored once. Scales are rounded before the weights are coded. 8-bit floats "
                "have 4 bits of exponent, 4 of mantissa and no sign; level tables stay at 16 bits "
                "with them. Zero points of scheme=range are 16-bit floats, or 32-bit ones with "
                "fp32 or more than 8 bits per weight."},
               "fp16", {{"fp8", "8-bit float"}, {"fp16", "16-bit float"}, {"fp32", "32-bit float"}})
        .foldedAway();
}

[[noreturn]] void unknownChoice(const std::string& name, const std::string& value) {
    throw Error("The parameter '" + name + "' of scalar cannot be " + value + ".",
                "The artifact is damaged or was written by another version; quantize again.");
}

Scheme schemeFrom(const std::string& value) {
    if (value == "sym") return Scheme::Symmetric;
    if (value == "asym") return Scheme::Asymmetric;
    if (value == "mid") return Scheme::MidRise;
    if (value == "range") return Scheme::Range;
    unknownChoice("scheme", value);
}

Levels levelsFrom(const std::string& value) {
    if (value == "uniform") return Levels::Uniform;
    if (value == "lloyd") return Levels::Lloyd;
    if (value == "exact") return Levels::Optimal;
    unknownChoice("levels", value);
}

ScaleType scaleFrom(const std::string& value) {
    if (value == "fp8") return ScaleType::Byte;
    if (value == "fp16") return ScaleType::Half;
    if (value == "fp32") return ScaleType::Single;
    unknownChoice("scale", value);
}

int nestedFrom(std::int64_t nested, std::int64_t bits) {
    if (nested < 0 || nested > maximumBits) unknownChoice("nested", std::to_string(nested));
    if (nested == 0) return 0;
    if (bits < 2 || nested <= bits) {
        throw Error("Codes of " + std::to_string(bits) + " bits cannot be a view of codes of " +
                        std::to_string(nested) + " bits.",
                    "Choose bits >= 2 and nested > bits, or nested=0.");
    }
    return static_cast<int>(nested);
}

Granularity granularityFrom(const std::string& value) {
    if (value == "tensor") return Granularity::Tensor;
    if (value == "row") return Granularity::Row;
    if (value == "column") return Granularity::Column;
    if (value == "group") return Granularity::Group;
    unknownChoice("granularity", value);
}

}  // namespace

ScalarSettings ScalarSettings::from(const ParameterValues& values) {
    ScalarSettings settings;
    const std::int64_t bits = values.integer("bits");
    if (bits < 1 || bits > maximumBits) unknownChoice("bits", std::to_string(bits));
    settings.bits = static_cast<int>(bits);
    settings.scheme = schemeFrom(values.choice("scheme"));
    settings.granularity = granularityFrom(values.choice("granularity"));
    settings.group = values.integer("group");
    if (settings.group < 1) unknownChoice("group", std::to_string(settings.group));
    settings.minimizeError = values.choice("clip") == "mse";
    settings.importance = values.boolean("importance");
    settings.levels = levelsFrom(values.choice("levels"));
    settings.scale = scaleFrom(values.choice("scale"));
    if (!settings.hasTable() && settings.scheme == Scheme::Symmetric) {
        settings.nestedBits = nestedFrom(values.integer("nested"), bits);
    }
    if (settings.hasTable() && settings.bits > maximumTableBits) {
        throw Error("A level table for " + std::to_string(settings.bits) + " bits would have " +
                        std::to_string(settings.levelCount()) +
                        " levels; at most 256 are possible.",
                    "Choose bits <= 8, or levels=uniform.");
    }
    return settings;
}

int ScalarSettings::zeroBits() const {
    if (hasTable()) return 0;
    if (scheme == Scheme::Asymmetric) return bits;
    if (scheme != Scheme::Range) return 0;
    constexpr int mostBitsForHalf = 8;
    return scale != ScaleType::Single && bits <= mostBitsForHalf ? 16 : 32;
}

ScalarSettings ScalarSettings::wide() const {
    ScalarSettings wider = *this;
    if (nestedBits > 0) wider.bits = nestedBits;
    wider.nestedBits = 0;
    return wider;
}

double ScalarSettings::nestedFactor() const {
    return nestedBits > 0 ? std::exp2(nestedBits - bits) : 1.0;
}

std::vector<ParameterSpec> scalarParameters() {
    return {bitsParameter(),       schemeParameter(), granularityParameter(),
            groupParameter(),      clipParameter(),   levelsParameter(),
            importanceParameter(), nestedParameter(), scaleParameter()};
}

}  // namespace quantscope::scalar
