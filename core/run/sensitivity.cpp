// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/sensitivity.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

const TensorOption& nearestOption(const TensorChoices& choices, double bitsPerWeight) {
    const auto distance = [&](const TensorOption& option) {
        return std::abs(static_cast<double>(option.bits) / static_cast<double>(choices.weights) -
                        bitsPerWeight);
    };
    return *std::ranges::min_element(choices.options, std::less(), distance);
}

}  // namespace

std::map<std::string, double> measureSensitivities(const LanguageModel& model,
                                                   const std::vector<TensorChoices>& choices,
                                                   const std::filesystem::path& folder,
                                                   double bitsPerWeight, const TokenRows& tokens,
                                                   const MethodRegistry& registry,
                                                   const RunContext& context) {
    // As long as about one tensor takes.
    const double referred = 1.0 / static_cast<double>(choices.size() + 1);
    const ForwardPass pass(model);
    const ReferenceStates reference(pass, tokens, ReferenceStates::usualMemory(),
                                    context.part(0.0, referred, 0));
    std::map<std::string, double> sensitivities;
    double done = 0.0;
    for (const TensorChoices& tensor : choices) {
        const TensorOption& option = nearestOption(tensor, bitsPerWeight);
        LanguageModel changed = model;
        overrideTensors(changed, ResultStore::artifactPath(folder, option.trialId), registry, {},
                        context);
        const double from = referred * ++done;
        const double to = referred * (done + 1.0);
        const Evaluation result =
            evaluate(ForwardPass(std::move(changed)), reference, context.part(from, to, 0));
        // A tensor that loses nothing needs no weight.
        sensitivities[tensor.tensor] =
            option.loss > 0.0 ? std::max(0.0, result.divergence) / option.loss : 0.0;
    }
    return sensitivities;
}

}  // namespace quantscope
