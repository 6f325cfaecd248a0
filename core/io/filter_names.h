// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace quantscope {

/// Name of an HDF5 filter for people: "gzip" for those that come with HDF5, "Blosc (filter 32001)"
/// for registered ones, "filter 4711" for unknown ones. Numbers: The HDF Group, registered filter
/// plugins.
std::string filterName(int id);

/// What somebody without the filter can do about it.
std::string filterRemedy(int id);

}  // namespace quantscope
