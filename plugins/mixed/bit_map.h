// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <vector>

#include "core/quant/encoded_tensor.h"
#include "plugins/mixed/mixed_settings.h"

namespace quantscope::mixed {

/// How many bits each group of columns has.
class BitMap {
public:
    static constexpr const char* sectionName = "bits";

    BitMap(const MixedSettings& settings, Index cols, std::vector<int> bitsOfGroups);
    /// Reads the map back. Throws Error when the section does not fit.
    BitMap(const MixedSettings& settings, Index cols, const Section& section);

    /// Columns by number of bits, ascending.
    const std::map<int, std::vector<Index>>& columns() const { return m_columns; }
    int bitsOf(Index column) const { return m_bits[static_cast<std::size_t>(column / m_group)]; }
    double meanBits() const;

    Section section(const MixedSettings& settings) const;
    static std::uint64_t bitCount(const MixedSettings& settings, Index cols);

private:
    void listColumns(Index cols);

    Index m_group;
    std::vector<int> m_bits;  ///< By group.
    std::map<int, std::vector<Index>> m_columns;
};

}  // namespace quantscope::mixed
