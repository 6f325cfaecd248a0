// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/plan_output.h"

#include <algorithm>

#include "app/cli/text_table.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/run/run_pace.h"

namespace quantscope {

namespace {

Json trialJson(const Trial& trial, bool done, std::uint64_t budget) {
    Json json{{"tensor", trial.tensor}, {"method", trial.methodText}, {"recorded", done}};
    const Preflight& preflight = trial.preflight;
    if (!preflight.refusal.empty()) {
        json["refusal"] = preflight.refusal;
        return json;
    }
    const Index weights = trial.rows * trial.cols;
    json["bits_per_weight"] = preflight.rate.bitsPerWeight(weights);
    for (const RatePart part : allRateParts) {
        json["rate"][std::string(ratePartName(part))] = preflight.rate.bitsPerWeight(part, weights);
    }
    json["memory_bytes"] = trial.bytes;
    json["over_budget"] = trial.bytes > budget;
    if (preflight.expectedGain) json["expected_gain"] = *preflight.expectedGain;
    json["warnings"] = preflight.warnings;
    return json;
}

std::vector<const Trial*> trialsToRun(const Plan& plan, const std::set<std::string>& done) {
    std::vector<const Trial*> trials = runnableTrials(plan);
    std::erase_if(trials, [&](const Trial* trial) { return done.contains(trial->id); });
    return trials;
}

}  // namespace

Json planJson(const Plan& plan, const std::set<std::string>& done, std::uint64_t budget) {
    Json trials = Json::array();
    for (const Trial& trial : plan.trials)
        trials.push_back(trialJson(trial, done.contains(trial.id), budget));
    return {{"run", plan.run.runId},
            {"trials", trials},
            {"peak_memory_bytes", plan.peakBytes},
            {"memory_budget_bytes", budget},
            {"artifact_bytes", plan.artifactBytes},
            {"duration", roughDuration(trialsToRun(plan, done))},
            {"remarks", plan.remarks}};
}

void printPlan(const Plan& plan, const std::set<std::string>& done, std::ostream& out) {
    using Align = TextTable::Align;
    TextTable table;
    table.addColumn("tensor", Align::Left, TextTable::widestName);
    table.addColumn("rows x columns", Align::Right);
    table.addColumn("method", Align::Left);
    table.addColumn("bits/weight", Align::Right);
    table.addColumn("memory", Align::Right);
    std::vector<std::string> remarks;
    std::set<std::string> said;
    std::size_t refused = 0;
    for (const Trial& trial : plan.trials) {
        const bool refuses = !trial.preflight.refusal.empty();
        const std::string size = std::to_string(trial.rows) + "x" + std::to_string(trial.cols);
        const std::string rate =
            refuses
                ? "refused"
                : formatSignificant(trial.preflight.rate.bitsPerWeight(trial.rows * trial.cols), 4);
        table.addRow(
            {trial.tensor, size, trial.methodText, rate, refuses ? "" : formatBytes(trial.bytes)});
        if (refuses && !done.contains(trial.id)) ++refused;
        std::vector<std::string> texts = trial.preflight.warnings;
        if (refuses) texts.push_back(trial.preflight.refusal);
        for (const std::string& text : texts) {
            if (said.insert(text).second) {
                remarks.push_back(trial.tensor + ", " + trial.methodText + ": " + text);
            }
        }
    }
    table.print(out);
    const std::vector<const Trial*> left = trialsToRun(plan, done);
    out << '\n' << left.size() << " trials to run";
    if (!done.empty()) out << ", " << done.size() << " recorded already";
    if (refused > 0) out << ", " << refused << " refused";
    out << "; " << roughDuration(left) << " to run, up to " << formatBytes(plan.peakBytes)
        << " of memory for one trial, " << formatBytes(plan.artifactBytes) << " of artifacts\n";
    for (const std::string& remark : remarks)
        out << "warning: " << printableText(remark) << '\n';
}

}  // namespace quantscope
