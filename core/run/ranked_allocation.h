// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/run/allocation_problem.h"

namespace quantscope {

/// Two methods that all tensors have, the dearest at least half a bit below the budget and the
/// cheapest at least half a bit above it (or what comes nearest to that): every unit starts with
/// the dearer one, and those of least importance (the mean over their weights; of equals the later
/// one) get the cheaper one until the budget holds. What LayerwiseQuant (Dumitru et al. 2024) does
/// with its layer scores; no loss is looked at. Throws BudgetTooSmall when not even the cheaper
/// method fits, and Error when there are no scores or no two methods.
Allocation allocateByRank(const AllocationProblem& problem,
                          const std::vector<TensorChoices>& choices,
                          const AllocationRequest& request,
                          const std::vector<UniformAllocation>& uniform);

}  // namespace quantscope
