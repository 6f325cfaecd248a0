// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/weight_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/base/parallel.h"

namespace quantscope {

namespace {

bool allFinite(std::span<const float> values) {
    // The exponent of infinities and NaN. Without branches, so that compilers can vectorise it.
    constexpr std::int32_t exponentBits = 0x7F800000;
    std::int32_t found = 0;
    for (const float value : values) {
        const std::int32_t exponent = std::bit_cast<std::int32_t>(value) & exponentBits;
        found |= exponent == exponentBits ? -1 : 0;
    }
    return found == 0;
}

[[noreturn]] void refuse(std::span<const float> row, Index rowNumber) {
    const auto found = std::ranges::find_if(row, [](float value) { return !std::isfinite(value); });
    throw Error(std::string(std::isnan(*found) ? "A weight is NaN" : "A weight is infinite") +
                    " (row " + std::to_string(rowNumber) + ", column " +
                    std::to_string(found - row.begin()) + ").",
                "Only finite weights can be quantized; replace such values in the file.");
}

}  // namespace

WeightReader::WeightReader(const TensorSource& source, std::stop_token stop)
    : m_source(source), m_stop(std::move(stop)), m_rowsAtOnce(blockRows(source.cols())) {
    if (source.inMemory().data != nullptr) m_rowsAtOnce = std::max<Index>(1, m_rowsAtOnce / 16);
}

MatrixView WeightReader::read(Index first, Index count, std::vector<float>& storage) const {
    throwIfStopped(m_stop);
    MatrixView rows = m_source.inMemory();
    if (rows.data != nullptr) {
        rows = rows.middleRows(first, count);
    } else {
        storage.resize(static_cast<std::size_t>(count * m_source.cols()));
        const MatrixSpan span(storage.data(), count, m_source.cols());
        m_source.read(first, span, m_stop);
        rows = span;
    }
    for (Index r = 0; r < count; ++r) {
        if (!allFinite(rows.row(r))) refuse(rows.row(r), first + r);
    }
    return rows;
}

void forEachRowRange(
    const TensorSource& source, Index granule, const std::stop_token& stop,
    const std::function<void(Index begin, Index end, std::span<const float> values)>& body) {
    const WeightReader reader(source, stop);
    const Index rowsAtOnce = (reader.rowsAtOnce() + granule - 1) / granule * granule;
    parallelFor(source.rows(), rowsAtOnce, stop, [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        const auto size = static_cast<std::size_t>(rows.size());
        if (rows.stride == rows.cols) return body(begin, end, {rows.data, size});
        storage.resize(size);
        for (Index r = 0; r < rows.rows; ++r)
            std::ranges::copy(rows.row(r), storage.begin() + r * rows.cols);
        body(begin, end, storage);
    });
}

}  // namespace quantscope
