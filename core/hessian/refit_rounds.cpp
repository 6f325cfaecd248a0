// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/refit_rounds.h"

#include <atomic>
#include <memory>
#include <numeric>

#include "core/base/parallel.h"
#include "core/hessian/code_descent.h"
#include "core/hessian/layer_fit.h"
#include "core/hessian/layer_loss.h"
#include "core/hessian/row_pieces.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

constexpr int passesPerRound = 4;
// Relative to the loss; rounds that gain less are not worth the next one.
constexpr double leastGain = 1e-4;

struct Losses {
    double before = 0.0;
    double after = 0.0;
};

/// Chooses the codes of some rows anew.
class PieceAgain {
public:
    PieceAgain(const Hessian& hessian, const FeedbackFactor& factor, MatrixView weights)
        : m_hessian(hessian),
          m_factor(factor),
          m_weights(factor.size, weights.rows),
          m_errors(factor.size, weights.rows) {
        for (Index j = 0; j < factor.size; ++j) {
            for (Index r = 0; r < weights.rows; ++r)
                m_weights(j, r) = weights(r, channel(j));
        }
    }

    /// False when the grid cannot go on from committed codes.
    bool run(const DescentLayer& layer, GridRows& rows, const std::stop_token& stop,
             Losses& losses) {
        Matrix values(m_factor.size, m_weights.cols());
        if (!rows.resume(values.span())) return false;
        for (Index j = 0; j < m_factor.size; ++j) {
            for (Index r = 0; r < m_weights.cols(); ++r)
                m_errors(j, r) = m_weights(j, r) - values(channel(j), r);
        }
        losses.before = losses.after = loss(stop);
        CodeDescent descent(layer, m_weights.view(), m_errors.span(), rows);
        if (!(descent.run(passesPerRound, stop) > 0.0)) return true;
        const double after = loss(stop);
        if (!(after < losses.before)) return true;
        losses.after = after;
        rows.commit();
        return true;
    }

private:
    Index channel(Index step) const { return m_factor.order[static_cast<std::size_t>(step)]; }

    double loss(const std::stop_token& stop) const {
        Matrix rows(m_errors.cols(), m_errors.rows());
        for (Index j = 0; j < m_factor.size; ++j) {
            for (Index r = 0; r < rows.rows(); ++r)
                rows(r, channel(j)) = m_errors(j, r);
        }
        const std::vector<double> losses =
            layerLosses(m_hessian, addedByDamping(m_hessian, m_factor.damping), rows.view(), stop);
        return std::accumulate(losses.begin(), losses.end(), 0.0);
    }

    const Hessian& m_hessian;
    const FeedbackFactor& m_factor;
    Matrix m_weights;
    Matrix m_errors;
};

struct Rechoice {
    Losses losses;
    bool isPossible = false;
};

Rechoice chooseCodesAnew(const TensorSource& weights, const Hessian& hessian,
                         const FeedbackFactor& factor, const DescentLayer& layer, CodeGrid& grid,
                         const RunContext& context) {
    const WeightReader reader(weights, context.stop());
    const Index rows = weights.rows();
    ProgressCounter progress(context, static_cast<double>(rows), "choosing codes anew");
    std::atomic<bool> isPossible{true};
    const auto choose = [&](Index begin, Index end) {
        Losses losses;
        std::vector<float> storage;
        PieceAgain piece(hessian, factor, reader.read(begin, end - begin, storage));
        const auto again = grid.rows(begin, end - begin);
        if (!piece.run(layer, *again, context.stop(), losses)) isPossible = false;
        progress.add(static_cast<double>(end - begin));
        return losses;
    };
    Rechoice result;
    result.losses = parallelReduce(rows, pieceRows(rows, grid.rowGranule()), context.stop(),
                                   Losses(), choose, [](Losses& sum, const Losses& part) {
                                       sum.before += part.before;
                                       sum.after += part.after;
                                   });
    result.isPossible = isPossible;
    return result;
}

}  // namespace

RefitResult refitInRounds(const TensorSource& weights, const Hessian& hessian,
                          const FeedbackFactor& factor, CodeGrid& grid, int rounds,
                          const RunContext& context) {
    const DescentLayer layer(hessian, factor, grid.columnsPerCode(), context.stop());
    RefitResult result;
    for (int round = 0; round < rounds; ++round) {
        const double from = static_cast<double>(round) / rounds;
        const double to = static_cast<double>(round + 1) / rounds;
        const double middle = (from + to) / 2.0;
        LayerFitResult fitted;
        if (const std::unique_ptr<GridFit> fit = grid.fit()) {
            result.fits = true;
            fitted = fitToLayerLoss(weights, hessian, factor.damping, *fit, {},
                                    context.part(from, middle, 0));
        }
        const Rechoice again =
            chooseCodesAnew(weights, hessian, factor, layer, grid, context.part(middle, to, 0));
        result.rechooses = again.isPossible;
        if (!result.fits && !result.rechooses) break;
        if (!result.fits) fitted.before = fitted.after = again.losses.before;
        if (round == 0) result.before = fitted.before;
        const double after = again.isPossible ? again.losses.after : fitted.after;
        result.rounds.push_back({fitted.after, after});
        if (!(fitted.before - after > leastGain * fitted.before)) break;
    }
    return result;
}

double refitRoundWork() {
    // Conjugate gradients until they end, losses in double precision, and passes of descent.
    constexpr double iterations = 20.0;
    constexpr double losses = 8.0;
    return iterations + losses + passesPerRound + 1.0;
}

}  // namespace quantscope
