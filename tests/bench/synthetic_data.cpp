// SPDX-License-Identifier: GPL-3.0-or-later
#include "synthetic_data.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"

namespace quantscope::bench {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr Index rowsPerStream = 1000;

// Fills a matrix from one random stream per thousand rows.
template <typename FillRow>
Matrix filled(Index rows, Index cols, std::uint64_t seed, const FillRow& fillRow) {
    Matrix values(rows, cols);
    parallelFor(rows, rowsPerStream, {}, [&](Index begin, Index end) {
        Random random(seed, static_cast<std::uint64_t>(begin / rowsPerStream) + 1);
        for (Index row = begin; row < end; ++row)
            fillRow(values.span().row(row), random);
    });
    return values;
}

Matrix gaussianRows() {
    return filled(100'000, 128, 1001, [](std::span<float> row, Random& random) {
        for (float& value : row)
            value = static_cast<float>(random.normal());
    });
}

Matrix studentVectors() {
    constexpr int degrees = 5;
    return filled(524'288, 8, 1003, [](std::span<float> row, Random& random) {
        for (float& value : row) {
            const double normal = random.normal();
            double squares = 0.0;
            for (int i = 0; i < degrees; ++i) {
                const double part = random.normal();
                squares += part * part;
            }
            value = static_cast<float>(0.02 * normal / std::sqrt(squares / degrees));
        }
    });
}

// A mixture in its own axes, which are the coordinates until they are turned.
class Mixture {
public:
    static constexpr Index dim = 128;
    static constexpr Index components = 256;

    explicit Mixture(Random& random)
        : m_deviations(dim), m_cumulated(components), m_scales(components) {
        for (Index j = 0; j < dim; ++j) {
            m_deviations[static_cast<std::size_t>(j)] = std::pow(static_cast<double>(j + 1), -0.6);
        }
        double total = 0.0;
        for (std::size_t k = 0; k < m_cumulated.size(); ++k) {
            total += 1.0 / (static_cast<double>(k) + 8.0);
            m_cumulated[k] = total;
            m_scales[k] = 0.3 + 0.4 * random.uniform();
            for (const double deviation : m_deviations) {
                m_centers.push_back(deviation * random.normal());
            }
        }
    }

    void draw(std::span<float> row, Random& random) const {
        const double level = random.uniform() * m_cumulated.back();
        const auto k = static_cast<std::size_t>(std::ranges::upper_bound(m_cumulated, level) -
                                                m_cumulated.begin());
        const double* center = m_centers.data() + static_cast<Index>(k) * dim;
        for (std::size_t j = 0; j < row.size(); ++j) {
            row[j] =
                static_cast<float>(center[j] + m_scales[k] * m_deviations[j] * random.normal());
        }
    }

private:
    std::vector<double> m_deviations;
    std::vector<double> m_centers;
    std::vector<double> m_cumulated;
    std::vector<double> m_scales;
};

Matrix clusteredRows() {
    Random random(1002);
    const Mixture mixture(random);
    Eigen::MatrixXd normal(Mixture::dim, Mixture::dim);
    for (double& value : normal.reshaped())
        value = random.normal();
    const Eigen::MatrixXd basis = Eigen::HouseholderQR<Eigen::MatrixXd>(normal).householderQ();
    Matrix values = filled(100'000, Mixture::dim, 1002, [&](std::span<float> row, Random& stream) {
        mixture.draw(row, stream);
    });
    Eigen::Map<RowMajor> rows(values.data(), values.rows(), values.cols());
    rows *= basis.cast<float>();
    return values;
}

}  // namespace

const Matrix& dataSet(DataSet set) {
    static const Matrix* made[3] = {};
    const Matrix*& matrix = made[static_cast<std::size_t>(set)];
    if (matrix == nullptr) {
        matrix = new Matrix(set == DataSet::Clustered  ? clusteredRows()
                            : set == DataSet::Gaussian ? gaussianRows()
                                                       : studentVectors());
    }
    return *matrix;
}

const char* nameOf(DataSet set) {
    switch (set) {
        case DataSet::Clustered:
            return "clustered";
        case DataSet::Gaussian:
            return "gaussian";
        case DataSet::Student:
            return "student";
    }
    return "";
}

}  // namespace quantscope::bench
