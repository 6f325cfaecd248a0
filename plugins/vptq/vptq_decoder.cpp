// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_decoder.h"

#include "core/quant/gains.h"

namespace quantscope::vptq {

VptqDecoder::VptqDecoder(const EncodedTensor& tensor) {
    // First of all, as a damaged shape may have more columns than memory holds.
    checkCodes(tensor);
    m_model = VptqModel::load(tensor);
    for (const ColumnKind& kind : m_model.kinds)
        m_codes.push_back(loadCodes(tensor, kind));
}

void VptqDecoder::decode(Index firstRow, MatrixSpan out) const {
    for (Index c = 0; c < out.cols; ++c) {
        const VptqModel::Place& place = m_model.places[static_cast<std::size_t>(c)];
        const ColumnKind& kind = m_model.kinds[place.kind];
        const Index first = place.rank * kind.layout(m_model.rows).perRow();
        const auto stages = static_cast<std::size_t>(kind.stages());
        for (Index r = 0; r < out.rows; ++r) {
            const Index row = firstRow + r;
            const auto vector = static_cast<std::size_t>(first + row / kind.dim);
            const auto codes = std::span(m_codes[place.kind]).subspan(vector * stages, stages);
            out(r, c) =
                withGain(m_model.component(place.kind, codes, row % kind.dim), m_model.gainOf(row));
        }
    }
}

std::vector<Codebook> VptqDecoder::codebooks() const {
    std::vector<Codebook> books;
    for (std::size_t k = 0; k < m_codes.size(); ++k) {
        const ColumnKind& kind = m_model.kinds[k];
        const auto stages = static_cast<std::size_t>(kind.stages());
        for (std::size_t stage = 0; stage < stages; ++stage) {
            Codebook book{stage == 0 ? kind.name : "residual", kind.dim, {}, {}};
            book.counts.resize(static_cast<std::size_t>(kind.codewords(static_cast<Index>(stage))));
            for (std::size_t i = stage; i < m_codes[k].size(); i += stages)
                ++book.counts[m_codes[k][i]];
            books.push_back(std::move(book));
        }
    }
    return books;
}

std::vector<float> VptqDecoder::levels(Index /*row*/, Index /*column*/) const {
    return {};
}

}  // namespace quantscope::vptq
