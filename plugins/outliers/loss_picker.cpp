// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/outliers/loss_picker.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/hessian/layer_loss.h"
#include "core/hessian/stoppable_product.h"
#include "core/tensor/tensor_source.h"
#include "plugins/outliers/kept_repair.h"
#include "plugins/outliers/kept_weights.h"

namespace quantscope::outliers {

namespace {

constexpr int picksPerRound = 4;
constexpr int mostSweeps = 12;
// Few enough for a stop to come in time.
constexpr Index rowsAtOnce = 16;

// A factor c for which c diag(H) - H is positive semidefinite: at least the largest eigenvalue of H
// scaled to a diagonal of ones, by Gershgorin's circles or by the root of the sum of its squares.
double diagonalBound(const Hessian& hessian, const std::stop_token& stop) {
    struct Sums {
        double circle = 0.0;
        double squares = 0.0;
    };
    const auto size = static_cast<std::size_t>(hessian.size);
    std::vector<double> roots(size);
    std::ranges::transform(hessian.diagonal, roots.begin(),
                           [](double value) { return value > 0.0 ? std::sqrt(value) : 0.0; });
    const auto sumRows = [&](Index begin, Index end) {
        Sums sums;
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            double circle = 0.0;
            for (std::size_t j = 0; j < size; ++j) {
                const double scale = roots[i] * roots[j];
                if (!(scale > 0.0)) continue;
                const double share = std::abs(hessian.full[i * size + j]) / scale;
                circle += share;
                sums.squares += share * share;
            }
            sums.circle = std::max(sums.circle, circle);
        }
        return sums;
    };
    const Sums all = parallelReduce(hessian.size, rowsAtOnce, stop, Sums(), sumRows,
                                    [](Sums& total, const Sums& part) {
                                        total.circle = std::max(total.circle, part.circle);
                                        total.squares += part.squares;
                                    });
    return std::max(1.0, std::min(all.circle, std::sqrt(all.squares)));
}

/// A matrix with few entries, row by row.
using RowEntries = std::vector<std::pair<Index, double>>;
using Entries = std::vector<RowEntries>;

Entries entriesAt(const KeptWeights& places, MatrixView values, const std::stop_token& stop) {
    Entries entries(static_cast<std::size_t>(values.rows));
    for (Index r = 0; r < values.rows; ++r) {
        throwIfStopped(stop);
        places.forEachIn(r, [&](Index column, float) {
            entries[static_cast<std::size_t>(r)].emplace_back(column, values(r, column));
        });
    }
    return entries;
}

bool samePlaces(const Entries& a, const Entries& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return std::ranges::equal(x, y, {}, &std::pair<Index, double>::first,
                                  &std::pair<Index, double>::first);
    });
}

/// Picks the entries of S for what the base decoded to.
class Picking {
public:
    Picking(const RepairCase& state, const Hessian& hessian, Index count,
            const std::stop_token& stop)
        : m_state(state),
          m_hessian(hessian),
          m_count(count),
          m_bound(diagonalBound(hessian, stop)),
          m_stop(stop),
          m_stepped(state.weights.rows, state.weights.cols) {}

    Entries pick(Entries entries) {
        update(entries, true);
        for (int i = 0; i < picksPerRound; ++i) {
            const KeptWeights places =
                largestWeights(m_stepped.view(), &m_hessian, m_count, m_stop);
            Entries next = entriesAt(places, m_stepped.view(), m_stop);
            if (samePlaces(entries, next)) break;
            entries = std::move(next);
            update(entries, false);
        }
        return entries;
    }

private:
    // Finds the best values of the entries, and what a step of the gradient makes of all weights.
    // `either` starts every row from the better of two: the entries as they are, which are what the
    // base's feedback made up for, and those that leave no error at their places.
    void update(Entries& entries, bool either) {
        parallelFor(m_state.weights.rows, rowsAtOnce, m_stop, [&](Index begin, Index end) {
            const auto own = std::span(entries).subspan(static_cast<std::size_t>(begin),
                                                        static_cast<std::size_t>(end - begin));
            Block block = errorsOf(begin, own);
            if (either) takeExactWhereBetter(begin, own, block);
            for (Index r = begin; r < end; ++r) {
                throwIfStopped(m_stop);
                RowEntries& row = own[static_cast<std::size_t>(r - begin)];
                descend(block, r - begin, row);
                step(block, r - begin, row, m_stepped.span().row(r));
            }
        });
    }

    /// Errors of some rows, and their products with the Hessian.
    struct Block {
        Index cols = 0;
        std::vector<double> errors;
        std::vector<double> gradients;  ///< E H

        double* error(Index row) { return errors.data() + row * cols; }
        double* gradient(Index row) { return gradients.data() + row * cols; }
        double lossOf(Index row) const {
            double sum = 0.0;
            for (Index c = row * cols; c < (row + 1) * cols; ++c)
                sum += errors[static_cast<std::size_t>(c)] * gradients[static_cast<std::size_t>(c)];
            return sum;
        }
        void take(Index row, const Block& other) {
            std::copy_n(other.errors.data() + row * cols, cols, error(row));
            std::copy_n(other.gradients.data() + row * cols, cols, gradient(row));
        }
    };

    // Gives the entries of rows firstRow ... the values that leave no error at their places.
    void takeExactWhereBetter(Index firstRow, std::span<RowEntries> entries, Block& block) const {
        Entries exact(entries.begin(), entries.end());
        for (std::size_t r = 0; r < exact.size(); ++r) {
            for (auto& [column, value] : exact[r])
                value = unrepaired(firstRow + static_cast<Index>(r), column);
        }
        const Block other = errorsOf(firstRow, exact);
        for (std::size_t r = 0; r < exact.size(); ++r) {
            const auto row = static_cast<Index>(r);
            if (!(other.lossOf(row) < block.lossOf(row))) continue;
            block.take(row, other);
            entries[r] = std::move(exact[r]);
        }
    }

    double unrepaired(Index row, Index column) const {
        return static_cast<double>(m_state.weights(row, column)) -
               static_cast<double>(m_state.decoded(row, column));
    }

    // Of rows firstRow ... with these entries.
    Block errorsOf(Index firstRow, std::span<const RowEntries> entries) const {
        Block block{m_hessian.size, {}, {}};
        const auto rows = std::ssize(entries);
        for (Index r = 0; r < rows; ++r) {
            for (Index c = 0; c < block.cols; ++c)
                block.errors.push_back(unrepaired(firstRow + r, c));
            for (const auto& [column, value] : entries[static_cast<std::size_t>(r)])
                block.error(r)[column] -= value;
        }
        block.gradients.assign(block.errors.size(), 0.0);
        const Index cols = block.cols;
        addProductUntilStopped<double>(1.0, {block.errors.data(), rows, cols, cols, 1},
                                       {m_hessian.full.data(), cols, cols, cols, 1},
                                       block.gradients.data(), cols, m_stop);
        return block;
    }

    // One entry after the other becomes what is best with all others as they are.
    void descend(Block& block, Index row, std::vector<std::pair<Index, double>>& entries) const {
        constexpr double leastGain = 1e-6;
        double* const error = block.error(row);
        double* const gradient = block.gradient(row);
        const double loss = block.lossOf(row);
        for (int sweep = 0; sweep < mostSweeps; ++sweep) {
            double gain = 0.0;
            for (auto& [column, value] : entries) {
                const double weight = m_hessian.diagonal[static_cast<std::size_t>(column)];
                if (!(weight > 0.0)) continue;
                // A row may keep thousands of entries.
                throwIfStopped(m_stop);
                const double change = gradient[column] / weight;
                gain += change * change * weight;
                value += change;
                error[column] -= change;
                const double* const h = m_hessian.full.data() + column * m_hessian.size;
                for (Index c = 0; c < block.cols; ++c)
                    gradient[c] -= change * h[c];
            }
            if (gain <= leastGain * loss) break;
        }
    }

    void step(Block& block, Index row, const std::vector<std::pair<Index, double>>& entries,
              std::span<float> out) const {
        const double* const gradient = block.gradient(row);
        std::vector<double> values(out.size());
        for (std::size_t c = 0; c < out.size(); ++c) {
            const double weight = m_bound * m_hessian.diagonal[c];
            if (weight > 0.0) values[c] = gradient[c] / weight;
        }
        for (const auto& [column, value] : entries)
            values[static_cast<std::size_t>(column)] += value;
        std::ranges::transform(values, out.begin(), toFiniteFloat);
    }

    const RepairCase& m_state;
    const Hessian& m_hessian;
    Index m_count;
    double m_bound;
    std::stop_token m_stop;
    Matrix m_stepped;  ///< S + E H / (c d).
};

bool startsFromSize(const ParameterValues& values) {
    return values.choice("start") == "size";
}

Index countOf(const ParameterValues& values, Index weights) {
    return keptCount(values.real("percent"), weights);
}

// What the base was not given.
Entries entriesOf(const RepairCase& state, const std::stop_token& stop) {
    Entries entries(static_cast<std::size_t>(state.weights.rows));
    for (Index r = 0; r < state.weights.rows; ++r) {
        throwIfStopped(stop);
        for (Index c = 0; c < state.weights.cols; ++c) {
            const double value =
                static_cast<double>(state.weights(r, c)) - static_cast<double>(state.target(r, c));
            if (value != 0.0) entries[static_cast<std::size_t>(r)].emplace_back(c, value);
        }
    }
    return entries;
}

KeptWeights kept(const Entries& entries, MatrixView decoded, const std::stop_token& stop) {
    KeptWeights result(decoded.rows, decoded.cols);
    for (Index r = 0; r < decoded.rows; ++r) {
        throwIfStopped(stop);
        for (const auto& [column, value] : entries[static_cast<std::size_t>(r)]) {
            result.add(r, column, toFiniteFloat(static_cast<double>(decoded(r, column)) + value));
        }
    }
    result.finish();
    return result;
}

double lossWith(const KeptWeights& keptWeights, const RepairCase& state,
                const std::shared_ptr<const Hessian>& hessian, const std::stop_token& stop) {
    Matrix errors(state.weights.rows, state.weights.cols);
    for (Index r = 0; r < errors.rows(); ++r) {
        throwIfStopped(stop);
        for (Index c = 0; c < errors.cols(); ++c)
            errors(r, c) = state.weights(r, c) - state.decoded(r, c);
        keptWeights.forEachIn(r, [&](Index column, float value) {
            errors(r, column) = state.weights(r, column) - value;
        });
    }
    return layerLoss(errors.view(), hessian, stop);
}

std::string refusal(const SideInformation& side) {
    if (!side.hessian) {
        return "Picking by the layer loss needs the Hessian of the layer's inputs, and there is "
               "none for this tensor. Name a file with --hessians (the calibrate command makes "
               "one), or choose pick=size.";
    }
    if (!side.hessian->isFull()) {
        return "Only the diagonal of the Hessian is known, and with it picking by the layer loss "
               "has nothing to add to picking by size. Give the full matrix, or choose pick=size.";
    }
    return {};
}

}  // namespace

TransformCost LossPicker::cost(const ParameterValues& values, Index rows, Index cols,
                               const SideInformation& side) const {
    TransformCost cost;
    cost.refusal = refusal(side);
    const Index count = countOf(values, rows * cols);
    cost.rate = KeptWeights::rate(rows, cols, count);
    const double products = static_cast<double>(rows * cols) * static_cast<double>(cols);
    const double sweeps = mostSweeps * static_cast<double>(count) * static_cast<double>(cols);
    cost.multiplyAdds = (picksPerRound + 3.0) * products + (picksPerRound + 1.0) * sweeps;
    cost.workingBytes = static_cast<std::uint64_t>(rows * cols) * 2 * sizeof(float) +
                        static_cast<std::uint64_t>(count) * 6 * sizeof(double);
    return cost;
}

int LossPicker::rounds(const ParameterValues& values) const {
    return static_cast<int>(
        std::clamp<std::int64_t>(values.integer("rounds"), 1, mostPickingRounds));
}

std::shared_ptr<const Hessian> LossPicker::judge(const ParameterValues& /*values*/,
                                                 const SideInformation& side) const {
    return side.hessian;
}

Matrix LossPicker::firstTarget(const ParameterValues& values, MatrixView weights,
                               const SideInformation& side, const RunContext& context) const {
    const std::string refused = refusal(side);
    if (!refused.empty()) throw Error(refused);
    Matrix target(weights.rows, weights.cols);
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(context.stop());
        std::ranges::copy(weights.row(r), target.span().row(r).begin());
    }
    if (!startsFromSize(values)) return target;
    const KeptWeights largest = largestWeights(weights, side.hessian.get(),
                                               countOf(values, weights.size()), context.stop());
    for (Index r = 0; r < weights.rows; ++r)
        largest.forEachIn(r, [&](Index column, float) { target(r, column) = 0.0F; });
    return target;
}

FittedRepair LossPicker::fit(const ParameterValues& values, const RepairCase& state,
                             const SideInformation& side, const RunContext& context) const {
    const std::stop_token& stop = context.stop();
    const Index count = countOf(values, state.weights.size());
    Entries entries = Picking(state, *side.hessian, count, stop).pick(entriesOf(state, stop));
    KeptWeights picked = kept(entries, state.decoded, stop);
    if (state.round == 0 && startsFromSize(values)) {
        // What picking by size would store; rounding may make the difference.
        KeptWeights bySize = largestWeights(state.weights, side.hessian.get(), count, stop);
        if (lossWith(bySize, state, side.hessian, stop) <
            lossWith(picked, state, side.hessian, stop)) {
            picked = std::move(bySize);
        }
    }
    FittedRepair fitted;
    fitted.nextTarget = Matrix(state.weights.rows, state.weights.cols);
    for (Index r = 0; r < state.weights.rows; ++r) {
        throwIfStopped(stop);
        std::ranges::copy(state.weights.row(r), fitted.nextTarget.span().row(r).begin());
        picked.forEachIn(r, [&](Index column, float value) {
            fitted.nextTarget(r, column) =
                toFiniteFloat(static_cast<double>(state.weights(r, column)) - value +
                              static_cast<double>(state.decoded(r, column)));
        });
    }
    fitted.repair = std::make_unique<KeptRepair>(std::move(picked));
    return fitted;
}

}  // namespace quantscope::outliers
