// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/bit_map.h"

#include <bit>

#include "core/base/error.h"
#include "core/quant/packed_codes.h"

namespace quantscope::mixed {

namespace {

// The map stores how far a group is above the fewest bits.
int entryWidth(const MixedSettings& settings) {
    return static_cast<int>(
        std::bit_width(static_cast<unsigned>(settings.maximum - settings.minimum)));
}

}  // namespace

BitMap::BitMap(const MixedSettings& settings, Index cols, std::vector<int> bitsOfGroups)
    : m_group(settings.group), m_bits(std::move(bitsOfGroups)) {
    listColumns(cols);
}

BitMap::BitMap(const MixedSettings& settings, Index cols, const Section& section)
    : m_group(settings.group) {
    const Index groups = settings.groupCount(cols);
    const int width = entryWidth(settings);
    const Error damaged("The encoded tensor (mixed) is damaged: its bit map does not fit.",
                        "Read the artifact from its original place, or quantize again.");
    if (section.bytes.size() != PackedCodes::byteCount(groups, width)) throw damaged;
    std::vector<std::uint32_t> entries(static_cast<std::size_t>(groups));
    PackedCodes::unpack(section.bytes, 0, width, entries);
    for (const std::uint32_t entry : entries) {
        m_bits.push_back(settings.minimum + static_cast<int>(entry));
        if (m_bits.back() > settings.maximum) throw damaged;
    }
    listColumns(cols);
}

void BitMap::listColumns(Index cols) {
    for (Index column = 0; column < cols; ++column)
        m_columns[bitsOf(column)].push_back(column);
}

double BitMap::meanBits() const {
    double sum = 0.0;
    double count = 0.0;
    for (const auto& [bits, columns] : m_columns) {
        sum += bits * static_cast<double>(columns.size());
        count += static_cast<double>(columns.size());
    }
    return sum / count;
}

Section BitMap::section(const MixedSettings& settings) const {
    std::vector<std::uint32_t> entries;
    for (const int bits : m_bits)
        entries.push_back(static_cast<std::uint32_t>(bits - settings.minimum));
    const int width = entryWidth(settings);
    return {sectionName, RatePart::Scales,
            PackedCodes::bitCount(static_cast<Index>(entries.size()), width),
            PackedCodes::pack(entries, width)};
}

std::uint64_t BitMap::bitCount(const MixedSettings& settings, Index cols) {
    return PackedCodes::bitCount(settings.groupCount(cols), entryWidth(settings));
}

}  // namespace quantscope::mixed
