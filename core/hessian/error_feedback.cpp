// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/error_feedback.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/hessian/code_descent.h"
#include "core/hessian/row_pieces.h"
#include "core/kernels/product.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

// Feedback from all columns before a block comes as one product ("lazy"), inside it from strips.
constexpr Index blockColumns = 128;
constexpr Index stripColumns = 24;
// Rows of which the loss of rounding to nearest is measured as well.
constexpr Index sampledRows = 256;

/// What every piece of rows needs.
struct Task {
    const FeedbackFactor& factor;
    CodeGrid& grid;
    const FeedbackOptions& options;
    std::stop_token stop;
    std::optional<DescentLayer> descent;
};

void addScaled(float factor, std::span<const float> x, std::span<float> y) {
    for (std::size_t i = 0; i < x.size(); ++i)
        y[i] += factor * x[i];
}

/// One piece of rows; matrices have the channels as rows, in the order of the steps.
class Piece {
public:
    Piece(const Task& task, MatrixView weights, Index firstRow)
        : m_task(task),
          m_rows(weights.rows),
          m_size(weights.cols),
          m_weights(m_size, m_rows),
          m_errors(m_size, m_rows),
          m_grid(task.grid.rows(firstRow, weights.rows)) {
        for (Index j = 0; j < m_size; ++j) {
            const Index column = channel(j);
            for (Index r = 0; r < m_rows; ++r)
                m_weights(j, r) = weights(r, column);
        }
    }

    /// Loss of rounding every channel to nearest; nothing stays of it.
    double nearestLoss(Index firstRow) {
        const auto rows = m_task.grid.rows(firstRow, m_rows);
        const Index step = m_task.grid.columnsPerCode();
        for (Index j = 0; j < m_size; j += step) {
            throwIfStopped(m_task.stop);
            const Index count = std::min(step, m_size - j);
            rows->round(channel(j), m_weights.view().middleRows(j, count),
                        m_errors.span().middleRows(j, count));
        }
        for (Index i = 0; i < m_errors.view().size(); ++i)
            m_errors.data()[i] = m_weights.data()[i] - m_errors.data()[i];
        return lossOfErrors();
    }

    /// Chooses all codes; adds to the loss of each step.
    void round(std::vector<double>& losses) {
        const Index unit = m_task.options.refit ? m_task.grid.refitColumns() : 0;
        const Index step = m_task.grid.columnsPerCode();
        const Index width = unit > 0 ? unit : std::max(step, blockColumns / step * step);
        for (Index first = 0; first < m_size; first += width) {
            const Index count = std::min(width, m_size - first);
            Matrix targets = withFeedback(first, count);
            if (unit > 0) m_grid->refit(first, targets.view());
            roundBlock(first, targets.span(), losses);
        }
    }

    /// Coordinate descent over the layer loss, after round(); returns how much the loss fell.
    double descend() {
        const double before = lossOfErrors();
        CodeDescent descent(*m_task.descent, m_weights.view(), m_errors.span(), *m_grid);
        descent.run(m_task.options.descentPasses, m_task.stop);
        return before - lossOfErrors();
    }

    double lossOfErrors() const {
        double loss = 0.0;
        for (Index first = 0; first < m_size; first += blockColumns) {
            throwIfStopped(m_task.stop);
            const Index count = std::min(blockColumns, m_size - first);
            // r_j = e_j + sum_{k<j} e_k M_kj
            Matrix residuals(count, m_rows);
            for (Index j = 0; j < count; ++j)
                std::ranges::copy(m_errors.view().row(first + j), residuals.span().row(j).begin());
            addProduct(1.0F, coefficients(first, count, 0, first + count),
                       strided(m_errors.view().middleRows(0, first + count)), residuals.data(),
                       m_rows);
            for (Index j = 0; j < count; ++j)
                loss += pivot(first + j) * squaredNorm(residuals.view().row(j));
        }
        return loss;
    }

    void commit() { m_grid->commit(); }

private:
    Index channel(Index step) const { return m_task.factor.order[static_cast<std::size_t>(step)]; }
    double pivot(Index step) const { return m_task.factor.pivots[static_cast<std::size_t>(step)]; }
    StridedView<float> coefficients(Index first, Index count, Index from, Index terms) const {
        return {m_task.factor.row(first) + from, count, terms, m_size, 1};
    }

    // Weights of channels first ... plus the errors of all channels before them.
    Matrix withFeedback(Index first, Index count) const {
        Matrix targets(count, m_rows);
        std::copy_n(m_weights.data() + first * m_rows, count * m_rows, targets.data());
        if (first > 0) {
            addProduct(1.0F, coefficients(first, count, 0, first),
                       strided(m_errors.view().middleRows(0, first)), targets.data(), m_rows);
        }
        return targets;
    }

    void roundBlock(Index first, MatrixSpan targets, std::vector<double>& losses) {
        const Index step = m_task.grid.columnsPerCode();
        const Index width = std::max(step, stripColumns / step * step);
        for (Index strip = 0; strip < targets.rows; strip += width) {
            throwIfStopped(m_task.stop);
            const Index count = std::min(width, targets.rows - strip);
            for (Index j = strip; j < strip + count; j += step)
                roundCode(first, j, strip + count, targets, losses);
            const Index rest = strip + count;
            if (rest == targets.rows) break;
            addProduct(1.0F, coefficients(first + rest, targets.rows - rest, first + strip, count),
                       strided(m_errors.view().middleRows(first + strip, count)),
                       targets.row(rest).data(), m_rows);
        }
    }

    // Rounds the channels of one code; their errors reach the rest of the strip at once.
    void roundCode(Index first, Index j, Index stripEnd, MatrixSpan targets,
                   std::vector<double>& losses) {
        const Index count = std::min(m_task.grid.columnsPerCode(), stripEnd - j);
        const MatrixSpan rounded = m_errors.span().middleRows(first + j, count);
        if (count == 1) {
            m_grid->round(channel(first + j), targets.middleRows(j, 1), rounded);
        } else {
            const Matrix centre = centreOfCode(first + j, targets.middleRows(j, count));
            m_grid->roundInMetric(channel(first + j), centre.view(),
                                  metricOfCode(first + j, count).view(), rounded);
        }
        for (Index i = 0; i < count; ++i) {
            const Index at = first + j + i;
            const std::span<const float> weights = m_weights.view().row(at);
            const std::span<float> errors = m_errors.span().row(at);
            const std::span<float> residual = targets.row(j + i);
            for (std::size_t r = 0; r < errors.size(); ++r) {
                residual[r] -= errors[r];
                errors[r] = weights[r] - errors[r];
            }
            losses[static_cast<std::size_t>(at)] += pivot(at) * squaredNorm(residual);
            for (Index k = j + i + 1; k < stripEnd; ++k)
                addScaled(m_task.factor.row(first + k)[at], errors, targets.row(k));
        }
    }

    // The loss of the channels of one code is sum_j D_j |e_j + f_j + sum_{k<j} e_k M_kj|^2 with the
    // feedback f_j of all channels before the code. It is 0 at e = -f (I + M)^-1, M between the
    // channels of the code alone: the point that the code should be near (block LDLQ, Tseng et al.,
    // "QuIP#", 2024, section 4.1).
    Matrix centreOfCode(Index at, MatrixSpan targets) const {
        Matrix centre(targets.rows, targets.cols);
        for (Index i = 0; i < targets.rows; ++i) {
            const std::span<float> feedback = centre.span().row(i);
            const std::span<const float> weights = m_weights.view().row(at + i);
            for (std::size_t r = 0; r < feedback.size(); ++r)
                feedback[r] = targets.row(i)[r] - weights[r];
            for (Index k = 0; k < i; ++k)
                addScaled(-m_task.factor.row(at + i)[at + k], centre.view().row(k), feedback);
        }
        for (Index i = 0; i < targets.rows; ++i)
            addScaled(1.0F, m_weights.view().row(at + i), centre.span().row(i));
        return centre;
    }

    // F with F F^T = (I + M) D (I + M)^T between the channels of a code: away from the centre by d,
    // their loss is |d F|^2.
    Matrix metricOfCode(Index at, Index count) const {
        Matrix factor(count, count);
        for (Index j = 0; j < count; ++j) {
            const auto root = static_cast<float>(std::sqrt(pivot(at + j)));
            for (Index k = 0; k < j; ++k)
                factor(k, j) = m_task.factor.row(at + j)[at + k] * root;
            factor(j, j) = root;
        }
        return factor;
    }

    const Task& m_task;
    Index m_rows;
    Index m_size;
    Matrix m_weights;
    Matrix m_errors;  ///< W - Q where codes are chosen.
    std::unique_ptr<GridRows> m_grid;
};

void checkCodes(const CodeGrid& grid, const FeedbackFactor& factor) {
    const Index step = grid.columnsPerCode();
    if (step == 1) return;
    for (Index j = 0; j < factor.size; ++j) {
        if (factor.order[static_cast<std::size_t>(j)] == j) continue;
        throw Error("A code of the base method stands for " + std::to_string(step) +
                        " consecutive channels, which the chosen order would tear apart.",
                    "Choose order=natural.");
    }
}

}  // namespace

FeedbackResult roundWithFeedback(const TensorSource& weights, const Hessian& hessian,
                                 const FeedbackFactor& factor, CodeGrid& grid,
                                 const FeedbackOptions& options, const RunContext& context) {
    checkCodes(grid, factor);
    Task task{factor, grid, options, context.stop(), {}};
    if (options.descentPasses > 0)
        task.descent.emplace(hessian, factor, grid.columnsPerCode(), context.stop());
    const WeightReader reader(weights, context.stop());
    const Index rows = weights.rows();
    const Index piece = pieceRows(rows, grid.rowGranule());
    const Index pieces = (rows + piece - 1) / piece;
    // Pieces evenly spread over the rows are measured.
    const Index stride = std::max<Index>(1, pieces * piece / sampledRows);
    ProgressCounter progress(context, static_cast<double>(rows), "rounding with feedback");
    FeedbackResult zero;
    zero.columnLosses.resize(static_cast<std::size_t>(factor.size));
    FeedbackResult total = parallelReduce(
        rows, piece, context.stop(), zero,
        [&](Index begin, Index end) {
            std::vector<float> storage;
            Piece part(task, reader.read(begin, end - begin, storage), begin);
            FeedbackResult result = zero;
            const bool measured = begin / piece % stride == 0;
            if (measured) result.nearestLoss = part.nearestLoss(begin);
            part.round(result.columnLosses);
            result.loss =
                std::accumulate(result.columnLosses.begin(), result.columnLosses.end(), 0.0);
            if (options.descentPasses > 0) result.descentGain = part.descend();
            if (measured) result.sampledLoss = result.loss - result.descentGain;
            part.commit();
            progress.add(static_cast<double>(end - begin));
            return result;
        },
        [](FeedbackResult& sum, const FeedbackResult& part) {
            std::ranges::transform(sum.columnLosses, part.columnLosses, sum.columnLosses.begin(),
                                   std::plus());
            sum.loss += part.loss;
            sum.descentGain += part.descentGain;
            sum.sampledLoss += part.sampledLoss;
            sum.nearestLoss += part.nearestLoss;
        });
    return total;
}

std::uint64_t feedbackBytes(Index rows, Index cols) {
    constexpr std::uint64_t threads = 16;
    constexpr std::uint64_t matrices = 3;
    constexpr Index mostRows = 256;
    return threads * matrices * static_cast<std::uint64_t>(std::min(rows, mostRows) * cols) *
           sizeof(float);
}

}  // namespace quantscope
