// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace quantscope {

/// Declares --seed, refusing what 64 bits do not hold instead of wrapping it around.
void declareSeed(CLI::App& app, std::uint64_t& seed, const std::string& help);

/// Declares an option or, by a name without dashes, an argument that takes one value or several,
/// each as it stands: '[abc]' is a name and no list.
CLI::Option* declareList(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                         const std::string& help);

/// Declares an option that takes one value each time it is given, and may be given several times.
CLI::Option* declareRepeatable(CLI::App& app, const std::string& name,
                               std::vector<std::string>& values, const std::string& help);

}  // namespace quantscope
