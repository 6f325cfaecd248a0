// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_decoder.h"

#include <limits>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/codeword_format.h"
#include "core/quant/packed_codes.h"

namespace quantscope::rvq {
namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (rvq) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

// Codes that are unpacked at once.
constexpr Index codesAtOnce = 4096;

std::vector<double> residualEnergies(const EncodedTensor& tensor, Index stages) {
    try {
        auto energies = tensor.header.at(residualEnergyKey).get<std::vector<double>>();
        if (static_cast<Index>(energies.size()) == stages) return energies;
    } catch (const Json::exception&) {
    }
    throw damaged("its header does not tell what is left after each stage");
}

}  // namespace

RvqDecoder::RvqDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(RvqSettings::from(
          ParameterValues(resolveParameters("rvq", rvqParameters(), m_tensor->method.parameters)))),
      m_layout(m_settings.layout(m_tensor->rows, m_tensor->cols)) {
    constexpr Index largest = Index{1} << 50;
    if (m_tensor->rows <= 0 || m_tensor->cols <= 0 || m_settings.dim > m_tensor->cols ||
        m_tensor->rows > largest / m_tensor->cols) {
        throw damaged("its shape is " + std::to_string(m_tensor->rows) + " x " +
                      std::to_string(m_tensor->cols));
    }
    const Section& codes = m_tensor->section(codesSection);
    if (codes.bytes.size() !=
        PackedCodes::byteCount(m_layout.count() * m_settings.stages, m_settings.bits)) {
        throw damaged("its codes have " + std::to_string(codes.bytes.size()) + " bytes");
    }
    m_codes = codes.bytes;
    m_residualEnergies = residualEnergies(*m_tensor, m_settings.stages);
    const CodewordFormat format = CodewordFormat::load(*m_tensor, m_settings.half);
    for (Index stage = 0; stage < m_settings.stages; ++stage) {
        m_codebooks.push_back(format.load(m_tensor->section(codebookSection(stage)),
                                          m_settings.codewords(), m_layout.dim));
    }
}

void RvqDecoder::decode(Index firstRow, MatrixSpan out) const {
    const Index perRow = m_layout.perRow() * m_settings.stages;
    const Index rowsAtOnce = std::max<Index>(1, codesAtOnce / perRow);
    std::vector<std::uint32_t> codes;
    for (Index begin = 0; begin < out.rows; begin += rowsAtOnce) {
        const Index count = std::min(rowsAtOnce, out.rows - begin);
        codes.resize(static_cast<std::size_t>(count * perRow));
        PackedCodes::unpack(m_codes, (firstRow + begin) * perRow, m_settings.bits, codes);
        for (Index i = 0; i < count; ++i) {
            decodeRow(std::span(codes).subspan(static_cast<std::size_t>(i * perRow),
                                               static_cast<std::size_t>(perRow)),
                      out.row(begin + i));
        }
    }
}

void RvqDecoder::decodeRow(std::span<const std::uint32_t> codes, std::span<float> row) const {
    auto code = codes.begin();
    for (Index first = 0; first < m_layout.cols; first += m_layout.dim) {
        const std::span<float> vector =
            row.subspan(static_cast<std::size_t>(first),
                        static_cast<std::size_t>(std::min(m_layout.dim, m_layout.cols - first)));
        std::ranges::fill(vector, 0.0F);
        for (const Matrix& codebook : m_codebooks) {
            const float* const codeword =
                codebook.data() + static_cast<Index>(*code++) * m_layout.dim;
            for (std::size_t j = 0; j < vector.size(); ++j)
                vector[j] += codeword[j];
        }
        // Near the end of the range of float a sum may pass it.
        constexpr float largest = std::numeric_limits<float>::max();
        for (float& value : vector)
            value = std::clamp(value, -largest, largest);
    }
}

std::vector<std::vector<std::uint64_t>> RvqDecoder::countCodes() const {
    using Counts = std::vector<std::vector<std::uint64_t>>;
    const Counts none(m_codebooks.size(),
                      std::vector<std::uint64_t>(static_cast<std::size_t>(m_settings.codewords())));
    // Few chunks, because each keeps counts of its own.
    const Index vectors = m_layout.count();
    const Index grain = std::max<Index>(codesAtOnce, vectors / 8 + 1);
    return parallelReduce(
        vectors, grain, {}, none,
        [&](Index begin, Index end) {
            Counts part = none;
            std::vector<std::uint32_t> codes(m_codebooks.size());
            for (Index vector = begin; vector < end; ++vector) {
                PackedCodes::unpack(m_codes, vector * m_settings.stages, m_settings.bits, codes);
                for (std::size_t stage = 0; stage < codes.size(); ++stage)
                    ++part[stage][codes[stage]];
            }
            return part;
        },
        [](Counts& total, const Counts& part) {
            for (std::size_t stage = 0; stage < total.size(); ++stage)
                std::ranges::transform(total[stage], part[stage], total[stage].begin(),
                                       std::plus());
        });
}

std::vector<Codebook> RvqDecoder::codebooks() const {
    std::vector<std::vector<std::uint64_t>> counts = countCodes();
    std::vector<Codebook> result;
    for (std::size_t stage = 0; stage < counts.size(); ++stage) {
        const Matrix& values = m_codebooks[stage];
        result.push_back({codebookName(static_cast<Index>(stage)), m_layout.dim,
                          std::move(counts[stage]),
                          std::vector<float>(values.data(), values.data() + values.view().size()),
                          m_residualEnergies[stage]});
    }
    return result;
}

std::vector<float> RvqDecoder::levels(Index /*row*/, Index /*column*/) const {
    return {};
}

}  // namespace quantscope::rvq
