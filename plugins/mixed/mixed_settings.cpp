// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_settings.h"

#include "core/base/error.h"

namespace quantscope::mixed {

namespace {

constexpr int largestBits = 16;

ParameterSpec bitsParameter() {
    return realParameter({"bits", "Mean bits",
                          "Mean of the base's bits over all input channels; a budget that is never "
                          "exceeded. Scales and the bit map come on top.",
                          "bits"},
                         3.0, 0.0, largestBits, 0.25);
}

ParameterSpec baseParameter() {
    return methodParameter(
        {"base", "Base method",
         "The quantizer that codes the columns; any method with a whole-numbered parameter 'bits', "
         "which is set for each group of columns."},
        "scalar");
}

ParameterSpec ruleParameter() {
    return choiceParameter(
        {"rule", "Rule",
         "Equal loss: the closed form R = mean + 1/2 log2(c / GM(c)), with c measured by one run "
         "of the base at the mean (BAQ 2025). Water-filling: the same with bounds and with c the "
         "energy of a column, for bases that scale each column. Measured: least loss over runs of "
         "the base at every number of bits. The Hessian's diagonal weighs all of them."},
        "baq",
        {{"baq", "Equal loss (BAQ)"},
         {"waterfill", "Reverse water-filling"},
         {"measured", "Measured at every number of bits"}});
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
        integerParameter({"group", "Group size",
                          "Consecutive input channels that get the same number of bits; the last "
                          "group may be smaller.",
                          "channels"},
                         16, 1, 1 << 20),
        ruleParameter(),
        integerParameter(
            {"min", "Fewest bits",
             "Least number of bits of a group; with 0, groups may be left out and decode to zero.",
             "bits"},
            1, 0, largestBits),
        integerParameter({"max", "Most bits", "Largest number of bits of a group.", "bits"}, 8, 1,
                         largestBits)};
}

}  // namespace quantscope::mixed
