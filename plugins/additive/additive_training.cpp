// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_training.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/kernels/codebook_refit.h"
#include "core/kernels/stored_codewords.h"

namespace quantscope::additive {
namespace {

// Of the noise in the first round, as a share of the spread of the errors.
constexpr double noiseLevel = 0.5;

std::vector<MatrixView> viewsOf(const std::vector<CodewordPanels>& books) {
    std::vector<MatrixView> views;
    for (const CodewordPanels& book : books)
        views.push_back(book.codewords());
    return views;
}

std::vector<MatrixView> viewsOf(const std::vector<Matrix>& books) {
    std::vector<MatrixView> views;
    for (const Matrix& book : books)
        views.push_back(book.view());
    return views;
}

std::vector<Matrix> copiesOf(const std::vector<CodewordPanels>& books) {
    std::vector<Matrix> copies;
    for (const MatrixView& book : viewsOf(books)) {
        Matrix& copy = copies.emplace_back(book.rows, book.cols);
        std::copy_n(book.data, book.size(), copy.data());
    }
    return copies;
}

Index totalCodewords(const AdditiveParameters& parameters) {
    return std::accumulate(parameters.start.codewords.begin(), parameters.start.codewords.end(),
                           Index{0});
}

// Multiply-adds that improving the codes of a vector takes, roughly: the products with all
// codewords, and a few changes in each round.
double improveWork(const AdditiveParameters& parameters, int rounds, Index dim) {
    const auto codewords = static_cast<double>(totalCodewords(parameters));
    constexpr double changesPerRound = 3.0;
    return codewords * (static_cast<double>(dim) + rounds * changesPerRound);
}

// The same for AdditiveCodebooks::update.
double updateWork(const AdditiveParameters& parameters, Index dim) {
    return residualSearchWork(parameters.start, dim) + improveWork(parameters, 0, dim) +
           improveWork(parameters, parameters.trainSearch, dim);
}

double squaredError(std::span<const float> x, std::span<const MatrixView> books,
                    const std::uint32_t* codes, std::vector<float>& rest) {
    rest.assign(x.begin(), x.end());
    for (const MatrixView& book : books) {
        std::ranges::transform(rest, book.row(static_cast<Index>(*codes++)), rest.begin(),
                               std::minus());
    }
    return squaredNorm(rest);
}

// The codes of the training vectors.
class SampleCodes {
public:
    SampleCodes(MatrixView x, std::size_t books, const std::stop_token& stop)
        : m_x(x), m_books(books), m_stop(stop), m_codes(static_cast<std::size_t>(x.rows) * books) {}

    std::span<const std::uint32_t> all() const { return m_codes; }

    // Changes the codes of all vectors, block by block; returns the mean squared error after it.
    template <typename Change>
    double change(std::span<const MatrixView> books, double multiplyAddsPerVector,
                  const Change& change) {
        constexpr double blockMultiplyAdds = 0x1.0p25;
        const auto rows = std::clamp<Index>(
            static_cast<Index>(blockMultiplyAdds / multiplyAddsPerVector), 8, 256);
        const double sum = parallelReduce(
            m_x.rows, rows, m_stop, 0.0,
            [&](Index begin, Index end) {
                const auto own =
                    std::span(m_codes).subspan(static_cast<std::size_t>(begin) * m_books,
                                               static_cast<std::size_t>(end - begin) * m_books);
                change(m_x.middleRows(begin, end - begin), own);
                double error = 0.0;
                std::vector<float> rest;
                for (Index row = begin; row < end; ++row) {
                    error += squaredError(m_x.row(row), books,
                                          m_codes.data() + static_cast<std::size_t>(row) * m_books,
                                          rest);
                }
                return error;
            },
            [](double& total, double part) { total += part; });
        return sum / static_cast<double>(m_x.rows);
    }

private:
    MatrixView m_x;
    std::size_t m_books;
    const std::stop_token& m_stop;
    std::vector<std::uint32_t> m_codes;
};

// For every codeword the spread per component of the errors of its vectors: root of their mean
// square, and 0 for codewords without vectors.
std::vector<std::vector<double>> errorSpreads(MatrixView x, std::span<const MatrixView> books,
                                              std::span<const std::uint32_t> codes,
                                              const std::stop_token& stop) {
    struct Sums {
        std::vector<std::vector<double>> errors;
        std::vector<std::vector<double>> counts;
    };
    Sums none;
    for (const MatrixView& book : books)
        none.errors.emplace_back(static_cast<std::size_t>(book.rows));
    none.counts = none.errors;
    const auto add = [](std::vector<std::vector<double>>& total,
                        const std::vector<std::vector<double>>& part) {
        for (std::size_t book = 0; book < total.size(); ++book) {
            std::ranges::transform(total[book], part[book], total[book].begin(), std::plus());
        }
    };
    // Few chunks, because each keeps sums of its own.
    constexpr Index mostChunks = 16;
    Sums sums = parallelReduce(
        x.rows, (x.rows + mostChunks - 1) / mostChunks, stop, none,
        [&](Index begin, Index end) {
            Sums part = none;
            std::vector<float> rest;
            for (Index row = begin; row < end && !stop.stop_requested(); ++row) {
                const std::uint32_t* const own =
                    codes.data() + static_cast<std::size_t>(row) * books.size();
                const double error = squaredError(x.row(row), books, own, rest);
                for (std::size_t book = 0; book < books.size(); ++book) {
                    part.errors[book][own[book]] += error;
                    part.counts[book][own[book]] += static_cast<double>(x.cols);
                }
            }
            return part;
        },
        [&](Sums& total, const Sums& part) {
            add(total.errors, part.errors);
            add(total.counts, part.counts);
        });
    for (std::size_t book = 0; book < books.size(); ++book) {
        std::ranges::transform(sums.errors[book], sums.counts[book], sums.errors[book].begin(),
                               [](double error, double count) {
                                   return count > 0.0 ? std::sqrt(error / count) : 0.0;
                               });
    }
    return std::move(sums.errors);
}

// Gaussian noise on all codewords, `level` times their spreads.
void addNoise(std::vector<Matrix>& books, double level,
              const std::vector<std::vector<double>>& spreads, Random random) {
    for (std::size_t book = 0; book < books.size(); ++book) {
        for (Index k = 0; k < books[book].rows(); ++k) {
            const double spread = level * spreads[book][static_cast<std::size_t>(k)];
            for (float& value : books[book].span().row(k))
                value += static_cast<float>(spread * random.normal());
        }
    }
}

}  // namespace

AdditiveCodebooks::AdditiveCodebooks(std::vector<CodewordPanels> books,
                                     const AdditiveParameters& parameters,
                                     const std::stop_token& stop)
    : m_parameters(parameters),
      m_books(std::move(books)),
      m_start(m_books, parameters.start.beam, stop),
      m_search(viewsOf(m_books), stop) {}

void AdditiveCodebooks::encode(MatrixView x, std::span<std::uint32_t> codes) const {
    m_start.search(x, codes);
    m_search.improve(x, codes, m_parameters.search);
}

void AdditiveCodebooks::update(MatrixView x, std::span<std::uint32_t> codes) const {
    std::vector<std::uint32_t> found(codes.size());
    m_start.search(x, found);
    m_search.improve(x, codes, 0);
    std::vector<float> rest;
    const std::vector<MatrixView> views = viewsOf(m_books);
    const std::size_t books = m_books.size();
    for (Index row = 0; row < x.rows; ++row) {
        const std::size_t first = static_cast<std::size_t>(row) * books;
        if (squaredError(x.row(row), views, found.data() + first, rest) <
            squaredError(x.row(row), views, codes.data() + first, rest)) {
            std::copy_n(found.data() + first, books, codes.data() + first);
        }
    }
    m_search.improve(x, codes, m_parameters.trainSearch);
}

AdditiveTraining trainAdditive(MatrixView x, MatrixView judging,
                               const AdditiveParameters& parameters, const CodewordFormat& format,
                               const RunContext& context) {
    const std::stop_token& stop = context.stop();
    const auto encodeAll = [&](SampleCodes& codes, const AdditiveCodebooks& books) {
        return codes.change(
            viewsOf(books.books()), additiveSearchWork(parameters, x.cols),
            [&](MatrixView rows, std::span<std::uint32_t> own) { books.encode(rows, own); });
    };
    const double work = additiveTrainingWork(parameters, x.rows, x.cols);
    const double started = residualTrainingWork(parameters.start, x.rows, x.cols) / work;
    ResidualCodebooks start =
        trainResidualCodebooks(x, parameters.start, format, context.part(0.0, started, 0));
    AdditiveTraining result;
    result.codebooks =
        std::make_unique<AdditiveCodebooks>(std::move(start.stages), parameters, stop);
    SampleCodes codes(x, parameters.start.codewords.size(), stop);
    result.objectives.push_back(encodeAll(codes, *result.codebooks));
    SampleCodes others(judging, parameters.start.codewords.size(), stop);
    if (judging.rows > 0) result.judgements.push_back(encodeAll(others, *result.codebooks));
    std::vector<Matrix> books = copiesOf(result.codebooks->books());
    const RunContext rounds =
        context.part(started, 1.0, 1)
            .withSeries("all codebooks", start.energy > 0.0 ? 1.0 / start.energy : 0.0);
    rounds.objective(result.objectives.front());
    std::vector<double>& deciding = judging.rows > 0 ? result.judgements : result.objectives;
    double least = deciding.front();
    for (int round = 1; round <= parameters.rounds; ++round) {
        refitCodebooks(x, codes.all(), books, {}, stop);
        std::vector<Matrix> noisy = books;
        addNoise(noisy, noiseLevel * (1.0 - static_cast<double>(round) / parameters.rounds),
                 errorSpreads(x, viewsOf(books), codes.all(), stop),
                 rounds.random(static_cast<std::uint64_t>(round)));
        auto trial = std::make_unique<AdditiveCodebooks>(packedAsStored(noisy, format, stop),
                                                         parameters, stop);
        const double objective = codes.change(
            viewsOf(trial->books()), updateWork(parameters, x.cols),
            [&](MatrixView vectors, std::span<std::uint32_t> own) { trial->update(vectors, own); });
        result.objectives.push_back(objective);
        rounds.objective(objective);
        if (judging.rows > 0) result.judgements.push_back(encodeAll(others, *trial));
        if (deciding.back() < least) {
            least = deciding.back();
            result.codebooks = std::move(trial);
        }
        rounds.progress(static_cast<double>(round) / parameters.rounds,
                        "additive codebooks, round " + std::to_string(round) + " of " +
                            std::to_string(parameters.rounds));
    }
    return result;
}

double additiveSearchWork(const AdditiveParameters& parameters, Index dim) {
    return residualSearchWork(parameters.start, dim) +
           improveWork(parameters, parameters.search, dim);
}

double additiveTrainingWork(const AdditiveParameters& parameters, Index rows, Index dim) {
    return residualTrainingWork(parameters.start, rows, dim) +
           static_cast<double>(rows) * (additiveSearchWork(parameters, dim) +
                                        parameters.rounds * updateWork(parameters, dim));
}

}  // namespace quantscope::additive
