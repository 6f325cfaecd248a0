// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/filter_names.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

struct RegisteredFilter {
    int id;
    const char* name;
    const char* package;  ///< Debian package that carries it as a plugin; null if there is none.
};

constexpr auto registeredFilters = std::to_array<RegisteredFilter>({
    {1, "gzip", nullptr},
    {2, "shuffle", nullptr},
    {3, "fletcher32", nullptr},
    {4, "szip", nullptr},
    {5, "nbit", nullptr},
    {6, "scale-offset", nullptr},
    {305, "LZO", nullptr},
    {307, "bzip2", "hdf5-filter-plugin"},
    {32000, "LZF", "hdf5-plugin-lzf"},
    {32001, "Blosc", "hdf5-filter-plugin-blosc-serial"},
    {32002, "MAFISC", nullptr},
    {32003, "Snappy", nullptr},
    {32004, "LZ4", "hdf5-filter-plugin"},
    {32006, "cbf", nullptr},
    {32007, "JPEG-XR", nullptr},
    {32008, "bitshuffle", "hdf5-filter-plugin"},
    {32009, "SPDP", nullptr},
    {32010, "LPC-Rice", nullptr},
    {32013, "ZFP", "hdf5-filter-plugin-zfp-serial"},
    {32014, "fpzip", nullptr},
    {32015, "Zstandard", nullptr},
    {32017, "SZ", nullptr},
    {32018, "FCIDECOMP", nullptr},
    {32019, "JPEG", nullptr},
    {32022, "BitGroom", nullptr},
    {32023, "Granular BitRound", nullptr},
    {32024, "SZ3", nullptr},
    {32026, "Blosc2", nullptr},
    {32028, "SPERR", nullptr},
});
constexpr int firstForeignFilter = 256;

const RegisteredFilter* findFilter(int id) {
    const auto* const found = std::ranges::find(registeredFilters, id, &RegisteredFilter::id);
    return found == registeredFilters.end() ? nullptr : found;
}

}  // namespace

std::string filterName(int id) {
    const RegisteredFilter* const filter = findFilter(id);
    if (filter == nullptr) return "filter " + std::to_string(id);
    if (id < firstForeignFilter) return filter->name;
    return std::string(filter->name) + " (filter " + std::to_string(id) + ")";
}

std::string filterRemedy(int id) {
    const RegisteredFilter* const filter = findFilter(id);
    if (filter != nullptr && filter->package != nullptr) {
        return "Install the Debian package " + std::string(filter->package) +
               ", or rewrite the file with h5repack -f GZIP=4 where the filter is available.";
    }
    return "Install a plugin for it and point HDF5_PLUGIN_PATH at its folder, or rewrite the file "
           "with "
           "h5repack -f GZIP=4 where the filter is available.";
}

}  // namespace quantscope
