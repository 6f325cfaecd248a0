// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metrics/combined_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace quantscope {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Tensors = std::span<const MeasuredTensor>;
using Field = std::optional<double> TrialMetrics::*;
using Figure = std::optional<double>;

double weightsOf(const MeasuredTensor& tensor) {
    return static_cast<double>(tensor.weights);
}

Figure knownWeights(const MeasuredTensor& tensor) {
    return weightsOf(tensor);
}

/// What is lost relative to `reference`; unknown when all of nothing is lost.
Figure partOf(double ratio, const Figure& reference) {
    if (!reference) return std::nullopt;
    if (ratio == 0.0) return 0.0;
    return *reference > 0.0 ? Figure(ratio * *reference) : std::nullopt;
}

/// |W - Q|^2
Figure squaredError(const MeasuredTensor& tensor) {
    const TrialMetrics& metrics = *tensor.metrics;
    if (metrics.mse) return *metrics.mse * weightsOf(tensor);
    if (metrics.rmse) return *metrics.rmse * *metrics.rmse * weightsOf(tensor);
    if (metrics.nmse) return partOf(*metrics.nmse, metrics.weightEnergy);
    if (metrics.sqnrDb) {
        return partOf(std::pow(10.0, -*metrics.sqnrDb / 10.0), metrics.weightEnergy);
    }
    return std::nullopt;
}

/// tr(E H E^T)
Figure outputError(const MeasuredTensor& tensor) {
    const TrialMetrics& metrics = *tensor.metrics;
    if (!metrics.hessianError) return std::nullopt;
    return partOf(*metrics.hessianError, metrics.hessianEnergy);
}

/// Sum of errors over sum of references, of the tensors where both are known; with the latter sum.
struct Ratio {
    Figure value;
    Figure reference;
};

template <typename Error, typename Reference>
Ratio ratioOfSums(Tensors tensors, Error errorOf, Reference referenceOf) {
    double error = 0.0;
    Figure reference;
    for (const MeasuredTensor& tensor : tensors) {
        const Figure more = errorOf(tensor);
        const Figure base = referenceOf(tensor);
        if (!more || !base) continue;
        error += *more;
        reference = reference.value_or(0.0) + *base;
    }
    if (!reference) return {};
    if (*reference > 0.0) return {error / *reference, reference};
    return {error > 0.0 ? infinity : 0.0, reference};
}

Figure weightedMean(Tensors tensors, Field field) {
    const auto product = [field](const MeasuredTensor& tensor) -> Figure {
        const Figure& value = tensor.metrics->*field;
        return value ? Figure(*value * weightsOf(tensor)) : std::nullopt;
    };
    return ratioOfSums(tensors, product, knownWeights).value;
}

template <typename Combine>
Figure fold(Tensors tensors, Field field, Combine combine) {
    Figure result;
    for (const MeasuredTensor& tensor : tensors) {
        const Figure& value = tensor.metrics->*field;
        if (value) result = result ? combine(*result, *value) : *value;
    }
    return result;
}

/// Bits per weight of the tensors whose error and energy are known: those that the SQNR is of.
double bitsPerWeightOfSqnr(Tensors tensors) {
    double bits = 0.0;
    double weights = 0.0;
    for (const MeasuredTensor& tensor : tensors) {
        if (!squaredError(tensor) || !tensor.metrics->weightEnergy) continue;
        bits += tensor.bits;
        weights += weightsOf(tensor);
    }
    return weights > 0.0 ? bits / weights : 0.0;
}

void addErrors(TrialMetrics& together, Tensors tensors) {
    together.mse = ratioOfSums(tensors, squaredError, knownWeights).value;
    if (together.mse) together.rmse = std::sqrt(*together.mse);
    const Ratio relative = ratioOfSums(tensors, squaredError, [](const MeasuredTensor& tensor) {
        return tensor.metrics->weightEnergy;
    });
    together.nmse = relative.value;
    together.weightEnergy = relative.reference;
    if (!together.nmse) return;
    together.sqnrDb = -10.0 * std::log10(*together.nmse);
    together.compareWithBound(bitsPerWeightOfSqnr(tensors));
}

}  // namespace

TrialMetrics combineMetrics(std::span<const MeasuredTensor> tensors) {
    TrialMetrics together;
    addErrors(together, tensors);
    const Ratio output = ratioOfSums(tensors, outputError, [](const MeasuredTensor& tensor) {
        return tensor.metrics->hessianEnergy;
    });
    together.hessianError = output.value;
    together.hessianEnergy = output.reference;
    together.maxAbsError = fold(tensors, &TrialMetrics::maxAbsError,
                                [](double a, double b) { return std::max(a, b); });
    together.deadCodes = fold(tensors, &TrialMetrics::deadCodes, std::plus<>());
    for (const Field field :
         {&TrialMetrics::cosine, &TrialMetrics::utilization, &TrialMetrics::codebookPerplexity,
          &TrialMetrics::entropyBitsPerWeight, &TrialMetrics::recallAt10,
          &TrialMetrics::nearestIn10, &TrialMetrics::incoherenceBefore,
          &TrialMetrics::incoherenceAfter, &TrialMetrics::kurtosisBefore,
          &TrialMetrics::kurtosisAfter, &TrialMetrics::qsurBefore, &TrialMetrics::qsurAfter}) {
        together.*field = weightedMean(tensors, field);
    }
    return together;
}

}  // namespace quantscope
