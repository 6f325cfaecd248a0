// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/gptq/gptq_settings.h"

#include "core/base/error.h"

namespace quantscope::gptq {

namespace {

constexpr int mostPasses = 100;

ParameterSpec baseParameter() {
    return methodParameter(
        {"base", "Base method",
         "The method whose grid the weights are rounded to, with its parameters."},
        "scalar");
}

ParameterSpec orderParameter() {
    return choiceParameter({"order", "Order of channels",
                            "Which input channels are rounded first. Those with the largest inputs "
                            "first (act-order) is usually best, as the errors of early channels "
                            "can still be made up for; the reverse is worst."},
                           "act",
                           {{"act", "Largest inputs first (act-order)"},
                            {"natural", "As in the tensor"},
                            {"ascending", "Smallest inputs first"}});
}

ParameterSpec groupsParameter() {
    return choiceParameter(
               {"groups", "Scales of groups",
                "Fixed: fitted to the weights as they are. Refitted: when its first channel is "
                "reached, a group's scale is fitted to the weights with all feedback up to there; "
                "only in natural order. Automatic refits where it can. Counts for bases with "
                "scales per group."},
               "auto",
               {{"auto", "Automatic"}, {"fixed", "Fixed"}, {"refit", "Refitted on the way"}})
        .foldedAway();
}

ParameterSpec dampingParameter() {
    return realParameter({"damping", "Damping",
                          "Added to the diagonal of the Hessian, as a part of its mean. Raised "
                          "tenfold, and reported, until the Hessian can be factored."},
                         0.01, 0.0, 1.0, 0.01);
}

ParameterSpec descentParameter() {
    return integerParameter({"descent", "Descent passes",
                             "Passes of coordinate descent over all channels afterwards: each "
                             "code is chosen anew given all others, so the layer loss never rises.",
                             "passes"},
                            0, 0, mostPasses);
}

ParameterSpec roundsParameter() {
    return integerParameter(
        {"rounds", "Rounds of refitting",
         "Most rounds afterwards, each in two steps: scales, zero points or codewords by least "
         "squares on the layer loss with the codes fixed, then all codes anew by coordinate "
         "descent. A step counts only where the loss, measured with what is stored, falls; rounds "
         "end when they hardly gain.",
         "rounds"},
        0, 0, mostPasses);
}

[[noreturn]] void damaged(const std::string& name) {
    throw Error("The parameter '" + name + "' of gptq has an impossible value.",
                "The artifact is damaged or was written by another version; quantize again.");
}

ColumnOrder orderFrom(const std::string& value) {
    if (value == "act") return ColumnOrder::Descending;
    if (value == "natural") return ColumnOrder::Natural;
    if (value == "ascending") return ColumnOrder::Ascending;
    damaged("order");
}

GroupScales groupsFrom(const std::string& value) {
    if (value == "auto") return GroupScales::Automatic;
    if (value == "fixed") return GroupScales::Fixed;
    if (value == "refit") return GroupScales::Refitted;
    damaged("groups");
}

}  // namespace

GptqSettings GptqSettings::from(const ParameterValues& values) {
    GptqSettings settings;
    settings.base = values.method("base");
    settings.order = orderFrom(values.choice("order"));
    settings.groups = groupsFrom(values.choice("groups"));
    settings.damping = values.real("damping");
    const std::int64_t descent = values.integer("descent");
    if (!(settings.damping >= 0.0)) damaged("damping");
    if (descent < 0 || descent > mostPasses) damaged("descent");
    settings.descent = static_cast<int>(descent);
    const std::int64_t rounds = values.integer("rounds");
    if (rounds < 0 || rounds > mostPasses) damaged("rounds");
    settings.rounds = static_cast<int>(rounds);
    if (settings.groups == GroupScales::Refitted && settings.order != ColumnOrder::Natural) {
        throw Error("Groups cannot be refitted when channels are rounded out of their order.",
                    "Choose order=natural, or groups=fixed.");
    }
    return settings;
}

std::vector<ParameterSpec> gptqParameters() {
    return {baseParameter(),    orderParameter(),   groupsParameter(),
            dampingParameter(), descentParameter(), roundsParameter()};
}

}  // namespace quantscope::gptq
