// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/gains.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/quant/scale_format.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

ParameterSpec granularityParameter() {
    return choiceParameter({"granularity", "Scale per",
                            "Which weights share a scale, the least-squares gain of their codes; "
                            "behind a rotation one for the tensor is enough."},
                           "row", {{"tensor", "Tensor"}, {"row", "Row (output channel)"}});
}

ParameterSpec scaleParameter() {
    return choiceParameter(
               {"scale", "Scale format",
                "Number format of stored scales, relative to a power of two that is stored once."},
               "fp16", {{"fp16", "16-bit float"}, {"fp32", "32-bit float"}})
        .foldedAway();
}

}  // namespace

std::vector<ParameterSpec> GainSettings::parameters() {
    return {granularityParameter(), scaleParameter()};
}

GainSettings GainSettings::from(const ParameterValues& values) {
    return {values.choice("granularity") == "row", values.choice("scale") == "fp16"};
}

std::uint64_t GainSettings::bitCount(Index rows) const {
    return ScaleFormat::bitCount(scaleType(), static_cast<std::uint64_t>(count(rows)));
}

Section GainSettings::store(std::vector<double> gains) const {
    return ScaleFormat::storeRounded(sectionName, scaleType(), std::move(gains));
}

std::vector<double> GainSettings::load(const EncodedTensor& tensor) const {
    return ScaleFormat::load(scaleType(), tensor.section(sectionName).bytes,
                             static_cast<std::size_t>(count(tensor.rows)));
}

std::vector<double> rootMeanSquares(const TensorSource& weights, const GainSettings& settings,
                                    const std::stop_token& stop) {
    const WeightReader reader(weights, stop);
    std::vector<double> energies(static_cast<std::size_t>(weights.rows()));
    parallelFor(weights.rows(), reader.rowsAtOnce(), stop, [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        for (Index r = 0; r < rows.rows; ++r) {
            double sum = 0.0;
            for (const float weight : rows.row(r))
                sum += static_cast<double>(weight) * static_cast<double>(weight);
            energies[static_cast<std::size_t>(begin + r)] = sum;
        }
    });
    auto count = static_cast<double>(weights.cols());
    if (!settings.perRow) {
        energies.assign(1, std::accumulate(energies.begin(), energies.end(), 0.0));
        count *= static_cast<double>(weights.rows());
    }
    for (double& energy : energies)
        energy = std::sqrt(energy / count);
    return energies;
}

DividedSource::DividedSource(const TensorSource& base, const GainSettings& settings,
                             std::vector<double> divisors)
    : m_base(base), m_settings(settings), m_divisors(std::move(divisors)) {}

void DividedSource::read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    m_base.read(firstRow, out, stop);
    for (Index r = 0; r < out.rows; ++r) {
        const double divisor = m_divisors[m_settings.unitOf(firstRow + r)];
        for (float& value : out.row(r))
            value = divisor > 0.0 ? static_cast<float>(value / divisor) : 0.0F;
    }
}

double GainFit::gain() const {
    return valuesSquared > 0.0 ? std::max(0.0, weightsByValues / valuesSquared) : 0.0;
}

std::vector<double> leastSquaresGains(
    const TensorSource& weights, const GainSettings& settings,
    const std::function<void(Index firstRow, MatrixSpan out)>& decode,
    const std::stop_token& stop) {
    const WeightReader reader(weights, stop);
    std::vector<GainFit> fits(static_cast<std::size_t>(weights.rows()));
    parallelFor(weights.rows(), reader.rowsAtOnce(), stop, [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        Matrix decoded(rows.rows, rows.cols);
        decode(begin, decoded.span());
        for (Index r = 0; r < rows.rows; ++r) {
            for (Index c = 0; c < rows.cols; ++c)
                fits[static_cast<std::size_t>(begin + r)].add(rows(r, c), decoded(r, c));
        }
    });
    if (!settings.perRow) {
        GainFit all;
        for (const GainFit& fit : fits) {
            all.weightsByValues += fit.weightsByValues;
            all.valuesSquared += fit.valuesSquared;
        }
        fits.assign(1, all);
    }
    std::vector<double> gains;
    for (const GainFit& fit : fits)
        gains.push_back(fit.gain());
    return gains;
}

Section refittedGains(const EncodedTensor& encoded, const TensorSource& weights,
                      const GainSettings& settings,
                      const std::function<void(Index firstRow, MatrixSpan out)>& decode,
                      const std::stop_token& stop) {
    const std::vector<double> present = settings.load(encoded);
    std::vector<double> gains = leastSquaresGains(weights, settings, decode, stop);
    for (std::size_t unit = 0; unit < gains.size(); ++unit)
        gains[unit] *= present[unit];
    return settings.store(std::move(gains));
}

float withGain(float value, double gain) {
    return toFiniteFloat(static_cast<double>(value) * gain);
}

}  // namespace quantscope
