// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace quantscope {

/// HDF5 can crash, hang or ask for absurd memory on damaged files. So a file is first walked by a
/// process of its own, under limits; only what that process survived is then read in ours.
struct ProbeLimits {
    std::chrono::milliseconds time{10000};
    std::uint64_t memoryBytes = std::uint64_t{1} << 30;
    /// Chunked, compressed and otherwise indirect datasets are read through while probing as long
    /// as their claimed bytes together stay below this; larger ones are probed when first opened.
    std::uint64_t readBytes = std::uint64_t{64} << 20;
    bool followExternalLinks = false;
};

struct ProbeReport {
    /// Why the whole file cannot be used; empty if it can.
    std::string fileError;
    /// Groups and datasets whose headers must not even be looked at in this process, and why.
    std::map<std::string, std::string> headerErrors;
    /// Datasets whose values must not be read in this process, and why.
    std::map<std::string, std::string> datasetErrors;
    /// Datasets that were read through without trouble.
    std::vector<std::string> verified;
};

/// Probes `path` by starting `prober __probe`; with `datasets` given, only those are read through
/// (whatever their size, with a time limit that grows with it). When the child dies, it is started
/// again without the dataset that it was reading. Throws Error when the prober cannot be started,
/// or Cancelled.
ProbeReport probe(const std::filesystem::path& prober, const std::filesystem::path& path,
                  const ProbeLimits& limits, const std::vector<std::string>& datasets = {},
                  const std::stop_token& stop = {});

/// The name of the hidden subcommand.
inline constexpr const char* probeCommand = "__probe";

/// The child's side: runs the walk on `arguments` (what follows the subcommand) and prints its
/// findings on standard output, line by line. Returns the exit code of the process. Both programs
/// call this first thing in `main`.
int runProbe(const std::vector<std::string>& arguments);

}  // namespace quantscope
