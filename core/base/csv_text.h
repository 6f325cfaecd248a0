// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Fields as one line of a CSV file (RFC 4180), its end included: those with commas, quotes or line
/// breaks stand in quotes.
std::string csvLine(const std::vector<std::string>& fields);

/// The lines of a CSV file as csvLine writes them. Throws Error for quotes out of place.
std::vector<std::vector<std::string>> parseCsv(std::string_view text);

}  // namespace quantscope
