// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pvq_decoder.h"

#include <cmath>

#include "core/base/error.h"
#include "core/quant/codeword_format.h"
#include "core/quant/gains.h"
#include "core/quant/packed_codes.h"
#include "plugins/pvq/pvq_quantizer.h"

namespace quantscope::pvq {

namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (pvq) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

RowVectors checkedLayout(const EncodedTensor& tensor, Index dim) {
    constexpr Index largest = Index{1} << 50;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    return {tensor.rows, tensor.cols, dim};
}

}  // namespace

PvqDecoder::PvqDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(PvqSettings::from(ParameterValues(m_tensor->method.parameters))),
      m_layout(checkedLayout(*m_tensor, m_settings.dim)),
      m_index(m_settings.dim, m_settings.pulses),
      m_codes(m_tensor->section(codesSection).bytes) {
    const auto vectors = static_cast<std::uint64_t>(m_layout.count());
    if (m_codes.size() != (vectors * static_cast<std::uint64_t>(m_index.bits()) + 7) / 8) {
        throw damaged("its codes have " + std::to_string(m_codes.size()) + " bytes");
    }
    const std::vector<std::uint8_t>& gains = m_tensor->section(gainsSection).bytes;
    if (gains.size() != PackedCodes::byteCount(m_layout.count(), m_settings.gainBits)) {
        throw damaged("its gains have " + std::to_string(gains.size()) + " bytes");
    }
    m_gains.resize(vectors);
    PackedCodes::unpack(gains, 0, m_settings.gainBits, m_gains);
    m_levels =
        CodewordFormat::load(*m_tensor, true)
            .load(m_tensor->section(levelsSection), 1, static_cast<Index>(m_settings.gainLevels()));
}

Words PvqDecoder::indexOf(Index vector) const {
    const int bits = m_index.bits();
    Words index(static_cast<std::size_t>(bits + 31) / 32);
    const std::uint64_t first =
        static_cast<std::uint64_t>(vector) * static_cast<std::uint64_t>(bits);
    for (int i = 0; i < bits; ++i) {
        const std::uint64_t at = first + static_cast<std::uint64_t>(i);
        const std::uint32_t bit = m_codes[at / 8] >> (at % 8) & 1U;
        index[static_cast<std::size_t>(i / 32)] |= bit << (i % 32);
    }
    return index;
}

void PvqDecoder::decode(Index firstRow, MatrixSpan out) const {
    std::vector<int> pulses(static_cast<std::size_t>(m_settings.dim));
    for (Index r = 0; r < out.rows; ++r) {
        for (Index v = 0; v < m_layout.perRow(); ++v) {
            const Index number = (firstRow + r) * m_layout.perRow() + v;
            m_index.decode(indexOf(number), pulses);
            double squaredNorm = 0.0;
            for (const int pulse : pulses)
                squaredNorm += static_cast<double>(pulse) * pulse;
            const auto gain = static_cast<double>(
                m_levels(0, static_cast<Index>(m_gains[static_cast<std::size_t>(number)])));
            const double unit = gain / std::sqrt(squaredNorm);
            const Index first = v * m_layout.dim;
            for (Index c = first; c < std::min(first + m_layout.dim, out.cols); ++c) {
                out(r, c) =
                    withGain(static_cast<float>(pulses[static_cast<std::size_t>(c - first)]), unit);
            }
        }
    }
}

std::vector<Codebook> PvqDecoder::codebooks() const {
    return {};
}

std::vector<float> PvqDecoder::levels(Index /*row*/, Index /*column*/) const {
    return {};
}

}  // namespace quantscope::pvq
