// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace quantscope {

/// Declares --force, which every command has that writes a file.
void declareForce(CLI::App& app, bool& force);

/// The rule of all commands about the file they are to write, told before anything is computed.
/// Throws Error when `out` exists and `force` is not given, when it is one of `inputs` (files that
/// the command reads, however they are spelt), and for what outputTarget refuses.
void checkOutput(const std::filesystem::path& out, bool force,
                 const std::vector<std::string>& inputs);

}  // namespace quantscope
