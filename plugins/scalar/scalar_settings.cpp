// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_settings.h"

#include "core/base/error.h"

namespace quantscope::scalar {

namespace {

constexpr int maximumBits = 16;
constexpr int maximumTableBits = 8;
constexpr double maximumGroup = 1 << 20;

ParameterSpec bitsParameter() {
    ParameterSpec spec;
    spec.id = "bits";
    spec.label = "Bits per weight";
    spec.help = "Width of a code; 2^bits levels. Level tables (levels=lloyd) take up to 8 bits.";
    spec.unit = "bits";
    spec.type = ParameterType::Integer;
    spec.defaultValue = 4;
    spec.minimum = 1;
    spec.maximum = maximumBits;
    spec.step = 1;
    return spec;
}

ParameterSpec levelsParameter() {
    ParameterSpec spec;
    spec.id = "levels";
    spec.label = "Levels";
    spec.help =
        "Equal steps, or one table of levels for the whole tensor, trained on its scaled weights "
        "(Lloyd 1982, Max 1960).";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "uniform";
    spec.choices = {{"uniform", "Uniform"}, {"lloyd", "Trained table (Lloyd-Max)"}};
    return spec;
}

ParameterSpec schemeParameter() {
    ParameterSpec spec;
    spec.id = "scheme";
    spec.label = "Scheme";
    spec.help =
        "Symmetric: scale = max|w| / (2^(bits-1) - 1), zero is a level, and the lowest code is "
        "used by "
        "clipped ranges only. Asymmetric: from min(w, 0) to max(w, 0) with a zero point. Mid-rise: "
        "all "
        "2^bits levels at odd multiples of half a step. With 1 bit, symmetric and mid-rise have "
        "the "
        "levels +-mean|w|.";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "sym";
    spec.choices = {{"sym", "Symmetric (scale only)"},
                    {"asym", "Asymmetric (scale and zero point)"},
                    {"mid", "Mid-rise (scale only, no zero level)"}};
    spec.enabledIf = {{"levels", {"uniform"}}};
    return spec;
}

ParameterSpec granularityParameter() {
    ParameterSpec spec;
    spec.id = "granularity";
    spec.label = "Scale per";
    spec.help = "Which weights share a scale (and a zero point).";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "row";
    spec.choices = {{"tensor", "Tensor"},
                    {"row", "Row (output channel or vector)"},
                    {"column", "Column (input channel or dimension)"},
                    {"group", "Group of input channels in a row"}};
    return spec;
}

ParameterSpec groupParameter() {
    ParameterSpec spec;
    spec.id = "group";
    spec.label = "Group size";
    spec.help =
        "Consecutive input channels of a row that share a scale; the last group of a row may "
        "be shorter.";
    spec.unit = "channels";
    spec.type = ParameterType::Integer;
    spec.defaultValue = 32;
    spec.minimum = 1;
    spec.maximum = maximumGroup;
    spec.step = 16;
    spec.enabledIf = {{"granularity", {"group"}}};
    return spec;
}

ParameterSpec clipParameter() {
    ParameterSpec spec;
    spec.id = "clip";
    spec.label = "Clipping";
    spec.help =
        "None: the range covers every weight. Least squares: of 80 ranges, shrunk by 0 to 79%, the "
        "one "
        "with the least squared error; with a level table the scales are refitted in turn with it.";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "none";
    spec.choices = {{"none", "None (full range)"}, {"mse", "Least squared error"}};
    return spec;
}

ParameterSpec scaleParameter() {
    ParameterSpec spec;
    spec.id = "scale";
    spec.label = "Scale format";
    spec.help =
        "Number format of stored scales and level tables, relative to a power of two that is "
        "stored "
        "once. Scales are rounded before the weights are coded.";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "fp16";
    spec.choices = {{"fp16", "16-bit float"}, {"fp32", "32-bit float"}};
    spec.advanced = true;
    return spec;
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
