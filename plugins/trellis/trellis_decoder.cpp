// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_decoder.h"

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "plugins/trellis/trellis_quantizer.h"

namespace quantscope::trellis {

namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (trellis) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

BlockLayout checkedLayout(const TrellisSettings& settings, const EncodedTensor& tensor) {
    constexpr Index largest = Index{1} << 57;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    BlockLayout layout(settings, tensor.rows, tensor.cols);
    const std::size_t size = tensor.section(TrellisQuantizer::codesSection).bytes.size();
    if (size != (layout.totalBits() + 7) / 8) {
        throw damaged("its codes have " + std::to_string(size) + " bytes");
    }
    return layout;
}

}  // namespace

void decodeRun(const TrellisSettings& settings, const TrellisCode& code,
               const BlockSchedule& schedule, const BitRing& bits, int at, std::span<float> out) {
    const MatrixView values = code.values();
    const std::uint32_t stateMask = (1U << settings.stateBits) - 1U;
    auto step = static_cast<std::size_t>(at / settings.valuesPerStep);
    int v = at % settings.valuesPerStep;
    std::uint32_t state = bits.window(schedule.ends[step], settings.stateBits);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = values(v, static_cast<Index>(state));
        if (++v < settings.valuesPerStep || i + 1 == out.size()) continue;
        v = 0;
        ++step;
        const int shift = schedule.shifts[step];
        state = (state << shift | bits.window(schedule.ends[step], shift)) & stateMask;
    }
}

TrellisDecoder::TrellisDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(TrellisSettings::from(ParameterValues(m_tensor->method.parameters))),
      m_layout(checkedLayout(m_settings, *m_tensor)),
      m_code(m_settings, *m_tensor),
      m_gains(m_settings.gains.load(*m_tensor)) {}

BitRing TrellisDecoder::ring(Index block) const {
    const std::vector<std::uint8_t>& bytes =
        m_tensor->section(TrellisQuantizer::codesSection).bytes;
    return {bytes.data() + m_layout.firstByte(block), m_layout.schedule(block).bits()};
}

TrellisDecoder::Place TrellisDecoder::placeOf(Index row, Index column) const {
    const Index cols = m_tensor->cols;
    if (m_settings.along == Along::Columns) {
        return {row / blockLength * cols + column, static_cast<int>(row % blockLength)};
    }
    const Index weight = row * cols + column;
    return {weight / blockLength, static_cast<int>(weight % blockLength)};
}

void TrellisDecoder::decodeRun(Place place, std::span<float> out) const {
    trellis::decodeRun(m_settings, m_code, m_layout.schedule(place.block), ring(place.block),
                       place.at, out);
}

void TrellisDecoder::decodeRow(Index row, std::span<float> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const Place place = placeOf(row, static_cast<Index>(done));
        const std::size_t count =
            std::min(out.size() - done,
                     static_cast<std::size_t>(m_layout.weightsOf(place.block) - place.at));
        decodeRun(place, out.subspan(done, count));
        done += count;
    }
}

void TrellisDecoder::decodeColumn(Index firstRow, Index column, std::span<float> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const Place place = placeOf(firstRow + static_cast<Index>(done), column);
        const std::size_t count =
            std::min(out.size() - done,
                     static_cast<std::size_t>(m_layout.weightsOf(place.block) - place.at));
        decodeRun(place, out.subspan(done, count));
        done += count;
    }
}

void TrellisDecoder::decode(Index firstRow, MatrixSpan out) const {
    if (m_settings.along == Along::Columns) {
        std::vector<float> column(static_cast<std::size_t>(out.rows));
        for (Index c = 0; c < out.cols; ++c) {
            decodeColumn(firstRow, c, column);
            for (Index r = 0; r < out.rows; ++r)
                out(r, c) = column[static_cast<std::size_t>(r)];
        }
    } else {
        for (Index r = 0; r < out.rows; ++r)
            decodeRow(firstRow + r, out.row(r));
    }
    for (Index r = 0; r < out.rows; ++r) {
        const double gain = gainOf(firstRow + r);
        for (float& value : out.row(r))
            value = withGain(value, gain);
    }
}

std::vector<Codebook> TrellisDecoder::codebooks() const {
    std::map<int, Codebook> books;
    for (Index block = 0; block < m_layout.blocks(); ++block) {
        const BlockSchedule& schedule = m_layout.schedule(block);
        const BitRing bits = ring(block);
        for (std::size_t step = 0; step < schedule.shifts.size(); ++step) {
            const int shift = schedule.shifts[step];
            Codebook& book = books[shift];
            book.counts.resize(std::size_t{1} << shift);
            ++book.counts[bits.window(schedule.ends[step], shift)];
        }
    }
    std::vector<Codebook> result;
    for (auto& [shift, book] : books) {
        book.name = "steps of " + std::to_string(shift) + " bits";
        book.dim = m_settings.valuesPerStep;
        result.push_back(std::move(book));
    }
    return result;
}

std::vector<float> TrellisDecoder::levels(Index row, Index column) const {
    const auto [block, at] = placeOf(row, column);
    const auto step = static_cast<std::size_t>(at / m_settings.valuesPerStep);
    const BlockSchedule& schedule = m_layout.schedule(block);
    const std::uint32_t fan = 1U << schedule.shifts[step];
    const std::uint32_t state = ring(block).window(schedule.ends[step], m_settings.stateBits);
    std::vector<float> values;
    for (std::uint32_t bits = 0; bits < fan; ++bits) {
        const std::uint32_t choice = (state & ~(fan - 1U)) | bits;
        values.push_back(
            withGain(m_code.values()(at % m_settings.valuesPerStep, static_cast<Index>(choice)),
                     gainOf(row)));
    }
    std::ranges::sort(values);
    return values;
}

}  // namespace quantscope::trellis
