// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/training_sample.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {
namespace {

constexpr Index vectorsPerCodeword = 39;

// `count` of the numbers 0 .. population-1, ascending; every choice is equally likely (selection
// sampling: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
std::vector<Index> drawSorted(Index population, Index count, Random random) {
    std::vector<Index> chosen;
    chosen.reserve(static_cast<std::size_t>(count));
    for (Index i = 0; static_cast<Index>(chosen.size()) < count; ++i) {
        const auto wanted = static_cast<double>(count - static_cast<Index>(chosen.size()));
        if (static_cast<double>(population - i) * random.uniform() < wanted) chosen.push_back(i);
    }
    return chosen;
}

float largestMagnitude(MatrixView values) {
    float largest = 0.0F;
    for (Index row = 0; row < values.rows; ++row) {
        for (const float value : values.row(row))
            largest = std::max(largest, std::abs(value));
    }
    return largest;
}

// Places the vectors of some rows that are wanted into the sample.
class Collector {
public:
    Collector(const RowVectors& layout, const std::vector<Index>& chosen, MatrixSpan sample)
        : m_layout(layout), m_chosen(chosen), m_sample(sample) {}

    void collect(Index firstRow, MatrixView rows) const {
        const Index first = firstRow * m_layout.perRow();
        const Index end = first + rows.rows * m_layout.perRow();
        if (m_chosen.empty()) {
            m_layout.cut(rows, 0, 0, m_sample.middleRows(first, end - first));
            return;
        }
        for (auto it = std::ranges::lower_bound(m_chosen, first); it != m_chosen.end() && *it < end;
             ++it) {
            m_layout.cut(rows, *it - first, 0, m_sample.middleRows(it - m_chosen.begin(), 1));
        }
    }

private:
    const RowVectors& m_layout;
    const std::vector<Index>& m_chosen;  // empty: all
    MatrixSpan m_sample;
};

std::string codewordsText(const CodebookDemand& demand) {
    const std::string owner =
        demand.codebooks == 1 ? "The codebook"
        : demand.areEqual     ? "Each of " + std::to_string(demand.codebooks) + " codebooks"
                              : "The largest of " + std::to_string(demand.codebooks) + " codebooks";
    return owner + " has " + std::to_string(Index{1} << demand.bits) + " codewords";
}

// The largest width of codes whose codewords come `each` vectors apiece.
int bitsFor(Index vectors, Index each) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(vectors / each))) - 1;
}

}  // namespace

std::vector<Index> TrainingSample::allNumbers() const {
    if (!numbers.empty()) return numbers;
    std::vector<Index> all(static_cast<std::size_t>(vectors.rows()));
    std::iota(all.begin(), all.end(), Index{0});
    return all;
}

ParameterSpec codeBitsParameter(std::string help, int most) {
    return integerParameter({"bits", "Bits per code", std::move(help), "bits"}, 8, 1, most);
}

ParameterSpec vectorLengthParameter() {
    return integerParameter(
        {"dim", "Vector length",
         "Columns per vector; rows are cut into vectors of this length, which share the codebooks. "
         "Where it does not divide the columns, the last vector of a row is filled up with zeros. "
         "0 takes whole rows.",
         "columns"},
        8, 0, 65536);
}

ParameterSpec trainingIterationsParameter(std::string help, int least) {
    return integerParameter({"iterations", "Training iterations", std::move(help)}, 25, least, 1000)
        .foldedAway();
}

ParameterSpec trainingCountParameter(const std::string& items, const std::string& from) {
    return integerParameter({"train", "Training " + items,
                             "Most " + items + " to train on; " + from +
                                 " that many are drawn at random. 0 trains on all.",
                             items},
                            131072, 0, 1e12, std::nullopt)
        .foldedAway();
}

TrainingSample drawTrainingSample(const TensorSource& weights, const RowVectors& layout,
                                  Index count, const RunContext& context) {
    assert(count > 0 && count <= layout.count());
    std::vector<Index> chosen = count < layout.count()
                                    ? drawSorted(layout.count(), count, context.random(0))
                                    : std::vector<Index>();
    TrainingSample sample{Matrix(count, layout.dim), std::move(chosen), 0};
    const Collector collector(layout, sample.numbers, sample.vectors.span());
    const WeightReader reader(weights, context.stop());
    const float largest = parallelReduce(
        weights.rows(), reader.rowsAtOnce(), context.stop(), 0.0F,
        [&](Index begin, Index end) {
            std::vector<float> storage;
            const MatrixView rows = reader.read(begin, end - begin, storage);
            collector.collect(begin, rows);
            return largestMagnitude(rows);
        },
        [](float& total, float part) { total = std::max(total, part); });
    if (largest > 0.0F) sample.exponent = std::ilogb(largest);
    const RowVectors whole{count, layout.dim, layout.dim};
    parallelFor(count, blockRows(layout.dim), context.stop(), [&](Index begin, Index end) {
        const MatrixSpan rows = sample.vectors.span().middleRows(begin, end - begin);
        whole.cut(rows, 0, sample.exponent, rows);
    });
    return sample;
}

std::string refuseTraining(const CodebookDemand& demand) {
    if (demand.trainedOn >= Index{1} << demand.bits) return {};
    std::string text = codewordsText(demand) + ", but there " +
                       (demand.trainedOn == 1 ? "is only 1 training vector. "
                                              : "are only " + std::to_string(demand.trainedOn) +
                                                    " training vectors. ");
    const int bits = bitsFor(demand.trainedOn, 1);
    if (demand.trainedOn < demand.vectors) {
        return text + "Choose a larger train or " + demand.parameter +
               " <= " + std::to_string(bits) + ".";
    }
    if (bits == 0) return text + "Choose a method that codes weights one by one, such as scalar.";
    return text + "Choose " + demand.parameter + " <= " + std::to_string(bits) + ".";
}

std::vector<std::string> trainingWarnings(const CodebookDemand& demand) {
    const Index wanted = vectorsPerCodeword << demand.bits;
    const std::string ofAll =
        std::to_string(demand.trainedOn) + " of " + std::to_string(demand.vectors);
    if (demand.trainedOn >= wanted) {
        if (demand.trainedOn == demand.vectors) return {};
        return {"Trains on " + ofAll + " vectors, drawn at random."};
    }
    std::string text = codewordsText(demand) + " and wants about " + std::to_string(wanted) +
                       " training vectors; ";
    text += demand.trainedOn < demand.vectors
                ? "train limits them to " + ofAll + ", drawn at random."
                : "you have " + std::to_string(demand.vectors) + ".";
    const int bits = bitsFor(demand.trainedOn, vectorsPerCodeword);
    if (bits > 0)
        text += " They are enough for " + demand.parameter + " <= " + std::to_string(bits) + ".";
    return {text};
}

}  // namespace quantscope
