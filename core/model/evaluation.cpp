// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/evaluation.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/exponentials.h"

namespace quantscope {

namespace {

// Positions whose logits are held at a time.
constexpr Index logitPositions = 64;

/// Sum and sum of squares of one figure.
struct Sums {
    double total = 0.0;
    double squares = 0.0;

    void add(double value) {
        total += value;
        squares += value * value;
    }
};

struct RowSums {
    Sums loss;
    Sums divergence;
};

double divergenceOf(std::span<const float> model, double modelSum,
                    std::span<const float> reference) {
    const double referenceSum = logSumExp(reference);
    double total = 0.0;
    std::vector<float> chances(reference.begin(), reference.end());
    softmax(chances);
    for (std::size_t i = 0; i < chances.size(); ++i) {
        total += static_cast<double>(chances[i]) *
                 (static_cast<double>(reference[i]) - static_cast<double>(model[i]));
    }
    // The chances sum to 1 but for rounding, so the two logarithms stand outside the sum.
    return total - referenceSum + modelSum;
}

// What a row's hidden states predict, beside those of a reference if there is one (not null).
RowSums evaluateRow(const ForwardPass& model, const Matrix& hidden, const ForwardPass* reference,
                    const Matrix* referenceHidden, std::span<const std::int32_t> tokens,
                    const std::stop_token& stop) {
    const Index vocabulary = model.model().config().vocabulary;
    Matrix logits(logitPositions, vocabulary);
    Matrix referenceLogits(reference != nullptr ? logitPositions : 0, vocabulary);
    RowSums sums;
    const Index predictions = hidden.rows() - 1;
    for (Index first = 0; first < predictions; first += logitPositions) {
        throwIfStopped(stop);
        const Index count = std::min(logitPositions, predictions - first);
        model.logits(hidden.view().middleRows(first, count), logits.span().middleRows(0, count));
        if (reference != nullptr) {
            reference->logits(referenceHidden->view().middleRows(first, count),
                              referenceLogits.span().middleRows(0, count));
        }
        for (Index r = 0; r < count; ++r) {
            const std::span<const float> row = logits.view().row(r);
            const double logSum = logSumExp(row);
            const auto next =
                static_cast<std::size_t>(tokens[static_cast<std::size_t>(first + r + 1)]);
            sums.loss.add(logSum - static_cast<double>(row[next]));
            if (reference != nullptr) {
                sums.divergence.add(divergenceOf(row, logSum, referenceLogits.view().row(r)));
            }
        }
    }
    return sums;
}

// Standard error of the mean of `perRow` predictions in each of the rows.
double standardError(std::span<const RowSums> rows, Sums RowSums::*figure, double perRow) {
    const auto count = static_cast<double>(rows.size());
    Sums sums;
    for (const RowSums& row : rows)
        sums.add((row.*figure).total / perRow);
    double number = count;
    if (rows.size() == 1) {
        sums = rows.front().*figure;
        number = perRow;
    }
    if (number < 2.0) return 0.0;
    const double mean = sums.total / number;
    const double variance = (sums.squares - number * mean * mean) / (number - 1.0);
    return std::sqrt(std::max(0.0, variance) / number);
}

// `sumsOf` a row of tokens, for `count` rows of `length`.
Evaluation evaluateRows(Index count, Index length, const std::function<RowSums(Index)>& sumsOf,
                        const RunContext& context) {
    std::vector<RowSums> rows(static_cast<std::size_t>(count));
    std::atomic<Index> done = 0;
    parallelFor(count, 1, context.stop(), [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) {
            rows[static_cast<std::size_t>(r)] = sumsOf(r);
            const Index finished = ++done;
            context.progress(static_cast<double>(finished) / static_cast<double>(count),
                             "evaluating");
        }
    });
    Evaluation result;
    result.predictions = count * (length - 1);
    double loss = 0.0;
    double divergence = 0.0;
    for (const RowSums& row : rows) {
        loss += row.loss.total;
        divergence += row.divergence.total;
    }
    const auto predictions = static_cast<double>(result.predictions);
    const auto perRow = static_cast<double>(length - 1);
    result.meanLoss = loss / predictions;
    result.perplexity = std::exp(result.meanLoss);
    result.standardError = result.perplexity * standardError(rows, &RowSums::loss, perRow);
    result.divergence = divergence / predictions;
    result.divergenceError = standardError(rows, &RowSums::divergence, perRow);
    return result;
}

}  // namespace

Evaluation evaluate(const ForwardPass& model, const TokenRows& tokens, const RunContext& context) {
    const auto sumsOf = [&](Index row) {
        const Matrix hidden = model.hiddenStates(tokens.row(row), context.stop());
        return evaluateRow(model, hidden, nullptr, nullptr, tokens.row(row), context.stop());
    };
    return evaluateRows(tokens.rows, tokens.length, sumsOf, context);
}

Evaluation evaluate(const ForwardPass& model, const ReferenceStates& reference,
                    const RunContext& context) {
    std::vector<Index> rows(static_cast<std::size_t>(reference.tokens().rows));
    std::iota(rows.begin(), rows.end(), Index{0});
    return evaluate(model, reference, rows, context);
}

Evaluation evaluate(const ForwardPass& model, const ReferenceStates& reference,
                    std::span<const Index> rows, const RunContext& context) {
    const TokenRows& tokens = reference.tokens();
    const auto sumsOf = [&](Index i) {
        const Index row = rows[static_cast<std::size_t>(i)];
        const Matrix hidden = model.hiddenStates(tokens.row(row), context.stop());
        const auto referenceHidden = reference.hiddenStates(row, context.stop());
        return evaluateRow(model, hidden, &reference.pass(), referenceHidden.get(), tokens.row(row),
                           context.stop());
    };
    return evaluateRows(static_cast<Index>(rows.size()), tokens.length, sumsOf, context);
}

Evaluation evaluate(const ReferenceStates& reference, const RunContext& context) {
    const TokenRows& tokens = reference.tokens();
    const auto sumsOf = [&](Index row) {
        const auto hidden = reference.hiddenStates(row, context.stop());
        return evaluateRow(reference.pass(), *hidden, nullptr, nullptr, tokens.row(row),
                           context.stop());
    };
    return evaluateRows(tokens.rows, tokens.length, sumsOf, context);
}

}  // namespace quantscope
