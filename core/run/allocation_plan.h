// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/run/tensor_choices.h"

namespace quantscope {

/// How settings are chosen under a budget.
enum class Allocator {
    Exact,       ///< Least loss: dynamic programming with bounds.
    Lagrangian,  ///< One price per bit for all tensors.
    Greedy,      ///< Steps of the best gain per bit.
    ClosedForm,  ///< Equal loss of all tensors under loss ~ 2^(-2 bits) (BAQ), rounded down.
    Uniform,     ///< The best single method for all tensors.
    Ranking,     ///< The more important tensors get the dearer of two methods.
};

/// "exact", "lagrangian", "greedy", "baq", "uniform", "ranking". Throws Error with "did you mean"
/// otherwise.
Allocator parseAllocator(const std::string& text);
std::string allocatorText(Allocator allocator);

/// What the user asks of a plan.
struct AllocationRequest {
    double bitsPerWeight = 4.0;  ///< Of all tensors together, ledger total; never exceeded.
    Allocator allocator = Allocator::Exact;
    /// Tensors that match the glob (or are named so) get the method; the first match counts.
    std::vector<std::pair<std::string, std::string>> locks;
    /// Tensors that match any glob of an entry and lie in the same part of the model (names equal
    /// but for their last two parts: "model.layers.0.self_attn") get one method together.
    std::vector<std::vector<std::string>> ties;
    /// For Ranking, by tensor; see core/run/importance.h. Tensors that are not named are the least
    /// important ones.
    std::map<std::string, double> importance = {};
    std::string rankedBy = {};  ///< The name of that score, for the plan.
};

/// No plan fits into the budget, or none of the allocator that was asked for.
class BudgetTooSmall : public Error {
public:
    using Error::Error;
};

/// What one tensor gets, and why.
struct PlannedTensor {
    std::string tensor;
    Index weights = 0;
    TensorOption option;
    bool locked = false;
    /// Loss that the next better result would save, and that the next cheaper one would add, per
    /// bit; absent where there is none.
    std::optional<double> gainPerBit;
    std::optional<double> lossPerBit;
    Index cols = 0;  ///< Input channels; 0 in plans that do not say it.

    double bitsPerWeight() const {
        return static_cast<double>(option.bits) / static_cast<double>(weights);
    }
};

/// One method for all tensors, for comparison.
struct UniformBaseline {
    std::string method;
    double bitsPerWeight = 0.0;
    double loss = 0.0;
};

/// How a plan was searched for on the model's loss; see searchPlan.
struct PlanSearch {
    std::string objective;  ///< "divergence" (nats a token) or "perplexity".
    std::string tokens;     ///< The file of the token ids that judged; they chose this plan.
    std::string tokensFingerprint;
    Index predictions = 0;
    std::string startAllocator;
    /// What the start lowered, as lossMeasureText says it; empty in plans that do not say it.
    std::string startLoss;
    bool startWeighed = false;  ///< Its losses were weighed by measureSensitivities.
    double start = 0.0;         ///< Objective of the plan it started from, on these tokens.
    double result = 0.0;        ///< Objective of this plan, on these tokens.
    int generations = 0;
    int offspring = 0;
    std::uint64_t seed = 0;

    bool operator==(const PlanSearch&) const = default;
};

/// Settings for all tensors of a run within a budget.
struct AllocationPlan {
    static constexpr int currentVersion = 1;

    std::string run;     ///< Id of the run.
    std::string folder;  ///< Its result folder.
    std::string allocator;
    double requestedBitsPerWeight = 0.0;
    double achievedBitsPerWeight = 0.0;
    double loss = 0.0;
    double bound = 0.0;      ///< No plan within the budget loses less.
    bool isOptimal = false;  ///< The loss is known to be the least possible.
    std::vector<PlannedTensor> tensors;
    std::vector<UniformBaseline> baselines;  ///< Methods that every tensor has, by bits.
    std::vector<std::string> remarks;        ///< Why bits are left over, for example.
    std::optional<PlanSearch> search;        ///< Of plans that were searched for.

    Json toJson() const;
    /// Throws Error when an entry is missing or of the wrong type, or the version is a newer one.
    static AllocationPlan fromJson(const Json& json);
};

/// Throws Error when a lock or tie matches nothing or names a method that was not measured, and
/// BudgetTooSmall.
AllocationPlan planAllocation(const std::vector<TensorChoices>& choices,
                              const AllocationRequest& request);

}  // namespace quantscope
