// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/quant/encoded_tensor.h"
#include "core/quant/parameter.h"
#include "core/quant/scale_format.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Gains: for methods whose codes stand for weights of unit variance, the factors that bring them
/// back, one for the tensor or for each row.
struct GainSettings {
    bool perRow = true;
    bool half = true;  ///< Stored as binary16 instead of binary32 numbers.

    ScaleType scaleType() const { return half ? ScaleType::Half : ScaleType::Single; }

    static constexpr const char* sectionName = "scales";

    /// The parameters "granularity" and "scale", and their values. `from` throws Error when one is
    /// missing.
    static std::vector<ParameterSpec> parameters();
    static GainSettings from(const ParameterValues& values);

    Index count(Index rows) const { return perRow ? rows : 1; }
    std::size_t unitOf(Index row) const { return perRow ? static_cast<std::size_t>(row) : 0; }
    std::uint64_t bitCount(Index rows) const;

    Section store(std::vector<double> gains) const;
    /// Throws Error when the tensor does not hold a gain for every unit.
    std::vector<double> load(const EncodedTensor& tensor) const;
};

/// Root of the mean squared weight of each unit. Throws Error for weights that are not finite, or
/// Cancelled.
std::vector<double> rootMeanSquares(const TensorSource& weights, const GainSettings& settings,
                                    const std::stop_token& stop);

/// The rows of another source, divided by the divisor of their unit; zero where that is zero.
class DividedSource final : public TensorSource {
public:
    DividedSource(const TensorSource& base, const GainSettings& settings,
                  std::vector<double> divisors);

    Index rows() const override { return m_base.rows(); }
    Index cols() const override { return m_base.cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override;

    const std::vector<double>& divisors() const { return m_divisors; }

private:
    const TensorSource& m_base;
    GainSettings m_settings;
    std::vector<double> m_divisors;
};

/// Sums over the weights w of a unit and the values q that they are coded as.
struct GainFit {
    double weightsByValues = 0.0;  ///< sum w q
    double valuesSquared = 0.0;    ///< sum q^2

    void add(float weight, float value) {
        weightsByValues += static_cast<double>(weight) * static_cast<double>(value);
        valuesSquared += static_cast<double>(value) * static_cast<double>(value);
    }
    /// The gain of least squared error; at least 0.
    double gain() const;
};

/// Gains of least squared error for weights that are coded as `decode(firstRow, out)` says.
/// Relative to the divided weights.
std::vector<double> leastSquaresGains(
    const TensorSource& weights, const GainSettings& settings,
    const std::function<void(Index firstRow, MatrixSpan out)>& decode, const std::stop_token& stop);

/// Gains of least squared error for the codes of an encoded tensor, to be stored in the place of
/// those it has; `decode` gives what it stands for now.
Section refittedGains(const EncodedTensor& encoded, const TensorSource& weights,
                      const GainSettings& settings,
                      const std::function<void(Index firstRow, MatrixSpan out)>& decode,
                      const std::stop_token& stop);

/// `value` x `gain` as a float; huge products become the largest float.
float withGain(float value, double gain);

}  // namespace quantscope
