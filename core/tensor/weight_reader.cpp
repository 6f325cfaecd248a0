// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/weight_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/base/parallel.h"

namespace quantscope {

namespace {

// Zero times a number is zero; times infinity or NaN it is NaN, which stays in the sum. Independent
// sums let compilers use vectors.
bool allFinite(std::span<const float> values) {
    constexpr std::size_t lanes = 16;
    std::array<float, lanes> sums{};
    const float* value = values.data();
    std::size_t left = values.size();
    for (; left >= lanes; left -= lanes, value += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            sums[lane] += value[lane] * 0.0F;
    }
    for (std::size_t lane = 0; lane < left; ++lane)
        sums[lane] += value[lane] * 0.0F;
    return std::ranges::all_of(sums, [](float sum) { return sum == 0.0F; });
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
