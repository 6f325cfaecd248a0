// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>

namespace quantscope {

/// Short labels that tell tensors apart: each name without the parts (between dots and slashes)
/// that all of them begin or end with. "layers.0.q_proj.weight" and "layers.0.k_proj.weight" become
/// "q_proj" and "k_proj". At least one part of each stays; a single name stays whole.
std::map<std::string, std::string> distinctNames(const std::set<std::string>& names);

}  // namespace quantscope
