// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a synthetic matrix of any size to an HDF5 file, row block by row block: memory use does
// not depend on the size, and the same options give the same values at any thread count.
#include <CLI/CLI.hpp>
#include <Eigen/Dense>

#include <cmath>
#include <iostream>
#include <memory>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/io/tensor_writer.h"

using namespace quantscope;

namespace {

struct Options {
    std::string file;
    std::string tensor = "x";
    Index rows = 100'000;
    Index cols = 128;
    std::string distribution = "gaussian";
    int degrees = 5;
    double scale = 1.0;
    std::uint64_t seed = 1;
    bool compress = false;
};

/// Fills one row from its own random stream.
class RowMaker {
public:
    virtual ~RowMaker() = default;
    virtual void fill(std::span<float> row, Random random) const = 0;
};

/// Independent normal values.
class GaussianRows final : public RowMaker {
public:
    explicit GaussianRows(double scale) : m_scale(scale) {}
    void fill(std::span<float> row, Random random) const override {
        for (float& value : row)
            value = static_cast<float>(m_scale * random.normal());
    }

private:
    double m_scale;
};

/// Independent values of Student's t distribution: a normal one over the root of a mean square.
class StudentRows final : public RowMaker {
public:
    StudentRows(double scale, int degrees) : m_scale(scale), m_degrees(degrees) {}
    void fill(std::span<float> row, Random random) const override {
        for (float& value : row) {
            const double normal = random.normal();
            double squares = 0.0;
            for (int i = 0; i < m_degrees; ++i) {
                const double other = random.normal();
                squares += other * other;
            }
            value = static_cast<float>(m_scale * normal / std::sqrt(squares / m_degrees));
        }
    }

private:
    double m_scale;
    int m_degrees;
};

/// A mixture of 256 Gaussian clusters, large and small (weights 1/(k+8)), wide and narrow, in a
/// space whose directions shrink as (j+1)^-0.6, turned at random: what embeddings look like.
class ClusteredRows final : public RowMaker {
public:
    ClusteredRows(double scale, Index cols, std::uint64_t seed) : m_spectrum(cols) {
        Random random(seed, 0);
        const auto normalMatrix = [&](Index rowCount, Index colCount) {
            return Eigen::MatrixXd::NullaryExpr(rowCount, colCount, [&] { return random.normal(); })
                .eval();
        };
        for (Index j = 0; j < cols; ++j) {
            m_spectrum[j] = scale * std::pow(static_cast<double>(j) + 1.0, -0.6);
        }
        const Eigen::MatrixXd turn =
            Eigen::HouseholderQR<Eigen::MatrixXd>(normalMatrix(cols, cols)).householderQ();
        m_turn = turn;
        m_centres = normalMatrix(clusters, cols) * m_spectrum.asDiagonal();
        double total = 0.0;
        for (Index k = 0; k < clusters; ++k) {
            total += 1.0 / (static_cast<double>(k) + 8.0);
            m_cumulativeWeights.push_back(total);
            m_widths.push_back(0.3 + 0.4 * random.uniform());
        }
    }

    void fill(std::span<float> row, Random random) const override {
        const double pick = random.uniform() * m_cumulativeWeights.back();
        const auto found = std::ranges::upper_bound(m_cumulativeWeights, pick);
        const Index k = std::min<Index>(found - m_cumulativeWeights.begin(), clusters - 1);
        Eigen::VectorXd point(m_spectrum.size());
        for (Index j = 0; j < point.size(); ++j) {
            point[j] = m_centres(k, j) +
                       m_widths[static_cast<std::size_t>(k)] * m_spectrum[j] * random.normal();
        }
        Eigen::Map<Eigen::VectorXf>(row.data(), point.size()) = (m_turn * point).cast<float>();
    }

private:
    static constexpr Index clusters = 256;
    Eigen::VectorXd m_spectrum;
    Eigen::MatrixXd m_turn;
    Eigen::MatrixXd m_centres;
    std::vector<double> m_cumulativeWeights;
    std::vector<double> m_widths;
};

std::unique_ptr<RowMaker> makeRows(const Options& options) {
    if (options.distribution == "student-t") {
        return std::make_unique<StudentRows>(options.scale, options.degrees);
    }
    if (options.distribution == "clustered") {
        return std::make_unique<ClusteredRows>(options.scale, options.cols, options.seed);
    }
    return std::make_unique<GaussianRows>(options.scale);
}

void generate(const Options& options) {
    const std::unique_ptr<RowMaker> rows = makeRows(options);
    TensorWriter writer(options.file, options.compress);
    writer.writeAttribute("origin", "quantscope-generate");
    writer.writeAttribute("distribution", options.distribution);
    writer.writeAttribute("seed", std::to_string(options.seed));
    const auto fill = [&](Index first, MatrixSpan out) {
        parallelFor(out.rows, 16, {}, [&](Index begin, Index end) {
            for (Index r = begin; r < end; ++r) {
                const auto stream = static_cast<std::uint64_t>(first + r) + 1;
                rows->fill(out.row(r), Random(options.seed, stream));
            }
        });
    };
    writer.write(options.tensor, {options.rows, options.cols}, FoldRule{{0}}, fill, {});
    writer.finish();
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Writes a large synthetic matrix to an HDF5 file.");
    app.footer(
        "Example: quantscope-generate big.h5 --rows 1000000 --cols 512 "
        "--distribution clustered --seed 7");
    app.add_option("file", options.file, "File to write")->required();
    app.add_option("--tensor", options.tensor, "Name of the tensor")->capture_default_str();
    app.add_option("--rows", options.rows, "Number of rows")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--cols", options.cols, "Number of columns")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--distribution", options.distribution, "gaussian, student-t or clustered")
        ->check(CLI::IsMember({"gaussian", "student-t", "clustered"}))
        ->capture_default_str();
    app.add_option("--degrees", options.degrees, "Degrees of freedom of student-t")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    app.add_option("--scale", options.scale, "Factor on all values")->capture_default_str();
    app.add_option("--seed", options.seed, "Seed of the random numbers")->capture_default_str();
    app.add_flag("--compress", options.compress, "Store in chunks, shuffled and gzipped");
    CLI11_PARSE(app, argc, argv);
    try {
        generate(options);
        return 0;
    } catch (const Error& error) {
        std::cerr << error.fullText() << '\n';
        return 1;
    }
}
