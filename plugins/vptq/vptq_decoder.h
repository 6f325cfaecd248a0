// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "plugins/vptq/vptq_model.h"

namespace quantscope::vptq {

/// Looks vectors up and multiplies them by their rows' gains.
class VptqDecoder final : public Decoder {
public:
    /// Throws Error when the sections do not fit together.
    explicit VptqDecoder(const EncodedTensor& tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    /// Without codewords: values follow from them and the gains of rows.
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    VptqModel m_model;
    std::vector<std::vector<std::uint32_t>> m_codes;  ///< By kind; vector by vector.
};

}  // namespace quantscope::vptq
