// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_settings.h"

#include "core/base/error.h"

namespace quantscope::mixed {

namespace {

constexpr int largestBits = 16;

ParameterSpec integerParameter(const std::string& id, const std::string& label,
                               const std::string& help, const std::string& unit, int defaultValue,
                               double minimum, double maximum) {
    ParameterSpec spec;
    spec.id = id;
    spec.label = label;
    spec.help = help;
    spec.unit = unit;
    spec.type = ParameterType::Integer;
    spec.defaultValue = defaultValue;
    spec.minimum = minimum;
    spec.maximum = maximum;
    spec.step = 1;
    return spec;
}

ParameterSpec bitsParameter() {
    ParameterSpec spec;
    spec.id = "bits";
    spec.label = "Mean bits";
    spec.help =
        "Mean of the base's bits over all input channels; a budget that is never exceeded. Scales "
        "and "
        "the bit map come on top.";
    spec.unit = "bits";
    spec.type = ParameterType::Real;
    spec.defaultValue = 3.0;
    spec.minimum = 0.0;
    spec.maximum = largestBits;
    spec.step = 0.25;
    return spec;
}

ParameterSpec baseParameter() {
    ParameterSpec spec;
    spec.id = "base";
    spec.label = "Base method";
    spec.help =
        "The quantizer that codes the columns; any method with a whole-numbered parameter "
        "'bits', which is set for each group of columns.";
    spec.type = ParameterType::Method;
    spec.defaultValue = "scalar";
    return spec;
}

ParameterSpec ruleParameter() {
    ParameterSpec spec;
    spec.id = "rule";
    spec.label = "Rule";
    spec.help =
        "Equal loss: the closed form R = mean + 1/2 log2(c / GM(c)), with c measured by one run of "
        "the "
        "base at the mean (BAQ 2025). Water-filling: the same with bounds and with c the energy of "
        "a "
        "column, for bases that scale each column. Measured: least loss over runs of the base at "
        "every number of bits. The Hessian's diagonal weighs all of them.";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "baq";
    spec.choices = {{"baq", "Equal loss (BAQ)"},
                    {"waterfill", "Reverse water-filling"},
                    {"measured", "Measured at every number of bits"}};
    return spec;
}

[[noreturn]] void damaged(const std::string& name) {
    throw Error("The parameter '" + name + "' of mixed has an impossible value.",
                "The artifact is damaged or was written by another version; quantize again.");
}

Rule ruleFrom(const std::string& value) {
    if (value == "baq") return Rule::EqualLoss;
    if (value == "waterfill") return Rule::WaterFilling;
    if (value == "measured") return Rule::Measured;
    damaged("rule");
}

}  // namespace

MixedSettings MixedSettings::from(const ParameterValues& values) {
    MixedSettings settings;
    settings.bits = values.real("bits");
    settings.base = values.method("base");
    settings.group = values.integer("group");
    settings.rule = ruleFrom(values.choice("rule"));
    const std::int64_t minimum = values.integer("min");
    const std::int64_t maximum = values.integer("max");
    if (settings.group < 1) damaged("group");
    if (minimum < 0 || minimum > largestBits) damaged("min");
    if (maximum < 1 || maximum > largestBits) damaged("max");
    settings.minimum = static_cast<int>(minimum);
    settings.maximum = static_cast<int>(maximum);
    if (minimum > maximum) {
        throw Error("The fewest bits of a group (min=" + std::to_string(minimum) +
                        ") are more than the most (max=" + std::to_string(maximum) + ").",
                    "Choose min <= max.");
    }
    return settings;
}

std::vector<ParameterSpec> mixedParameters() {
    return {
        bitsParameter(),
        baseParameter(),
        integerParameter("group", "Group size",
                         "Consecutive input channels that get the same number of bits; the last "
                         "group may be smaller.",
                         "channels", 16, 1, 1 << 20),
        ruleParameter(),
        integerParameter("min", "Fewest bits",
                         "Least number of bits of a group; with 0, groups may be left out and "
                         "decode to zero.",
                         "bits", 1, 0, largestBits),
        integerParameter("max", "Most bits", "Largest number of bits of a group.", "bits", 8, 1,
                         largestBits)};
}

}  // namespace quantscope::mixed
