// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/method.h"
#include "plugins/mixed/bit_map.h"

namespace quantscope::mixed {

/// Reads what MixedQuantizer stored.
class MixedDecoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit together.
    MixedDecoder(const EncodedTensor& tensor, const MethodRegistry& registry);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    /// The columns with one number of bits.
    struct Part {
        int bits = 0;
        std::vector<Index> columns;        ///< Of the whole tensor.
        std::unique_ptr<Decoder> decoder;  ///< Null for 0 bits: the columns are zero.
    };

    std::vector<Part> m_parts;
};

}  // namespace quantscope::mixed
