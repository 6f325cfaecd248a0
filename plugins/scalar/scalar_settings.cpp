// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_settings.h"

#include "core/base/error.h"

namespace quantscope::scalar {

namespace {

constexpr int maximumBits = 16;
constexpr int maximumTableBits = 8;
constexpr double maximumGroup = 1 << 20;

ParameterSpec bitsParameter() {
    return integerParameter(
        {"bits", "Bits per weight",
         "Width of a code; 2^bits levels. Level tables (levels=lloyd) take up to 8 bits.", "bits"},
        4, 1, maximumBits);
}

ParameterSpec levelsParameter() {
    return choiceParameter({"levels", "Levels",
                            "Equal steps, or one table of levels for the whole tensor, trained on "
                            "its scaled weights (Lloyd 1982, Max 1960)."},
                           "uniform",
                           {{"uniform", "Uniform"}, {"lloyd", "Trained table (Lloyd-Max)"}});
}

ParameterSpec schemeParameter() {
    return choiceParameter(
               {"scheme", "Scheme",
                "Symmetric: scale = max|w| / (2^(bits-1) - 1), zero is a level, and the lowest "
                "code is used by clipped ranges only. Asymmetric: from min(w, 0) to max(w, 0) with "
                "a zero point. Mid-rise: all 2^bits levels at odd multiples of half a step. With 1 "
                "bit, symmetric and mid-rise have the levels +-mean|w|."},
               "sym",
               {{"sym", "Symmetric (scale only)"},
                {"asym", "Asymmetric (scale and zero point)"},
                {"mid", "Mid-rise (scale only, no zero level)"}})
        .onlyWith("levels", {"uniform"});
}

ParameterSpec granularityParameter() {
    return choiceParameter(
        {"granularity", "Scale per", "Which weights share a scale (and a zero point)."}, "row",
        {{"tensor", "Tensor"},
         {"row", "Row (output channel or vector)"},
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

ParameterSpec scaleParameter() {
    return choiceParameter(
               {"scale", "Scale format",
                "Number format of stored scales and level tables, relative to a power of two that "
                "is stored once. Scales are rounded before the weights are coded."},
               "fp16", {{"fp16", "16-bit float"}, {"fp32", "32-bit float"}})
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
    unknownChoice("scheme", value);
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
    settings.lloyd = values.choice("levels") == "lloyd";
    settings.halfScales = values.choice("scale") == "fp16";
    if (settings.lloyd && settings.bits > maximumTableBits) {
        throw Error("A level table for " + std::to_string(settings.bits) + " bits would have " +
                        std::to_string(settings.levelCount()) +
                        " levels; at most 256 are possible.",
                    "Choose bits <= 8, or levels=uniform.");
    }
    return settings;
}

std::vector<ParameterSpec> scalarParameters() {
    return {bitsParameter(), schemeParameter(), granularityParameter(), groupParameter(),
            clipParameter(), levelsParameter(), scaleParameter()};
}

}  // namespace quantscope::scalar
