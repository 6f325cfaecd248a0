// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_decoder.h"

#include "core/quant/codeword_format.h"

namespace quantscope::additive {
namespace {

SummedCodes codesOf(const EncodedTensor& tensor) {
    const AdditiveSettings settings = AdditiveSettings::from(ParameterValues(
        resolveParameters("additive", additiveParameters(), tensor.method.parameters)));
    const RowVectors layout = settings.layout(tensor.rows, tensor.cols);
    const CodewordFormat format = CodewordFormat::load(tensor, settings.half);
    std::vector<Matrix> codebooks;
    for (Index book = 0; book < settings.books; ++book) {
        codebooks.push_back(
            format.load(tensor.section(codebookSection(book)), settings.codewords(), layout.dim));
    }
    return {layout, tensor.section(codesSection).bytes, settings.bits, std::move(codebooks)};
}

}  // namespace

AdditiveDecoder::AdditiveDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)), m_codes(codesOf(*m_tensor)) {}

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
