// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_decoder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/kernels/rotation.h"
#include "core/quant/codeword_format.h"

namespace quantscope::pq {
namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (pq) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

// Multiplies by a power of two, and keeps within what a float holds.
void scale(MatrixSpan rows, double factor) {
    for (Index row = 0; row < rows.rows; ++row) {
        for (float& value : rows.row(row))
            value = toFiniteFloat(static_cast<double>(value) * factor);
    }
}

// Bits of each codebook.
std::vector<int> bookBits(const PqSettings& settings, const EncodedTensor& tensor) {
    if (!settings.byVariance) {
        return std::vector<int>(static_cast<std::size_t>(settings.codebooks()), settings.bits);
    }
    const Section& section = tensor.section(sliceBitsSection);
    std::vector<int> bits(section.bytes.begin(), section.bytes.end());
    constexpr int most = 16;
    if (static_cast<Index>(bits.size()) != settings.slices || std::ranges::max(bits) > most ||
        std::accumulate(bits.begin(), bits.end(), Index{0}) != settings.slices * settings.bits) {
        throw damaged("the bits of its slices do not add up");
    }
    return bits;
}

// Shares of the slices; empty where none were stored.
std::vector<double> sliceShares(const EncodedTensor& tensor, const char* key, Index slices) {
    if (!tensor.header.contains(key)) return {};
    try {
        auto shares = tensor.header.at(key).get<std::vector<double>>();
        if (static_cast<Index>(shares.size()) == slices) return shares;
    } catch (const Json::exception&) {
    }
    throw damaged("its header does not tell what lies in each slice");
}

// Rows whose codes are unpacked at once.
constexpr Index rowsAtOnce = 256;

}  // namespace

PqDecoder::PqDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(PqSettings::from(
          ParameterValues(resolveParameters("pq", pqParameters(), m_tensor->method.parameters)))),
      m_layout{m_settings.slicedColumns(m_tensor->cols), m_settings.slices},
      m_bits(bookBits(m_settings, *m_tensor)),
      m_widths(codeWidths(m_settings, m_bits)) {
    constexpr Index largest = Index{1} << 57;
    if (m_tensor->rows <= 0 || m_tensor->cols <= 0 || m_layout.cols > m_tensor->cols ||
        m_settings.slices > m_layout.cols || m_tensor->rows > largest / m_tensor->cols ||
        (m_settings.shared && !m_layout.isEven())) {
        throw damaged("its shape is " + std::to_string(m_tensor->rows) + " x " +
                      std::to_string(m_tensor->cols));
    }
    const Section& codes = m_tensor->section(codesSection);
    if (codes.bytes.size() != m_widths.byteCount(m_tensor->rows)) {
        throw damaged("its codes have " + std::to_string(codes.bytes.size()) + " bytes");
    }
    m_codes = codes.bytes;
    const CodewordFormat format = CodewordFormat::load(*m_tensor, m_settings.half);
    for (Index book = 0; book < m_settings.codebooks(); ++book) {
        m_codebooks.push_back(format.load(m_tensor->section(codebookSection(m_settings, book)),
                                          Index{1} << m_bits[static_cast<std::size_t>(book)],
                                          m_layout.width(book)));
    }
    if (m_settings.isRotated()) {
        m_scale = std::exp2(format.exponent());
        m_rotation = CodewordFormat(m_settings.half, 0)
                         .load(m_tensor->section(rotationSection), m_tensor->cols, m_layout.cols);
        // Of orthonormal columns, but for rounding.
        constexpr float largestComponent = 1.01F;
        const float* values = m_rotation.data();
        if (std::any_of(values, values + m_rotation.view().size(),
                        [](float value) { return std::abs(value) > largestComponent; })) {
            throw damaged("its rotation is none");
        }
    }
}

const Matrix& PqDecoder::codebook(Index slice) const {
    return m_codebooks[static_cast<std::size_t>(m_settings.shared ? 0 : slice)];
}

void PqDecoder::decode(Index firstRow, MatrixSpan out) const {
    if (!m_settings.isRotated()) {
        decodeSlices(firstRow, out);
        return;
    }
    Matrix rotated(std::min(rowsAtOnce, out.rows), m_layout.cols);
    for (Index begin = 0; begin < out.rows; begin += rowsAtOnce) {
        const Index count = std::min(rowsAtOnce, out.rows - begin);
        const MatrixSpan rows = rotated.span().middleRows(0, count);
        decodeSlices(firstRow + begin, rows);
        // Sums of the largest floats would overflow.
        scale(rows, 1.0 / m_scale);
        rotateRowsBack(rows, m_rotation.view(), out.middleRows(begin, count));
        scale(out.middleRows(begin, count), m_scale);
    }
}

void PqDecoder::decodeSlices(Index firstRow, MatrixSpan out) const {
    std::vector<std::uint32_t> codes;
    for (Index begin = 0; begin < out.rows; begin += rowsAtOnce) {
        const Index count = std::min(rowsAtOnce, out.rows - begin);
        codes.resize(static_cast<std::size_t>(count * m_settings.slices));
        m_widths.unpack(m_codes, firstRow + begin, codes);
        auto code = codes.begin();
        for (Index row = begin; row < begin + count; ++row) {
            float* to = out.row(row).data();
            for (Index slice = 0; slice < m_settings.slices; ++slice) {
                const Matrix& book = codebook(slice);
                const float* from = book.data() + static_cast<Index>(*code++) * book.cols();
                to = std::copy(from, from + book.cols(), to);
            }
        }
    }
}

std::vector<Codebook> PqDecoder::codebooks() const {
    using Counts = std::vector<std::uint64_t>;
    // Counts of all codebooks, one after the other.
    std::vector<std::size_t> first{0};
    for (const int bits : m_bits)
        first.push_back(first.back() + (std::size_t{1} << bits));
    // Few chunks, because each keeps counts of its own.
    const Index grain = std::max<Index>(rowsAtOnce, m_tensor->rows / 8 + 1);
    const Counts counts = parallelReduce(
        m_tensor->rows, grain, {}, Counts(first.back()),
        [&](Index begin, Index end) {
            Counts part(first.back());
            std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_settings.slices));
            for (Index row = begin; row < end; ++row) {
                m_widths.unpack(m_codes, row, codes);
                for (std::size_t slice = 0; slice < codes.size(); ++slice)
                    ++part[first[m_settings.shared ? 0 : slice] + codes[slice]];
            }
            return part;
        },
        [](Counts& total, const Counts& part) {
            std::ranges::transform(total, part, total.begin(), std::plus());
        });
    const std::vector<double> coded = sliceShares(*m_tensor, varianceSharesKey, m_settings.slices);
    const std::vector<double> unrotated =
        sliceShares(*m_tensor, unrotatedSharesKey, m_settings.slices);
    std::vector<Codebook> result;
    for (std::size_t book = 0; book < m_bits.size(); ++book) {
        const Matrix& values = m_codebooks[book];
        const auto from = counts.begin() + static_cast<std::ptrdiff_t>(first[book]);
        const auto to = counts.begin() + static_cast<std::ptrdiff_t>(first[book + 1]);
        result.push_back({codebookTitle(m_settings, static_cast<Index>(book), m_bits[book]),
                          values.cols(), Counts(from, to),
                          std::vector<float>(values.data(), values.data() + values.view().size())});
        if (m_settings.shared) continue;
        if (!coded.empty()) result.back().varianceShare = coded[book];
        if (!unrotated.empty()) result.back().unrotatedShare = unrotated[book];
    }
    return result;
}

std::optional<CodeShape> PqDecoder::codeShape() const {
    return CodeShape{1, m_widths.bits(), m_settings.slices, m_rotation};
}

void PqDecoder::codes(Index firstRow, std::span<std::uint32_t> out) const {
    m_widths.unpack(m_codes, firstRow, out);
}

std::vector<float> PqDecoder::levels(Index /*row*/, Index /*column*/) const {
    return {};
}

}  // namespace quantscope::pq
