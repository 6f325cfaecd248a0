// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metrics/trial_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/hessian/hessian_form.h"
#include "core/quant/transform_method.h"

namespace quantscope {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr const char* minusInfinity = "-inf";

using Field = std::optional<double> TrialMetrics::*;
struct NamedField {
    std::string_view id;
    Field field;
};
constexpr std::array fields = {
    NamedField{"nmse", &TrialMetrics::nmse},
    NamedField{"sqnr_db", &TrialMetrics::sqnrDb},
    NamedField{"mse", &TrialMetrics::mse},
    NamedField{"rmse", &TrialMetrics::rmse},
    NamedField{"cosine", &TrialMetrics::cosine},
    NamedField{"max_abs_error", &TrialMetrics::maxAbsError},
    NamedField{"hessian_error", &TrialMetrics::hessianError},
    NamedField{"gaussian_gap_db", &TrialMetrics::gaussianGapDb},
    NamedField{"shannon_percent", &TrialMetrics::shannonPercent},
    NamedField{"incoherence_before", &TrialMetrics::incoherenceBefore},
    NamedField{"incoherence_after", &TrialMetrics::incoherenceAfter},
    NamedField{"kurtosis_before", &TrialMetrics::kurtosisBefore},
    NamedField{"kurtosis_after", &TrialMetrics::kurtosisAfter},
    NamedField{"qsur_before", &TrialMetrics::qsurBefore},
    NamedField{"qsur_after", &TrialMetrics::qsurAfter},
    NamedField{"utilization", &TrialMetrics::utilization},
    NamedField{"codebook_perplexity", &TrialMetrics::codebookPerplexity},
    NamedField{"dead_codes", &TrialMetrics::deadCodes},
    NamedField{"entropy_bits_per_weight", &TrialMetrics::entropyBitsPerWeight},
    NamedField{"recall_at_10", &TrialMetrics::recallAt10},
    NamedField{"nearest_in_10", &TrialMetrics::nearestIn10},
    NamedField{"weight_energy", &TrialMetrics::weightEnergy},
    NamedField{"hessian_energy", &TrialMetrics::hessianEnergy},
};

/// Sums over a block of rows; all in double precision.
struct Sums {
    double error = 0.0;      ///< |W - Q|^2
    double weights = 0.0;    ///< |W|^2
    double quantized = 0.0;  ///< |Q|^2
    double product = 0.0;    ///< <W, Q>
    double largest = 0.0;    ///< max |w - q|
    double hessianError = 0.0;
    double hessianWeights = 0.0;

    void add(const Sums& other) {
        error += other.error;
        weights += other.weights;
        quantized += other.quantized;
        product += other.product;
        largest = std::max(largest, other.largest);
        hessianError += other.hessianError;
        hessianWeights += other.hessianWeights;
    }
};

Sums compareRow(std::span<const float> weights, std::span<const float> quantized,
                const std::stop_token& stop) {
    // Four independent sums let the compiler keep several additions in flight.
    constexpr std::size_t lanes = 4;
    // A vector is a single row, however long.
    constexpr std::size_t lookEvery = std::size_t{1} << 20;
    std::array<Sums, lanes> parts;
    for (std::size_t c = 0; c < weights.size(); ++c) {
        if (c % lookEvery == 0) throwIfStopped(stop);
        Sums& part = parts[c % lanes];
        const double w = weights[c];
        const double q = quantized[c];
        const double e = w - q;
        part.error += e * e;
        part.weights += w * w;
        part.quantized += q * q;
        part.product += w * q;
        part.largest = std::max(part.largest, std::abs(e));
    }
    for (std::size_t lane = 1; lane < lanes; ++lane)
        parts[0].add(parts[lane]);
    return parts[0];
}

// `quantized` is overwritten by the errors W - Q when a Hessian needs them.
Sums compareBlock(MatrixView weights, MatrixSpan quantized, const HessianForm* hessian,
                  const std::stop_token& stop) {
    Sums sums;
    for (Index r = 0; r < weights.rows; ++r)
        sums.add(compareRow(weights.row(r), quantized.row(r), stop));
    if (hessian == nullptr) return sums;
    for (Index r = 0; r < weights.rows; ++r) {
        const std::span<const float> w = weights.row(r);
        const std::span<float> e = quantized.row(r);
        for (std::size_t c = 0; c < e.size(); ++c)
            e[c] = w[c] - e[c];
    }
    sums.hessianError = hessian->of(quantized);
    sums.hessianWeights = hessian->of(weights);
    return sums;
}

/// Blocks of rows are compared in parallel; a wave of them is read and decoded at a time.
struct Waves {
    Index blockRows = 1;
    Index waveRows = 1;
};

Waves wavesOf(Index rows, Index cols, Index preferredRows) {
    constexpr Index blockFloats = Index{1} << 16;
    constexpr Index blocksPerWave = 32;
    Waves waves;
    waves.blockRows = std::max({Index{1}, blockFloats / std::max<Index>(1, cols), preferredRows});
    waves.waveRows = std::min(rows, waves.blockRows * blocksPerWave);
    return waves;
}

// Reads, decodes and compares in waves of a few MiB, each of them in parallel by blocks of rows;
// the three steps are apart so that decoding can be timed on its own.
Sums compareTensors(const TensorSource& weights, const QuantizedTensor& quantized,
                    const HessianForm* hessian, const RunContext& context, PhaseSeconds& seconds) {
    const Index rows = weights.rows();
    const Index cols = weights.cols();
    const Waves waves =
        wavesOf(rows, cols, hessian != nullptr ? hessian->preferredRows() : Index{1});
    const Index blockRows = waves.blockRows;
    const Index waveRows = waves.waveRows;
    const MatrixView stored = weights.inMemory();
    Matrix read(stored.data != nullptr ? 0 : waveRows, cols);
    Matrix decoded(waveRows, cols);
    const std::stop_token& stop = context.stop();
    Sums total;
    for (Index first = 0; first < rows; first += waveRows) {
        const Index count = std::min(waveRows, rows - first);
        if (stored.data == nullptr) {
            parallelFor(count, blockRows, stop, [&](Index begin, Index end) {
                weights.read(first + begin, read.span().middleRows(begin, end - begin), stop);
            });
        }
        {
            const PhaseTimer timer(seconds.decode);
            parallelFor(count, blockRows, stop, [&](Index begin, Index end) {
                quantized.decode(first + begin, decoded.span().middleRows(begin, end - begin));
            });
        }
        const MatrixView wave =
            stored.data != nullptr ? stored.middleRows(first, count) : read.view();
        total.add(parallelReduce(
            count, blockRows, stop, Sums{},
            [&](Index begin, Index end) {
                return compareBlock(wave.middleRows(begin, end - begin),
                                    decoded.span().middleRows(begin, end - begin), hessian, stop);
            },
            [](Sums& sums, const Sums& part) { sums.add(part); }));
        context.progress(static_cast<double>(first + count) / static_cast<double>(rows),
                         "measuring");
    }
    return total;
}

double ratioOfEnergies(double error, double reference) {
    if (reference > 0.0) return error / reference;
    return error > 0.0 ? infinity : 0.0;
}

double cosineOf(const Sums& sums) {
    if (sums.weights == 0.0 && sums.quantized == 0.0) return 1.0;
    if (sums.weights == 0.0 || sums.quantized == 0.0) return 0.0;
    return std::clamp(sums.product / std::sqrt(sums.weights) / std::sqrt(sums.quantized), -1.0,
                      1.0);
}

void addWeightErrors(TrialMetrics& metrics, const Sums& sums, Index count) {
    metrics.nmse = ratioOfEnergies(sums.error, sums.weights);
    metrics.sqnrDb = -10.0 * std::log10(*metrics.nmse);
    metrics.mse = sums.error / static_cast<double>(count);
    metrics.rmse = std::sqrt(*metrics.mse);
    metrics.cosine = cosineOf(sums);
    metrics.maxAbsError = sums.largest;
    metrics.weightEnergy = sums.weights;
}

void addCodebookHealth(TrialMetrics& metrics, const QuantizedTensor& quantized, Index count) {
    const std::vector<Codebook> codebooks = quantized.codebooks();
    if (codebooks.empty()) return;
    const RateLedger rate = quantized.rate();
    double bits = static_cast<double>(rate.totalBits() - rate[RatePart::Codes]);
    double utilization = 0.0;
    double perplexity = 0.0;
    double dead = 0.0;
    for (const Codebook& codebook : codebooks) {
        const CodebookUsage usage = codebookUsage(codebook);
        double codes = 0.0;
        for (const std::uint64_t n : codebook.counts)
            codes += static_cast<double>(n);
        bits += codes * usage.entropyBits;
        utilization += usage.utilization;
        perplexity += usage.perplexity;
        dead += static_cast<double>(usage.dead);
    }
    const auto books = static_cast<double>(codebooks.size());
    metrics.utilization = utilization / books;
    metrics.codebookPerplexity = perplexity / books;
    metrics.deadCodes = dead;
    metrics.entropyBitsPerWeight = bits / static_cast<double>(count);
}

void addShapes(TrialMetrics& metrics, const EncodedTensor& encoded) {
    const std::optional<ShapeChange> change = shapeChange(encoded);
    if (!change) return;
    metrics.incoherenceBefore = change->before.incoherence;
    metrics.incoherenceAfter = change->after.incoherence;
    metrics.kurtosisBefore = change->before.kurtosis;
    metrics.kurtosisAfter = change->after.kurtosis;
    metrics.qsurBefore = change->before.spaceUtilization;
    metrics.qsurAfter = change->after.spaceUtilization;
}

}  // namespace

void TrialMetrics::compareWithBound(double bitsPerWeight) {
    if (!sqnrDb || !std::isfinite(*sqnrDb)) return;
    const double bound = 20.0 * std::log10(2.0) * bitsPerWeight;
    gaussianGapDb = bound - *sqnrDb;
    if (bound > 0.0) shannonPercent = 100.0 * *sqnrDb / bound;
}

std::optional<double> TrialMetrics::value(std::string_view id) const {
    const auto found = std::ranges::find(fields, metricInfo(id).id, &NamedField::id);
    return this->*(found->field);
}

TrialMetrics TrialMetrics::only(std::span<const std::string> ids) const {
    TrialMetrics kept;
    kept.weightEnergy = weightEnergy;
    kept.hessianEnergy = hessianEnergy;
    for (const std::string& id : ids) {
        const Field field = std::ranges::find(fields, metricInfo(id).id, &NamedField::id)->field;
        kept.*field = this->*field;
    }
    return kept;
}

Json TrialMetrics::toJson() const {
    Json json = Json::object();
    for (const NamedField& entry : fields) {
        const std::optional<double>& figure = this->*(entry.field);
        if (!figure) continue;
        Json& value = json[std::string(entry.id)];
        if (std::isfinite(*figure)) {
            value = *figure;
        } else if (*figure == -infinity) {
            value = minusInfinity;
        }  // Else it stays null.
    }
    return json;
}

TrialMetrics TrialMetrics::fromJson(const Json& json) {
    TrialMetrics metrics;
    for (const NamedField& entry : fields) {
        const auto found = json.find(std::string(entry.id));
        if (found == json.end()) continue;
        if (*found == minusInfinity) {
            metrics.*(entry.field) = -infinity;
            continue;
        }
        if (!found->is_number() && !found->is_null()) {
            throw Error(
                "The metric '" + std::string(entry.id) + "' cannot be " + found->dump() + ".",
                "It is a number, null for infinity or \"-inf\".");
        }
        metrics.*(entry.field) = found->is_null() ? infinity : found->get<double>();
    }
    // Early versions wrote null for both ends of the scale; the NMSE tells which one is meant.
    if (metrics.sqnrDb == infinity && metrics.nmse == infinity) metrics.sqnrDb = -infinity;
    return metrics;
}

TrialMetrics measure(const TensorSource& weights, const QuantizedTensor& quantized,
                     const SideInformation& side, const RunContext& context,
                     PhaseSeconds& seconds) {
    if (weights.rows() != quantized.rows() || weights.cols() != quantized.cols()) {
        throw Error("The quantized tensor has " + std::to_string(quantized.rows()) + " x " +
                        std::to_string(quantized.cols()) + " weights, but the tensor has " +
                        std::to_string(weights.rows()) + " x " + std::to_string(weights.cols()) +
                        ".",
                    "Compare it with the tensor and folding it was made from.");
    }
    TrialMetrics metrics;
    const Index count = weights.size();
    if (count == 0) return metrics;
    std::optional<HessianForm> hessian;
    if (side.hessian) hessian.emplace(side.hessian, weights.cols());
    const Sums sums =
        compareTensors(weights, quantized, hessian ? &*hessian : nullptr, context, seconds);
    addWeightErrors(metrics, sums, count);
    // Where no input counts, no error does, and there is nothing to compare.
    const bool counts = side.hessian && std::ranges::any_of(side.hessian->diagonal,
                                                            [](double d) { return d > 0.0; });
    if (counts) {
        metrics.hessianError = ratioOfEnergies(sums.hessianError, sums.hessianWeights);
        metrics.hessianEnergy = sums.hessianWeights;
    }
    metrics.compareWithBound(quantized.rate().bitsPerWeight(count));
    addShapes(metrics, quantized.encoded());
    addCodebookHealth(metrics, quantized, count);
    return metrics;
}

std::uint64_t measuringBytes(Index rows, Index cols, bool fullHessian) {
    const Waves waves = wavesOf(rows, cols, HessianForm::preferredRows(fullHessian));
    // The weights and what they decode to; beside them, blocks in double precision on some threads.
    constexpr std::uint64_t threads = 16;
    const auto count = [cols](Index some) {
        return static_cast<std::uint64_t>(some) * static_cast<std::uint64_t>(cols);
    };
    return 2 * sizeof(float) * count(waves.waveRows) +
           (fullHessian ? threads * sizeof(double) * count(waves.blockRows) : 0);
}

}  // namespace quantscope
