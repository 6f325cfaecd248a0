// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_code.h"

#include <algorithm>
#include <cmath>

#include "core/base/float16.h"
#include "core/base/random.h"
#include "core/kernels/kmeans.h"
#include "core/quant/codeword_format.h"

namespace quantscope::trellis {

namespace {

// Streams that are part of the codes' definition: another number is another code.
constexpr std::uint64_t tableSeed = 0x7472656c6c697301;
constexpr std::uint64_t sampleSeed = 0x7472656c6c697302;

constexpr int tableIndexBits = 9;
constexpr Index tableEntries = Index{1} << tableIndexBits;
constexpr int signBit = 15;

// Tables are stored in binary16, relative to 1.
const CodewordFormat tableFormat(true, 0);

float oneMad(std::uint32_t state) {
    const std::uint32_t x = 34038481U * state + 76625530U;
    const std::uint32_t bytes = (x & 0xFFU) + (x >> 8 & 0xFFU) + (x >> 16 & 0xFFU) + (x >> 24);
    return static_cast<float>((static_cast<double>(bytes) - 510.0) / 147.8005);
}

float threeInst(std::uint32_t state) {
    constexpr double rootMeanSquare = 1.2437;
    const std::uint32_t x = 89226354U * state + 64248484U;
    const std::uint32_t y = (x & 0x8FFF8FFFU) ^ 0x3B603B60U;
    const double sum = static_cast<double>(fromFloat16(static_cast<std::uint16_t>(y))) +
                       static_cast<double>(fromFloat16(static_cast<std::uint16_t>(y >> 16)));
    return static_cast<float>(sum / rootMeanSquare);
}

// Half a table is enough, because the sign of the last component is a bit of the hash.
Matrix trainTable(Index dim, const std::stop_token& stop) {
    constexpr Index sampleSize = Index{1} << 16;
    Random random(sampleSeed);
    Matrix sample(sampleSize, dim);
    for (Index i = 0; i < sampleSize; ++i) {
        for (Index j = 0; j < dim; ++j)
            sample(i, j) = static_cast<float>(random.normal());
        sample(i, dim - 1) = std::abs(sample(i, dim - 1));
    }
    constexpr int iterations = 20;
    Matrix table = kMeans(sample.view(), {.count = tableEntries, .iterations = iterations},
                          RunContext(sampleSeed, stop))
                       .centroids;
    // Centroids lie more widely than the sample, for all of them are equally frequent here.
    double energy = 0.0;
    for (Index i = 0; i < table.view().size(); ++i)
        energy += static_cast<double>(table.data()[i]) * static_cast<double>(table.data()[i]);
    const auto rms =
        static_cast<float>(std::sqrt(energy / static_cast<double>(table.view().size())));
    for (Index i = 0; i < table.view().size(); ++i)
        table.data()[i] /= rms;
    tableFormat.round(table.span());
    return table;
}

}  // namespace

TrellisCode::TrellisCode(const TrellisSettings& settings, const std::stop_token& stop) {
    if (settings.code == CodeKind::Hybrid) m_table = trainTable(settings.valuesPerStep, stop);
    fill(settings);
}

TrellisCode::TrellisCode(const TrellisSettings& settings, const EncodedTensor& tensor) {
    if (settings.code == CodeKind::Hybrid) {
        m_table =
            tableFormat.load(tensor.section(tableSection), tableEntries, settings.valuesPerStep);
    }
    fill(settings);
}

void TrellisCode::fill(const TrellisSettings& settings) {
    const std::uint32_t states = std::uint32_t{1} << settings.stateBits;
    m_values = Matrix(settings.valuesPerStep, static_cast<Index>(states));
    Random random(tableSeed, static_cast<std::uint64_t>(settings.stateBits));
    for (std::uint32_t state = 0; state < states; ++state) {
        const auto at = static_cast<Index>(state);
        switch (settings.code) {
            case CodeKind::OneMad:
                m_values(0, at) = oneMad(state);
                break;
            case CodeKind::ThreeInst:
                m_values(0, at) = threeInst(state);
                break;
            case CodeKind::Hybrid: {
                const std::uint32_t hash = state * (state + 1U);
                const auto entry =
                    static_cast<Index>(hash >> (signBit - tableIndexBits) & (tableEntries - 1U));
                for (Index v = 0; v < m_values.rows(); ++v)
                    m_values(v, at) = m_table(entry, v);
                float& last = m_values(m_values.rows() - 1, at);
                if ((hash >> signBit & 1U) != 0) last = -last;
                break;
            }
            case CodeKind::RandomTable:
                for (Index v = 0; v < m_values.rows(); ++v)
                    m_values(v, at) = static_cast<float>(random.normal());
                break;
        }
    }
}

float TrellisCode::largest() const {
    float largest = 0.0F;
    for (Index i = 0; i < m_values.view().size(); ++i)
        largest = std::max(largest, std::abs(m_values.data()[i]));
    return largest;
}

std::optional<Section> TrellisCode::section() const {
    if (m_table.rows() == 0) return std::nullopt;
    return tableFormat.store(tableSection, m_table.view());
}

std::uint64_t TrellisCode::storedBits(const TrellisSettings& settings) {
    if (settings.code != CodeKind::Hybrid) return 0;
    return static_cast<std::uint64_t>(tableEntries * settings.valuesPerStep *
                                      tableFormat.bitsPerComponent());
}

}  // namespace quantscope::trellis
