// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kmeans/kmeans_decoder.h"

#include <algorithm>

#include "plugins/kmeans/kmeans_settings.h"

namespace quantscope::kmeans {
namespace {

KmeansSettings settingsOf(const EncodedTensor& tensor) {
    return KmeansSettings::from(
        ParameterValues(resolveParameters("kmeans", kmeansParameters(), tensor.method.parameters)));
}

}  // namespace

KmeansDecoder::KmeansDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_codes(settingsOf(*m_tensor).load(*m_tensor, codesSection, codebookSection)) {}

void KmeansDecoder::decode(Index firstRow, MatrixSpan out) const {
    m_codes.decode(firstRow, out);
}

std::vector<Codebook> KmeansDecoder::codebooks() const {
    const Matrix& values = m_codes.codebooks().front();
    return {{codebookName, values.cols(), std::move(m_codes.counts().front()),
             std::vector<float>(values.data(), values.data() + values.view().size())}};
}

// Of single weights, the codewords are the levels.
std::vector<float> KmeansDecoder::levels(Index /*row*/, Index /*column*/) const {
    const Matrix& values = m_codes.codebooks().front();
    if (values.cols() > 1) return {};
    std::vector<float> sorted(values.data(), values.data() + values.rows());
    std::ranges::sort(sorted);
    return sorted;
}

}  // namespace quantscope::kmeans
