// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/residual_training.h"

#include <algorithm>
#include <cassert>
#include <string>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/squared_norm.h"
#include "core/kernels/codebook_refit.h"
#include "core/kernels/kmeans.h"
#include "core/kernels/mean_square.h"
#include "core/kernels/progressive_kmeans.h"
#include "core/kernels/residual_beam.h"
#include "core/kernels/residual_search.h"
#include "core/kernels/stored_codewords.h"

namespace quantscope {
namespace {

// k-means++ costs about as much as two iterations.
constexpr double seedingIterations = 2.0;

double product(Index a, Index b, Index c) {
    return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

// Residuals look like noise, which progressive k-means is for; the vectors themselves have
// clusters.
bool isProgressive(std::size_t stage, Index dim) {
    return stage > 0 && dim >= leastProgressiveDim && dim <= mostProgressiveDim;
}

KMeansParameters kMeansOf(const ResidualParameters& parameters, std::size_t stage) {
    return {.count = parameters.codewords[stage], .iterations = parameters.iterations};
}

double stageWork(const ResidualParameters& parameters, std::size_t stage, Index rows, Index dim) {
    if (isProgressive(stage, dim))
        return progressiveKMeansWork(kMeansOf(parameters, stage), rows, dim);
    return product(rows, parameters.codewords[stage], dim) *
           (parameters.iterations + seedingIterations);
}

// Which sequences a stage's codebook is trained to go on from. All of them, where a codebook is
// fine enough (a bit per component) that the best sequence often comes from another one of the
// stage before, and where rows are many enough that codewords are not wasted on them; the error of
// 8-vectors at 4 bits falls by a tenth (tests/bench/RESULTS.md). Else the best.
bool learnsFromAllSequences(Index codewords, Index rows, Index dim) {
    constexpr Index rowsPerCodeword = 39;
    return dim < 32 && codewords >= Index{1} << dim && rows >= rowsPerCodeword * codewords;
}

// The sequences of codes of all rows, block by block.
class SampleBeam {
public:
    SampleBeam(MatrixView x, Index beam, const std::stop_token& stop)
        : m_x(x), m_beam(beam), m_stop(stop), m_residuals(x.rows, x.cols) {
        for (Index row = 0; row < x.rows; ++row)
            std::ranges::copy(x.row(row), m_residuals.span().row(row).begin());
    }

    // What a sequence leaves of each row.
    MatrixView residuals() const { return m_residuals.view(); }

    // Appends a code of the last of `stages`; the others made the sequences so far. residuals() are
    // then those of the best sequences, or of any at random. Returns the mean
    // squared norm of what the best leave.
    double extend(std::span<const CodewordPanels> stages, bool ofAny) {
        const auto before = static_cast<Index>(stages.size()) - 1;
        const Index oldLength = beamWidth(stages, before, m_beam) * before;
        const Index length = beamWidth(stages, before + 1, m_beam) * (before + 1);
        std::vector<std::uint32_t> sequences(static_cast<std::size_t>(m_x.rows * length));
        const double energy = overBlocks(stages.back(), [&](Index begin, Index end) {
            const MatrixView rows = m_x.middleRows(begin, end - begin);
            const auto part = [&](std::vector<std::uint32_t>& all, Index each) {
                return std::span(all).subspan(static_cast<std::size_t>(begin * each),
                                              static_cast<std::size_t>((end - begin) * each));
            };
            ResidualBeam search = before == 0 ? ResidualBeam(rows)
                                              : ResidualBeam(rows, stages.first(stages.size() - 1),
                                                             part(m_sequences, oldLength));
            search.extend(stages.back(), m_beam);
            std::ranges::copy(search.sequences(), part(sequences, length).begin());
            return keepResiduals(search, begin, end, ofAny);
        });
        m_sequences = std::move(sequences);
        return energy / static_cast<double>(m_x.rows);
    }

    // Searches all sequences anew, and keeps the best of each row.
    double search(std::span<const CodewordPanels> stages) {
        const auto length = static_cast<Index>(stages.size());
        const ResidualSearch search(stages, m_beam, m_stop);
        m_sequences.resize(static_cast<std::size_t>(m_x.rows * length));
        const double energy = overBlocks(stages.back(), [&](Index begin, Index end) {
            const MatrixView rows = m_x.middleRows(begin, end - begin);
            const auto codes = std::span(m_sequences)
                                   .subspan(static_cast<std::size_t>(begin * length),
                                            static_cast<std::size_t>((end - begin) * length));
            search.search(rows, codes);
            return keepResiduals(ResidualBeam(rows, stages, codes), begin, end, false);
        });
        return energy / static_cast<double>(m_x.rows);
    }

    std::vector<std::uint32_t> bestCodes(Index stages) const {
        const auto length = static_cast<std::ptrdiff_t>(m_sequences.size()) / m_x.rows;
        std::vector<std::uint32_t> codes;
        codes.reserve(static_cast<std::size_t>(m_x.rows * stages));
        for (Index row = 0; row < m_x.rows; ++row) {
            const auto best = m_sequences.begin() + row * length;
            codes.insert(codes.end(), best, best + stages);
        }
        return codes;
    }

private:
    // Blocks of a few milliseconds whose residuals fit the caches.
    template <typename Body>
    double overBlocks(const CodewordPanels& stage, const Body& body) const {
        constexpr Index blockMultiplyAdds = Index{1} << 25;
        constexpr Index blockFloats = Index{1} << 16;
        const Index each = m_beam * stage.dim();
        const Index rows = std::clamp<Index>(
            std::min(blockMultiplyAdds / (each * stage.count()), blockFloats / each), 8, 1024);
        return parallelReduce(m_x.rows, rows, m_stop, 0.0, body,
                              [](double& total, double part) { total += part; });
    }

    double keepResiduals(const ResidualBeam& search, Index begin, Index end, bool ofAny) {
        double energy = 0.0;
        for (Index row = begin; row < end; ++row) {
            const Index rank = ofAny ? rankOf(row, search.width()) : 0;
            std::ranges::copy(search.residual(row - begin, rank),
                              m_residuals.span().row(row).begin());
            energy += squaredNorm(search.residual(row - begin, 0));
        }
        return energy;
    }

    // Any order in which rows come, such as that of columns, must not decide.
    static Index rankOf(Index row, Index width) {
        constexpr std::uint64_t seed = 1;
        return Random(seed, static_cast<std::uint64_t>(row)).below(width);
    }

    MatrixView m_x;
    Index m_beam;
    const std::stop_token& m_stop;
    Matrix m_residuals;
    std::vector<std::uint32_t> m_sequences;  // rows x width x stages
};

std::vector<Matrix> codewordsOf(std::span<const CodewordPanels> stages) {
    std::vector<Matrix> books;
    for (const CodewordPanels& stage : stages) {
        Matrix& book = books.emplace_back(stage.count(), stage.dim());
        std::copy_n(stage.codewords().data, book.view().size(), book.data());
    }
    return books;
}

// Rounds of least squares and search, as long as they lower the error.
void refit(MatrixView x, int rounds, const CodewordFormat& format, SampleBeam& beam,
           ResidualCodebooks& trained, const RunContext& context) {
    const auto stages = static_cast<Index>(trained.stages.size());
    for (int round = 0; round < rounds; ++round) {
        std::vector<Matrix> books = codewordsOf(trained.stages);
        refitCodebooks(x, beam.bestCodes(stages), books, {}, context.stop());
        std::vector<CodewordPanels> refitted = packedAsStored(books, format, context.stop());
        const double objective = beam.search(refitted);
        context.progress((round + 1.0) / rounds,
                         "refitting codebooks, round " + std::to_string(round + 1));
        if (objective >= trained.objectives.back()) return;
        trained.objectives.push_back(objective);
        context.objective(objective);
        trained.stages = std::move(refitted);
    }
}

}  // namespace

double residualSearchWork(const ResidualParameters& parameters, Index dim) {
    return ResidualSearch::work(parameters.codewords, parameters.beam, dim);
}

double residualTrainingWork(const ResidualParameters& parameters, Index rows, Index dim) {
    double work =
        (1.0 + parameters.refits) * static_cast<double>(rows) * residualSearchWork(parameters, dim);
    for (std::size_t stage = 0; stage < parameters.codewords.size(); ++stage)
        work += stageWork(parameters, stage, rows, dim);
    return work;
}

ResidualCodebooks trainResidualCodebooks(MatrixView x, const ResidualParameters& parameters,
                                         const CodewordFormat& format, const RunContext& context) {
    assert(!parameters.codewords.empty() && parameters.beam > 0);
    const std::size_t stages = parameters.codewords.size();
    const double work = residualTrainingWork(parameters, x.rows, x.cols);
    const double searchWork =
        static_cast<double>(x.rows) * residualSearchWork(parameters, x.cols) / work;
    ResidualCodebooks trained;
    trained.stages.reserve(stages);
    SampleBeam beam(x, parameters.beam, context.stop());
    double done = 0.0;
    // What is left of the rows, and what they were, as mean squares.
    trained.energy = meanSquare(x, context.stop());
    const double share = trained.energy > 0.0 ? 1.0 / trained.energy : 0.0;
    double objective = trained.energy;
    for (std::size_t stage = 0; stage < stages; ++stage) {
        const double ownWork = stageWork(parameters, stage, x.rows, x.cols) / work;
        const std::string phase =
            "training stage " + std::to_string(stage + 1) + " of " + std::to_string(stages);
        const RunContext part = context.part(done, done + ownWork, stage);
        const RunContext named =
            part.withProgress(
                    [&](double fraction, std::string_view) { part.progress(fraction, phase); })
                .withSeries("stage " + std::to_string(stage + 1),
                            meanSquare(beam.residuals(), context.stop()) * share);
        const KMeansParameters own = kMeansOf(parameters, stage);
        KMeansResult result = isProgressive(stage, x.cols)
                                  ? progressiveKMeans(beam.residuals(), own, named)
                                  : kMeans(beam.residuals(), own, named);
        format.round(result.centroids.span());
        trained.stages.emplace_back(result.centroids.view(), context.stop());
        trained.stageObjectives.push_back(std::move(result.objectives));
        const bool ofAny = stage + 1 < stages &&
                           learnsFromAllSequences(parameters.codewords[stage + 1], x.rows, x.cols);
        objective = beam.extend(trained.stages, ofAny);
        done += ownWork + searchWork / static_cast<double>(stages);
    }
    trained.objectives.push_back(objective);
    const RunContext together = context.withSeries("all stages", share);
    together.objective(objective);
    refit(x, parameters.refits, format, beam, trained, together.part(done, 1.0, stages));
    context.progress(1.0, "codebooks trained");
    return trained;
}

}  // namespace quantscope
