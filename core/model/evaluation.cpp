// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/evaluation.h"

#include <algorithm>
#include <atomic>
#include <cmath>

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

RowSums evaluateRow(const ForwardPass& model, const ForwardPass* reference,
                    std::span<const std::int32_t> tokens, const std::stop_token& stop) {
    const Matrix hidden = model.hiddenStates(tokens, stop);
    const Matrix referenceHidden =
        reference != nullptr ? reference->hiddenStates(tokens, stop) : Matrix();
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
            reference->logits(referenceHidden.view().middleRows(first, count),
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

}  // namespace

Evaluation evaluate(const ForwardPass& model, const ForwardPass* reference, const TokenRows& tokens,
                    const RunContext& context) {
    std::vector<RowSums> rows(static_cast<std::size_t>(tokens.rows));
    std::atomic<Index> done = 0;
    parallelFor(tokens.rows, 1, context.stop(), [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) {
            rows[static_cast<std::size_t>(r)] =
                evaluateRow(model, reference, tokens.row(r), context.stop());
            const Index finished = ++done;
            context.progress(static_cast<double>(finished) / static_cast<double>(tokens.rows),
                             "evaluating");
        }
    });
    Evaluation result;
    result.predictions = tokens.rows * (tokens.length - 1);
    double loss = 0.0;
    double divergence = 0.0;
    for (const RowSums& row : rows) {
        loss += row.loss.total;
        divergence += row.divergence.total;
    }
    const auto predictions = static_cast<double>(result.predictions);
    const auto perRow = static_cast<double>(tokens.length - 1);
    result.meanLoss = loss / predictions;
    result.perplexity = std::exp(result.meanLoss);
    result.standardError = result.perplexity * standardError(rows, &RowSums::loss, perRow);
    result.divergence = divergence / predictions;
    result.divergenceError = standardError(rows, &RowSums::divergence, perRow);
    return result;
}

}  // namespace quantscope
