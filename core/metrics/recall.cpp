// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metrics/recall.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/product.h"

namespace quantscope {

namespace {

/// Squared distance less the query's own norm, and the row; ordered by both, so that the nearest
/// rows are the same whatever the order in which they are offered.
using Candidate = std::pair<float, Index>;

/// The k smallest candidates seen, as a heap with the largest of them in front.
class Nearest {
public:
    explicit Nearest(Index k) : m_limit(static_cast<std::size_t>(k)) { m_heap.reserve(m_limit); }

    void offer(Candidate candidate) {
        if (m_heap.size() < m_limit) {
            m_heap.push_back(candidate);
            std::ranges::push_heap(m_heap);
        } else if (candidate < m_heap.front()) {
            std::ranges::pop_heap(m_heap);
            m_heap.back() = candidate;
            std::ranges::push_heap(m_heap);
        }
    }

    bool contains(Index row) const {
        return std::ranges::any_of(m_heap, [row](const Candidate& c) { return c.second == row; });
    }

private:
    std::size_t m_limit;
    std::vector<Candidate> m_heap;
};

float squaredNorm(std::span<const float> row) {
    return std::transform_reduce(row.begin(), row.end(), 0.0F, std::plus(),
                                 [](float value) { return value * value; });
}

void checkShapes(const QuantizedTensor& base, MatrixView queries,
                 std::span<const std::int64_t> neighbors, Index neighborsPerQuery, Index k) {
    if (queries.cols != base.cols()) {
        throw Error("The queries have " + std::to_string(queries.cols) +
                        " dimensions, but the quantized vectors have " +
                        std::to_string(base.cols()) + ".",
                    "Recall can be measured on the training vectors of the file only.");
    }
    if (k < 1 || k > neighborsPerQuery || k > base.rows()) {
        throw Error("Recall@" + std::to_string(k) + " needs " + std::to_string(k) +
                        " neighbours and rows, but there are " + std::to_string(neighborsPerQuery) +
                        " neighbours per query and " + std::to_string(base.rows()) + " rows.",
                    "Leave recall out for this file.");
    }
    if (static_cast<Index>(neighbors.size()) != queries.rows * neighborsPerQuery) {
        throw Error("The list of neighbours has " + std::to_string(neighbors.size()) +
                        " entries, but " + std::to_string(queries.rows) + " queries with " +
                        std::to_string(neighborsPerQuery) + " each were expected.",
                    "The file's neighbours do not belong to its queries.");
    }
    const auto outside = std::ranges::find_if(
        neighbors, [&](std::int64_t row) { return row < 0 || row >= base.rows(); });
    if (outside != neighbors.end()) {
        throw Error("A neighbour is row " + std::to_string(*outside) + ", but the tensor has " +
                        std::to_string(base.rows()) + " rows.",
                    "Recall can be measured on the training vectors of the file only.");
    }
}

constexpr Index waveRows = 4096;

std::vector<Nearest> search(const QuantizedTensor& base, MatrixView queries, Index k,
                            const RunContext& context) {
    constexpr Index decodeRows = 512;
    constexpr Index queriesPerTask = 64;
    const std::stop_token& stop = context.stop();
    std::vector<Nearest> nearest(static_cast<std::size_t>(queries.rows), Nearest(k));
    Matrix decoded(std::min(waveRows, base.rows()), base.cols());
    std::vector<float> norms(static_cast<std::size_t>(decoded.rows()));
    for (Index first = 0; first < base.rows(); first += waveRows) {
        const Index count = std::min(waveRows, base.rows() - first);
        parallelFor(count, decodeRows, stop, [&](Index begin, Index end) {
            base.decode(first + begin, decoded.span().middleRows(begin, end - begin));
            for (Index r = begin; r < end; ++r)
                norms[static_cast<std::size_t>(r)] = squaredNorm(decoded.view().row(r));
        });
        const StridedView<float> transposed =
            strided(decoded.view().middleRows(0, count)).transposed();
        parallelFor(queries.rows, queriesPerTask, stop, [&](Index begin, Index end) {
            Matrix distances(end - begin, count);
            for (Index q = begin; q < end; ++q)
                std::copy_n(norms.begin(), count, distances.span().row(q - begin).begin());
            addProduct(-2.0F, strided(queries.middleRows(begin, end - begin)), transposed,
                       distances.data(), count);
            for (Index q = begin; q < end; ++q) {
                Nearest& found = nearest[static_cast<std::size_t>(q)];
                for (Index r = 0; r < count; ++r)
                    found.offer({distances(q - begin, r), first + r});
            }
        });
        context.progress(static_cast<double>(first + count) / static_cast<double>(base.rows()),
                         "searching");
    }
    return nearest;
}

}  // namespace

Recall recallAt(const QuantizedTensor& base, MatrixView queries,
                std::span<const std::int64_t> neighbors, Index neighborsPerQuery, Index k,
                const RunContext& context) {
    checkShapes(base, queries, neighbors, neighborsPerQuery, k);
    Recall recall;
    if (queries.rows == 0) return recall;
    const std::vector<Nearest> nearest = search(base, queries, k, context);
    for (Index q = 0; q < queries.rows; ++q) {
        const auto truth = neighbors.subspan(static_cast<std::size_t>(q * neighborsPerQuery),
                                             static_cast<std::size_t>(k));
        const Nearest& found = nearest[static_cast<std::size_t>(q)];
        const auto hits =
            std::ranges::count_if(truth, [&](std::int64_t row) { return found.contains(row); });
        recall.atK += static_cast<double>(hits) / static_cast<double>(k);
        recall.nearestInK += found.contains(truth.front()) ? 1.0 : 0.0;
    }
    recall.atK /= static_cast<double>(queries.rows);
    recall.nearestInK /= static_cast<double>(queries.rows);
    return recall;
}

std::uint64_t searchBytes(Index cols) {
    // Decoded rows, their norms, and the distances to the queries of a task on some threads.
    constexpr std::uint64_t distances = 16 * 64;
    return static_cast<std::uint64_t>(waveRows) * sizeof(float) *
           (static_cast<std::uint64_t>(cols) + 1 + distances);
}

}  // namespace quantscope
