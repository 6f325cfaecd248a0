// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/alloc/greedy_allocation.h"
#include "core/run/allocation_plan.h"

namespace quantscope {

/// Tensors that get one setting together: a tied group, or a single tensor.
struct AllocationUnit {
    std::vector<std::size_t> tensors;  ///< Index into the choices.
    Index weights = 0;
    bool locked = false;
    RateDistortionCurve curve;  ///< Without settings that cost more and lose no less.
    /// Those settings, for allocations that give all units one method whatever it costs them.
    RateDistortionCurve dominated;
    /// For each point of the curve, and then of `dominated`, the option of each tensor.
    std::vector<std::vector<std::size_t>> options;

    const RatePoint& point(std::size_t setting) const {
        return setting < curve.size() ? curve[setting] : dominated[setting - curve.size()];
    }
};

/// The part of a model that a tensor lies in: its name but for the last two parts between dots or
/// slashes, "model.layers.0.self_attn" of "model.layers.0.self_attn.q_proj.weight".
std::string modelPart(const std::string& tensor);

/// Applies locks and ties. Throws Error as planAllocation does.
std::vector<AllocationUnit> allocationUnits(const std::vector<TensorChoices>& choices,
                                            const AllocationRequest& request);

}  // namespace quantscope
