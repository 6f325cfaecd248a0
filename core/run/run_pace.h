// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/run/planner.h"

namespace quantscope {

/// How fast trials of each kind of method ran on this machine. A kind is a method's id, with that
/// of the method it works over: "rvq", "gptq/e8".
class RunPace {
public:
    /// From trials that one run finished side by side in `seconds`, by the clock: each kind gets
    /// the part of that time that its trials took of all trials' time. `ran` says which trials of
    /// the plan ran; their records are in `records`, in the same order.
    static RunPace measured(const std::vector<const Trial*>& ran,
                            const std::vector<TrialRecord>& records, double seconds);

    /// Takes over what is newer.
    void update(const RunPace& newer);
    /// How long these trials will take together, in seconds; nothing unless every kind among them
    /// was measured.
    std::optional<double> seconds(const std::vector<const Trial*>& trials) const;

    Json toJson() const;
    /// Leaves out what it does not understand: at worst a pace is measured anew.
    static RunPace fromJson(const Json& json);

private:
    std::map<std::string, double> m_secondsPerWork;
};

/// What is honest to say of the time that trials take when nothing was measured: "seconds",
/// "minutes" or "hours", from the work that their quantizers expect.
std::string_view roughDuration(const std::vector<const Trial*>& trials);

/// The trials of a plan that can run.
std::vector<const Trial*> runnableTrials(const Plan& plan);

}  // namespace quantscope
