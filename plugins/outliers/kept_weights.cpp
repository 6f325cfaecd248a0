// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/outliers/kept_weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/float16.h"
#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"
#include "core/tensor/tensor_source.h"

namespace quantscope::outliers {

namespace {

constexpr const char* countsSection = "outliers/counts";
constexpr const char* columnsSection = "outliers/columns";
constexpr const char* valuesSection = "outliers/values";
constexpr const char* exponentSection = "outliers/exponent";
constexpr int valueWidth = 16;

// The largest magnitude is stored below 2^15, so that the smallest are not lost.
constexpr int topExponent = 14;

int countWidth(Index cols) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(cols)));
}

int columnWidth(Index cols) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(cols - 1)));
}

float keptValue(std::uint16_t half, int exponent) {
    return toFiniteFloat(std::ldexp(static_cast<double>(fromFloat16(half)), exponent));
}

Section packed(const char* name, std::span<const std::uint32_t> codes, int width) {
    return {name, RatePart::Outliers, PackedCodes::bitCount(std::ssize(codes), width),
            PackedCodes::pack(codes, width)};
}

Error damaged() {
    return Error("The encoded tensor (outliers) is damaged: its kept weights do not fit.",
                 "Read the artifact from its original place, or quantize again.");
}

std::vector<std::uint32_t> unpacked(const EncodedTensor& tensor, const char* name, Index count,
                                    int width) {
    const std::vector<std::uint8_t>& bytes = tensor.section(name).bytes;
    if (bytes.size() != PackedCodes::byteCount(count, width)) throw damaged();
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(count));
    PackedCodes::unpack(bytes, 0, width, codes);
    return codes;
}

double columnWeight(const Hessian* hessian, Index column) {
    return hessian != nullptr ? hessian->diagonal[static_cast<std::size_t>(column)] : 1.0;
}

/// How much weights count: |w| times the root of the Hessian's diagonal, which orders as the square
/// does and does not overflow.
class Scores {
public:
    Scores(MatrixView weights, const Hessian* hessian) : m_weights(weights) {
        double largest = 0.0;
        for (Index c = 0; c < weights.cols; ++c)
            largest = std::max(largest, columnWeight(hessian, c));
        for (Index c = 0; c < weights.cols; ++c) {
            m_roots.push_back(
                // Inputs that never differ from zero say nothing: the weights alone decide.
                largest > 0.0 ? std::sqrt(std::max(0.0, columnWeight(hessian, c)) / largest) : 1.0);
        }
    }

    // Bits of floats that are not negative order as the floats do.
    std::uint32_t operator()(Index row, Index column) const {
        const double weight = std::abs(static_cast<double>(m_weights(row, column)));
        const auto score = static_cast<float>(weight * m_roots[static_cast<std::size_t>(column)]);
        return std::bit_cast<std::uint32_t>(score);
    }

private:
    MatrixView m_weights;
    std::vector<double> m_roots;
};

constexpr int digitBits = 16;
using Histogram = std::vector<Index>;

// Counts the lower digits of the scores whose upper digit is `upper`, or all upper digits.
Histogram countDigits(MatrixView weights, const Scores& scores, std::optional<std::uint32_t> upper,
                      const std::stop_token& stop) {
    const Index rowsAtOnce = std::max(blockRows(weights.cols), (weights.rows + 15) / 16);
    const auto countRows = [&](Index begin, Index end) {
        Histogram counts(std::size_t{1} << digitBits);
        for (Index r = begin; r < end; ++r) {
            throwIfStopped(stop);
            for (Index c = 0; c < weights.cols; ++c) {
                const std::uint32_t score = scores(r, c);
                const std::uint32_t first = score >> digitBits;
                if (!upper) {
                    ++counts[first];
                } else if (first == *upper) {
                    ++counts[score & ((1U << digitBits) - 1)];
                }
            }
        }
        return counts;
    };
    return parallelReduce(weights.rows, rowsAtOnce, stop, Histogram(std::size_t{1} << digitBits),
                          countRows, [](Histogram& total, const Histogram& part) {
                              std::ranges::transform(total, part, total.begin(), std::plus<>());
                          });
}

/// The score of the last weight that is kept, and how many of those with that score are.
struct Limit {
    std::uint32_t score = 0;
    Index ties = 0;
};

// The digit in which the count-th largest falls; `count` becomes its place among those.
std::uint32_t digitOf(const Histogram& counts, Index& count) {
    std::size_t digit = counts.size() - 1;
    for (; counts[digit] < count; --digit)
        count -= counts[digit];
    return static_cast<std::uint32_t>(digit);
}

Limit findLimit(MatrixView weights, const Scores& scores, Index count,
                const std::stop_token& stop) {
    const std::uint32_t upper = digitOf(countDigits(weights, scores, std::nullopt, stop), count);
    const std::uint32_t lower = digitOf(countDigits(weights, scores, upper, stop), count);
    return {upper << digitBits | lower, count};
}

}  // namespace

void KeptWeights::add(Index row, Index column, float value) {
    ++m_rowEnds[static_cast<std::size_t>(row)];
    m_columns.push_back(static_cast<std::uint32_t>(column));
    m_values.push_back(value);
}

void KeptWeights::finish() {
    std::partial_sum(m_rowEnds.begin(), m_rowEnds.end(), m_rowEnds.begin());
    float largest = 0.0F;
    for (const float value : m_values)
        largest = std::max(largest, std::abs(value));
    m_exponent = (largest > 0.0F ? std::ilogb(largest) : 0) - topExponent;
    for (float& value : m_values) {
        const auto half = toFloat16(std::ldexp(value, -m_exponent));
        value = keptValue(half, m_exponent);
    }
}

std::vector<Section> KeptWeights::sections() const {
    std::vector<std::uint32_t> counts;
    std::size_t before = 0;
    for (const std::size_t end : m_rowEnds) {
        counts.push_back(static_cast<std::uint32_t>(end - before));
        before = end;
    }
    std::vector<std::uint32_t> values;
    for (const float value : m_values)
        values.push_back(toFloat16(std::ldexp(value, -m_exponent)));
    const auto exponent = static_cast<std::uint32_t>(
        static_cast<std::uint16_t>(static_cast<std::int16_t>(m_exponent)));
    return {packed(countsSection, counts, countWidth(m_cols)),
            packed(columnsSection, m_columns, columnWidth(m_cols)),
            packed(valuesSection, values, valueWidth),
            packed(exponentSection, std::array{exponent}, valueWidth)};
}

RateLedger KeptWeights::rate(Index rows, Index cols, Index count) {
    RateLedger rate;
    const auto add = [&](Index codes, int width) {
        const std::uint64_t bits = PackedCodes::bitCount(codes, width);
        rate[RatePart::Outliers] += bits;
        rate[RatePart::Padding] += (8 - bits % 8) % 8;
    };
    add(rows, countWidth(cols));
    add(count, columnWidth(cols));
    add(count, valueWidth);
    add(1, valueWidth);
    return rate;
}

KeptWeights KeptWeights::load(const EncodedTensor& tensor) {
    KeptWeights kept(0, tensor.cols);
    const std::vector<std::uint32_t> counts =
        unpacked(tensor, countsSection, tensor.rows, countWidth(tensor.cols));
    std::size_t total = 0;
    for (const std::uint32_t count : counts) {
        if (static_cast<Index>(count) > tensor.cols) throw damaged();
        kept.m_rowEnds.push_back(total += count);
    }
    const auto size = static_cast<Index>(total);
    kept.m_columns = unpacked(tensor, columnsSection, size, columnWidth(tensor.cols));
    const auto outside = [&](std::uint32_t column) {
        return static_cast<Index>(column) >= tensor.cols;
    };
    if (std::ranges::any_of(kept.m_columns, outside)) throw damaged();
    const std::uint32_t exponent = unpacked(tensor, exponentSection, 1, valueWidth).front();
    kept.m_exponent = static_cast<std::int16_t>(static_cast<std::uint16_t>(exponent));
    for (const std::uint32_t half : unpacked(tensor, valuesSection, size, valueWidth)) {
        const auto bits = static_cast<std::uint16_t>(half);
        if (!std::isfinite(fromFloat16(bits))) throw damaged();
        kept.m_values.push_back(keptValue(bits, kept.m_exponent));
    }
    return kept;
}

Index keptCount(double percent, Index total) {
    return std::min(total,
                    static_cast<Index>(std::llround(percent / 100.0 * static_cast<double>(total))));
}

KeptWeights largestWeights(MatrixView weights, const Hessian* hessian, Index count,
                           const std::stop_token& stop) {
    KeptWeights kept(weights.rows, weights.cols);
    if (count > 0) {
        const Scores scores(weights, hessian);
        Limit limit = findLimit(weights, scores, count, stop);
        for (Index r = 0; r < weights.rows; ++r) {
            throwIfStopped(stop);
            for (Index c = 0; c < weights.cols; ++c) {
                const std::uint32_t score = scores(r, c);
                if (score > limit.score || (score == limit.score && limit.ties-- > 0)) {
                    kept.add(r, c, weights(r, c));
                }
            }
        }
    }
    kept.finish();
    return kept;
}

KeptWeights largestColumns(MatrixView weights, const Hessian* hessian, Index count,
                           const std::stop_token& stop) {
    std::vector<double> scores(static_cast<std::size_t>(weights.cols));
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(stop);
        for (Index c = 0; c < weights.cols; ++c) {
            const auto weight = static_cast<double>(weights(r, c));
            scores[static_cast<std::size_t>(c)] += weight * weight * columnWeight(hessian, c);
        }
    }
    std::vector<Index> columns(scores.size());
    std::iota(columns.begin(), columns.end(), Index{0});
    std::ranges::stable_sort(columns, std::greater<>(),
                             [&](Index c) { return scores[static_cast<std::size_t>(c)]; });
    columns.resize(static_cast<std::size_t>(count));
    std::ranges::sort(columns);
    KeptWeights kept(weights.rows, weights.cols);
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(stop);
        for (const Index column : columns)
            kept.add(r, column, weights(r, column));
    }
    kept.finish();
    return kept;
}

}  // namespace quantscope::outliers
