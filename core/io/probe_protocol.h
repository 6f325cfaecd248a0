// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

/// Who reads slower than this is taken for stuck.
inline constexpr std::uint64_t probeBytesPerSecond = 8'000'000;

/// What the probing process tells, one line each, in the order in which it happens. The last line
/// of a process that died says what it was doing.
enum class ProbeEvent {
    Touch,   ///< Is about to look at the header of an object.
    Read,    ///< Is about to read a dataset through, which takes as long as `number` bytes may.
    Alive,   ///< Read another part of it.
    Good,    ///< Read it to the end.
    Bad,     ///< HDF5 reported an error for it: `text`.
    Failed,  ///< The file cannot be used: `text`.
    End,     ///< Everything was looked at.
};

struct ProbeLine {
    ProbeEvent event = ProbeEvent::End;
    std::string name;
    std::uint64_t number = 0;
    std::string text;
};

/// One line without its end. Name and text travel as hex digits, whatever characters they hold.
std::string formatProbeLine(const ProbeLine& line);
std::optional<ProbeLine> parseProbeLine(std::string_view line);

/// What the parent asks of the child on its standard input, one line each.
enum class ProbeOrder {
    SkipHeader,  ///< Do not touch this object.
    SkipRead,    ///< Do not read this dataset.
    Only,        ///< Read through the datasets named so, and no other.
};

std::string formatProbeOrder(ProbeOrder order, const std::string& name);
std::optional<std::pair<ProbeOrder, std::string>> parseProbeOrder(std::string_view line);

}  // namespace quantscope
