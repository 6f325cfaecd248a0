// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_decoder.h"

#include "core/base/error.h"

namespace quantscope::rvq {
namespace {

std::vector<double> residualEnergies(const EncodedTensor& tensor, Index books) {
    try {
        auto energies = tensor.header.at(residualEnergyKey).get<std::vector<double>>();
        if (static_cast<Index>(energies.size()) == books) return energies;
    } catch (const Json::exception&) {
    }
    throw Error(
        "The encoded tensor (rvq) is damaged: its header does not tell what is left after each "
        "stage.",
        "Read the artifact from its original place, or quantize again.");
}

RvqSettings settingsOf(const EncodedTensor& tensor) {
    return RvqSettings::from(
        ParameterValues(resolveParameters("rvq", rvqParameters(), tensor.method.parameters)));
}

}  // namespace

RvqDecoder::RvqDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(settingsOf(*m_tensor)),
      m_codes(m_settings.load(*m_tensor, codesSection,
                              [this](Index book) { return m_settings.codebookSection(book); })),
      m_residualEnergies(residualEnergies(*m_tensor, m_settings.books())) {}

void RvqDecoder::decode(Index firstRow, MatrixSpan out) const {
    m_codes.decode(firstRow, out);
}

std::vector<Codebook> RvqDecoder::codebooks() const {
    std::vector<std::vector<std::uint64_t>> counts = m_codes.counts();
    std::vector<Codebook> result;
    for (std::size_t book = 0; book < counts.size(); ++book) {
        const Matrix& values = m_codes.codebooks()[book];
        result.push_back({m_settings.codebookName(static_cast<Index>(book)), values.cols(),
                          std::move(counts[book]),
                          std::vector<float>(values.data(), values.data() + values.view().size()),
                          m_residualEnergies[book]});
    }
    return result;
}

std::vector<float> RvqDecoder::levels(Index /*row*/, Index /*column*/) const {
    return {};
}

}  // namespace quantscope::rvq
