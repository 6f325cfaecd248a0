// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_decoder.h"

namespace quantscope::additive {
namespace {

AdditiveSettings settingsOf(const EncodedTensor& tensor) {
    return AdditiveSettings::from(ParameterValues(
        resolveParameters("additive", additiveParameters(), tensor.method.parameters)));
}

}  // namespace

AdditiveDecoder::AdditiveDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_codes(settingsOf(*m_tensor).load(*m_tensor, codesSection, codebookSection)) {}

std::vector<Codebook> AdditiveDecoder::codebooks() const {
    std::vector<std::vector<std::uint64_t>> counts = m_codes.counts();
    std::vector<Codebook> result;
    for (std::size_t book = 0; book < counts.size(); ++book) {
        const Matrix& values = m_codes.codebooks()[book];
        result.push_back({codebookName(static_cast<Index>(book)), values.cols(),
                          std::move(counts[book]),
                          std::vector<float>(values.data(), values.data() + values.view().size())});
    }
    return result;
}

}  // namespace quantscope::additive
