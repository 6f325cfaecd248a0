// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/codebook_refinement.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <string>

#include "core/base/parallel.h"
#include "core/kernels/codebook_refit.h"
#include "core/kernels/mean_square.h"

namespace quantscope {
namespace {

// The rows and what is searched for them.
class Sample {
public:
    Sample(MatrixView x, std::span<const Index> numbers, const BlockScales& scales,
           const RefinementParameters& parameters, const std::stop_token& stop)
        : m_x(x),
          m_numbers(numbers),
          m_scales(scales),
          m_beam(parameters.beam),
          m_stop(stop),
          m_scaled(x.rows, x.cols) {
        parallelFor(x.rows, rowsAtOnce, stop, [&](Index begin, Index end) {
            for (Index row = begin; row < end; ++row) {
                std::ranges::transform(x.row(row), scales.of(number(row)),
                                       m_scaled.span().row(row).begin(), std::multiplies());
            }
        });
    }

    // Searches all codes; returns the mean scaled error.
    double search(const std::vector<Matrix>& books) {
        const ScaledSearch search(books, m_scales, m_beam, m_stop);
        m_codes.resize(static_cast<std::size_t>(m_x.rows) * books.size());
        const double sum = parallelReduce(
            m_x.rows, searchedAtOnce(books), m_stop, 0.0,
            [&](Index begin, Index end) {
                const auto first = static_cast<std::size_t>(begin);
                const auto count = static_cast<std::size_t>(end - begin);
                const std::span<std::uint32_t> codes =
                    std::span(m_codes).subspan(first * books.size(), count * books.size());
                search.search(m_x.middleRows(begin, end - begin), m_numbers.subspan(first, count),
                              codes);
                return error(books, begin, end);
            },
            [](double& total, double part) { total += part; });
        return sum / static_cast<double>(m_x.rows);
    }

    void refit(std::vector<Matrix>& books) const {
        refitCodebooks(m_scaled.view(), m_codes, books, {}, m_stop, {&m_scales, m_numbers});
    }

    double energy() const { return meanSquare(m_scaled.view(), m_stop); }

private:
    static constexpr Index rowsAtOnce = 1024;

    // Blocks of a few milliseconds.
    Index searchedAtOnce(const std::vector<Matrix>& books) const {
        constexpr double blockMultiplyAdds = 0x1.0p25;
        double each = 1.0;
        for (const Matrix& book : books)
            each += static_cast<double>(m_beam) * static_cast<double>(book.view().size());
        return std::clamp<Index>(static_cast<Index>(blockMultiplyAdds / each), 8, rowsAtOnce);
    }

    Index number(Index row) const { return m_numbers[static_cast<std::size_t>(row)]; }

    double error(const std::vector<Matrix>& books, Index begin, Index end) const {
        double sum = 0.0;
        std::vector<double> rest(static_cast<std::size_t>(m_x.cols));
        for (Index row = begin; row < end; ++row) {
            std::ranges::copy(m_x.row(row), rest.begin());
            for (std::size_t book = 0; book < books.size(); ++book) {
                const std::uint32_t code =
                    m_codes[static_cast<std::size_t>(row) * books.size() + book];
                const auto codeword = books[book].view().row(static_cast<Index>(code));
                std::ranges::transform(rest, codeword, rest.begin(), [](double a, float b) {
                    return a - static_cast<double>(b);
                });
            }
            const auto factors = m_scales.of(number(row));
            for (std::size_t j = 0; j < rest.size(); ++j) {
                const double scaled = rest[j] * static_cast<double>(factors[j]);
                sum += scaled * scaled;
            }
        }
        return sum;
    }

    MatrixView m_x;
    std::span<const Index> m_numbers;
    const BlockScales& m_scales;
    Index m_beam;
    const std::stop_token& m_stop;
    Matrix m_scaled;
    std::vector<std::uint32_t> m_codes;
};

}  // namespace

RefinedCodebooks refineCodebooks(MatrixView x, std::span<const Index> numbers,
                                 std::vector<Matrix> books, const BlockScales& scales,
                                 const RefinementParameters& parameters,
                                 const CodewordFormat& format, const RunContext& context) {
    assert(!books.empty() && static_cast<Index>(numbers.size()) == x.rows);
    for (Matrix& book : books)
        format.round(book.span());
    RefinedCodebooks refined{std::move(books), {}};
    if (parameters.rounds == 0) return refined;
    Sample sample(x, numbers, scales, parameters, context.stop());
    const double energy = sample.energy();
    const auto tell = [&](double objective) {
        refined.objectives.push_back(objective);
        context.objective(energy > 0.0 ? objective / energy : 0.0);
    };
    tell(sample.search(refined.books));
    for (int round = 0; round < parameters.rounds; ++round) {
        std::vector<Matrix> next = refined.books;
        sample.refit(next);
        for (Matrix& book : next)
            format.round(book.span());
        const double objective = sample.search(next);
        context.progress((round + 1.0) / parameters.rounds,
                         "refining codebooks, round " + std::to_string(round + 1));
        const double before = refined.objectives.back();
        if (objective >= before) break;
        refined.books = std::move(next);
        tell(objective);
        if (before - objective <= parameters.relativeGain * before) break;
    }
    return refined;
}

}  // namespace quantscope
