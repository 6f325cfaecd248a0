// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

#include "core/base/parallel.h"
#include "core/tensor/weight_reader.h"
#include "plugins/scalar/unit_layout.h"

namespace quantscope::scalar {

/// Calls body(first, piece) for pieces of `weights` that begin at `first` and are short enough to
/// look at the stop token between them.
template <typename Body>
void forEachPiece(std::span<const float> weights, const std::stop_token& stop, const Body& body) {
    constexpr std::size_t pieceLength = std::size_t{1} << 18;
    for (std::size_t first = 0; first < weights.size(); first += pieceLength) {
        throwIfStopped(stop);
        body(static_cast<Index>(first),
             weights.subspan(first, std::min(pieceLength, weights.size() - first)));
    }
}

/// One pass that adds up a State over all rows: calls body(state, row number, weights). The rows
/// are cut into at most 32 ranges by the shape alone, whose states are merged in order, so that the
/// sum has the same bits at any number of threads. State has merge(const State&).
template <typename State, typename Body>
State gatherRows(const WeightReader& reader, const UnitLayout& layout, const Body& body) {
    constexpr Index ranges = 32;
    constexpr Index leastWeights = Index{1} << 14;
    const Index grain =
        std::max(leastWeights / layout.cols() + 1, (layout.rows() + ranges - 1) / ranges);
    return parallelReduce(
        layout.rows(), grain, reader.stop(), State{},
        [&](Index begin, Index end) {
            State state{};
            std::vector<float> storage;
            for (Index first = begin; first < end; first += reader.rowsAtOnce()) {
                const MatrixView rows =
                    reader.read(first, std::min(reader.rowsAtOnce(), end - first), storage);
                for (Index r = 0; r < rows.rows; ++r)
                    body(state, first + r, rows.row(r));
            }
            return state;
        },
        [](State& total, const State& part) { total.merge(part); });
}

namespace detail {

// Every row is one thread's business, so different threads never meet at a unit.
template <typename State, typename Body>
void visitRows(const WeightReader& reader, const UnitLayout& layout, std::vector<State>& states,
               const Body& body) {
    parallelFor(layout.rows(), reader.rowsAtOnce(), reader.stop(), [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        for (Index r = begin; r < end; ++r) {
            const std::span<const float> row = rows.row(r - begin);
            layout.forEachRun(r, [&](Index unit, Index first, Index count) {
                const auto weights =
                    row.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
                forEachPiece(weights, reader.stop(), [&](Index at, std::span<const float> piece) {
                    body(states[static_cast<std::size_t>(unit)], piece, unit, first + at);
                });
            });
        }
    });
}

// Blocks of rows follow each other; inside one, every column is one thread's business.
template <typename State, typename Body>
void visitColumns(const WeightReader& reader, const UnitLayout& layout, std::vector<State>& states,
                  const Body& body) {
    constexpr Index columnsPerTask = 16;
    const Index step = blockRows(layout.cols());
    std::vector<float> storage;
    for (Index first = 0; first < layout.rows(); first += step) {
        const MatrixView rows = reader.read(first, std::min(step, layout.rows() - first), storage);
        parallelFor(layout.cols(), columnsPerTask, reader.stop(), [&](Index begin, Index end) {
            std::vector<float> column(static_cast<std::size_t>(rows.rows));
            for (Index c = begin; c < end; ++c) {
                for (Index r = 0; r < rows.rows; ++r)
                    column[static_cast<std::size_t>(r)] = rows(r, c);
                body(states[static_cast<std::size_t>(c)], std::span<const float>(column), c, c);
            }
        });
    }
}

}  // namespace detail

/// One pass that adds up a State for every unit: calls body(state, weights, unit, column) with runs
/// of the unit's weights, in an order that does not depend on the number of threads. A run lies in
/// a row from `column` on, or in that column with a scale per column. State has merge(const
/// State&).
template <typename State, typename Body>
std::vector<State> gatherUnits(const WeightReader& reader, const UnitLayout& layout,
                               const Body& body) {
    if (layout.wholeTensor()) {
        return {gatherRows<State>(
            reader, layout, [&](State& state, Index /*row*/, std::span<const float> weights) {
                forEachPiece(weights, reader.stop(), [&](Index at, std::span<const float> piece) {
                    body(state, piece, Index{0}, at);
                });
            })};
    }
    std::vector<State> states(static_cast<std::size_t>(layout.unitCount()));
    if (layout.byColumns()) {
        detail::visitColumns(reader, layout, states, body);
    } else {
        detail::visitRows(reader, layout, states, body);
    }
    return states;
}

}  // namespace quantscope::scalar
