// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/alloc/greedy_allocation.h"
#include "core/base/matrix_view.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// How settings evolve.
struct EvolutionOptions {
    /// Offspring that are left are compared on so many samples.
    struct Step {
        int survivors = 1;
        Index samples = 1;
    };

    int generations = 60;
    int offspring = 16;
    /// A child differs from its parent by min(a, b) exchanges, a and b uniform in 1 .. this.
    int mostExchanges = 3;
    /// Selection, from many candidates on few samples to one on many; the last has one survivor.
    std::vector<Step> steps;

    /// Steps of about equal cost for `samples` samples: all offspring on a 16th of them, a quarter
    /// of the offspring on a quarter, two on all.
    static std::vector<Step> usualSteps(int offspring, Index samples);
};

/// What the search minimizes: the loss of every candidate (indices into the curves) on the same
/// samples, ascending numbers below EvolutionOptions' count. May take candidates in parallel. Not
/// finite counts as worse than anything finite.
using AllocationObjective = std::function<std::vector<double>(
    std::span<const std::vector<std::size_t>> candidates, std::span<const Index> samples)>;

/// What a search found.
struct EvolvedAllocation {
    Allocation allocation;        ///< `loss` is the sum over the curves.
    double startObjective = 0.0;  ///< Of the start, on all samples.
    double objective = 0.0;       ///< Of the allocation, on all samples; never above the start's.
    /// Objective of the parent after every generation, on the samples of the last step. Falls
    /// where that step takes all samples.
    std::vector<double> history;
};

/// Evolution strategy over settings within a hard budget (EvoPress: Sieberling, Kuznedelev,
/// Alistarh et al. 2024). Losses of a curve's points only order a part's settings; what counts is
/// the objective, which may know how parts interact. In each generation children are bred from one
/// parent: some parts are raised by a setting, others lowered until the budget holds, and what is
/// left is spent on raises that fit. Children are judged on few samples, drawn anew, those that
/// survive on more; the parent is replaced by the last survivor if that loses less on the same
/// samples. `samples` is how many there are. Random numbers are those of `context`; same result at
/// any thread count if the objective gives the same bits. Throws Error when the start is no
/// setting of every part, it exceeds the budget or options are out of range, Cancelled, and what
/// the objective throws.
EvolvedAllocation allocateByEvolution(std::span<const RateDistortionCurve> curves,
                                      std::uint64_t budget, std::span<const std::size_t> start,
                                      Index samples, const EvolutionOptions& options,
                                      const AllocationObjective& objective,
                                      const RunContext& context);

}  // namespace quantscope
