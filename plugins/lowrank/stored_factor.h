// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/quant/encoded_tensor.h"

namespace quantscope::lowrank {

/// Number formats of factors.
enum class FactorType {
    Half,  ///< binary16
    Byte,  ///< 8-bit integers
};

/// One of two factors as it is stored: `count` components (a column of the left one, a row of the
/// right one) of `length` numbers each, all relative to a 16-bit scale of their component.
class StoredFactor {
public:
    StoredFactor(FactorType type, Index count, Index length)
        : m_type(type), m_count(count), m_length(length) {}

    /// Rounds `components` (count x length, row-major, finite).
    static StoredFactor round(FactorType type, Index count, Index length,
                              const std::vector<double>& components);
    /// Throws Error when the sections do not fit.
    static StoredFactor load(FactorType type, Index count, Index length,
                             const EncodedTensor& tensor, const std::string& name);

    /// Bits of the sections.
    static std::uint64_t bitCount(FactorType type, Index count, Index length);
    /// "NAME/scales" and "NAME/values".
    std::vector<Section> sections(const std::string& name) const;

    /// count x length, row-major, as decoders read them.
    const std::vector<double>& values() const { return m_values; }

private:
    double decoded(std::uint16_t code, double scale) const;

    FactorType m_type;
    Index m_count;
    Index m_length;
    Section m_scales;
    Section m_codes;
    std::vector<double> m_values;
};

}  // namespace quantscope::lowrank
