// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace quantscope {

/// Layers of a model that vLLM reads as one: "model.layers.0.self_attn.qkv_proj" of q_proj, k_proj
/// and v_proj; gate_up_proj of gate_proj and up_proj.
struct FusedLayer {
    std::string name;
    std::vector<std::string> members;  ///< Those that the model has.
};

/// Those that have a part among `modules`, by name.
std::vector<FusedLayer> fusedLayers(const std::set<std::string>& modules);

/// Checks that the members of fused layers get the same setting, or all none. `settings`: of the
/// planned modules, in words; `modules`: all of the model, the planned ones included. Throws Error
/// that lists what differs.
void checkFusedLayers(const std::map<std::string, std::string>& settings,
                      const std::set<std::string>& modules);

}  // namespace quantscope
