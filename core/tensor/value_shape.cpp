// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/value_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "core/base/parallel.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

namespace {

constexpr std::size_t runColumns = 16;
using RunValues = std::array<double, runColumns>;

struct Sums {
    double first = 0.0;
    double second = 0.0;
    double largest = 0.0;
    double fourth = 0.0;

    void add(const Sums& other) {
        first += other.first;
        second += other.second;
        fourth += other.fourth;
        largest = std::max(largest, other.largest);
    }
};

Sums sumsAbout(double mean, MatrixView values, const std::stop_token& stop) {
    return parallelReduce(
        values.rows, blockRows(values.cols), stop, Sums{},
        [&](Index begin, Index end) {
            Sums sums;
            for (Index r = begin; r < end; ++r) {
                for (const float value : values.row(r)) {
                    const double offset = static_cast<double>(value) - mean;
                    const double square = offset * offset;
                    sums.first += offset;
                    sums.second += square;
                    sums.fourth += square * square;
                    sums.largest = std::max(sums.largest, std::abs(offset));
                }
            }
            return sums;
        },
        [](Sums& total, const Sums& part) { total.add(part); });
}

/// Covariance of up to 16 columns, lower triangle.
class RunCovariance {
public:
    RunCovariance(MatrixView columns, const std::stop_token& stop)
        : m_size(static_cast<std::size_t>(columns.cols)) {
        RunValues means{};
        forEachRow(columns, stop, [&](const RunValues& row) {
            for (std::size_t i = 0; i < runColumns; ++i)
                means[i] += row[i];
        });
        for (double& mean : means)
            mean /= static_cast<double>(columns.rows);
        forEachRow(columns, stop, [&](RunValues row) {
            for (std::size_t i = 0; i < runColumns; ++i)
                row[i] -= means[i];
            for (std::size_t i = 0; i < runColumns; ++i) {
                for (std::size_t j = 0; j < runColumns; ++j)
                    m_sums[i][j] += row[i] * row[j];
            }
        });
        for (RunValues& sums : m_sums) {
            for (double& sum : sums)
                sum /= static_cast<double>(columns.rows);
        }
    }

    /// ln det by Cholesky's factors; minus infinity when the matrix is singular.
    double logDeterminant() {
        constexpr double roundings = 1e-12;
        double sum = 0.0;
        for (std::size_t j = 0; j < m_size; ++j) {
            double pivot = m_sums[j][j];
            for (std::size_t k = 0; k < j; ++k)
                pivot -= m_sums[j][k] * m_sums[j][k];
            if (!(pivot > roundings * m_sums[j][j])) return -INFINITY;
            sum += std::log(pivot);
            const double root = std::sqrt(pivot);
            for (std::size_t i = j + 1; i < m_size; ++i) {
                for (std::size_t k = 0; k < j; ++k)
                    m_sums[i][j] -= m_sums[i][k] * m_sums[j][k];
                m_sums[i][j] /= root;
            }
        }
        return sum;
    }

private:
    // Rows of fewer columns are filled up with zeros, for loops of a fixed length.
    template <typename Body>
    static void forEachRow(MatrixView columns, const std::stop_token& stop, const Body& body) {
        constexpr Index lookEvery = Index{1} << 16;
        RunValues row{};
        for (Index r = 0; r < columns.rows; ++r) {
            if (r % lookEvery == 0) throwIfStopped(stop);
            std::ranges::copy(columns.row(r), row.begin());
            body(row);
        }
    }

    std::size_t m_size;
    std::array<RunValues, runColumns> m_sums{};
};

// Share of the chi-squared distribution with `dims` degrees of freedom below x: the power series of
// the incomplete gamma function.
double chiSquaredShare(double dims, double x) {
    const double shape = dims / 2.0;
    double term = std::exp(shape * std::log(x / 2.0) - x / 2.0 - std::lgamma(shape + 1.0));
    double sum = 0.0;
    for (int k = 1; term > 1e-17 * (sum + 1e-300) && k < 1000; ++k) {
        sum += term;
        term *= x / 2.0 / (shape + k);
    }
    return sum;
}

// ln of the volume of the ellipsoid that holds 99% of a Gaussian with unit covariance.
double logUnitVolume(std::size_t size) {
    constexpr double confidence = 0.99;
    const auto dims = static_cast<double>(size);
    double low = 0.0;
    double high = 100.0;
    constexpr int steps = 60;
    for (int step = 0; step < steps; ++step) {
        const double middle = (low + high) / 2.0;
        (chiSquaredShare(dims, middle) < confidence ? low : high) = middle;
    }
    return dims / 2.0 * std::log(std::numbers::pi * low) - std::lgamma(dims / 2.0 + 1.0);
}

double spaceUtilization(MatrixView values, double largest, const std::stop_token& stop) {
    constexpr auto width = static_cast<Index>(runColumns);
    const double logs =
        parallelReduce((values.cols + width - 1) / width, 1, stop, 0.0,
                       [&](Index begin, Index /*end*/) {
                           const Index first = begin * width;
                           const Index count = std::min(width, values.cols - first);
                           RunCovariance covariance(values.middleCols(first, count), stop);
                           return covariance.logDeterminant() / 2.0 +
                                  logUnitVolume(static_cast<std::size_t>(count));
                       },
                       [](double& total, double part) { total += part; });
    return std::exp(logs / static_cast<double>(values.cols)) / (2.0 * largest);
}

}  // namespace

ValueShape valueShape(MatrixView values, const std::stop_token& stop) {
    const auto count = static_cast<double>(values.size());
    const Sums about0 = sumsAbout(0.0, values, stop);
    ValueShape shape;
    if (about0.second > 0.0) shape.incoherence = about0.largest * std::sqrt(count / about0.second);
    const Sums aboutMean = sumsAbout(about0.first / count, values, stop);
    if (aboutMean.second > 0.0) {
        shape.kurtosis = count * aboutMean.fourth / (aboutMean.second * aboutMean.second);
    }
    if (values.rows > std::min(values.cols, static_cast<Index>(runColumns))) {
        shape.spaceUtilization =
            about0.largest > 0.0 ? spaceUtilization(values, about0.largest, stop) : 0.0;
    }
    return shape;
}

}  // namespace quantscope
