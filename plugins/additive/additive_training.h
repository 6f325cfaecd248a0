// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/kernels/additive_search.h"
#include "core/kernels/residual_search.h"
#include "core/kernels/residual_training.h"

namespace quantscope::additive {

struct AdditiveParameters {
    ResidualParameters start;  ///< Of the residual codebooks that training starts from.
    int rounds = 25;           ///< Of codebooks by least squares, noise, and codes.
    int trainSearch = 8;       ///< Rounds of AdditiveSearch::improve in each of them.
    int search = 16;           ///< The same when a tensor is encoded.
};

/// Codebooks whose codewords are summed, and the search for codes in them.
class AdditiveCodebooks {
public:
    AdditiveCodebooks(std::vector<CodewordPanels> books, const AdditiveParameters& parameters,
                      const std::stop_token& stop);
    // Searches refer to the books.
    AdditiveCodebooks(const AdditiveCodebooks&) = delete;
    AdditiveCodebooks& operator=(const AdditiveCodebooks&) = delete;

    const std::vector<CodewordPanels>& books() const { return m_books; }

    /// Writes codes (rows x books) for the rows of `x`: those of a beam search, improved. Serial.
    void encode(MatrixView x, std::span<std::uint32_t> codes) const;
    /// Improves codes that other codebooks gave the rows of `x`, or replaces them by those of a
    /// beam search where these are better. Serial.
    void update(MatrixView x, std::span<std::uint32_t> codes) const;

private:
    AdditiveParameters m_parameters;
    std::vector<CodewordPanels> m_books;
    ResidualSearch m_start;  // Finds the codes that m_search improves.
    AdditiveSearch m_search;
};

struct AdditiveTraining {
    std::unique_ptr<const AdditiveCodebooks> codebooks;
    /// Mean |x - sum|^2 per vector of the sample: of the residual codebooks, then of each round
    /// with the noise it had.
    std::vector<double> objectives;
    /// The same of the vectors that judge, if there are any. `codebooks` are those of the least one
    /// of these, else of `objectives`.
    std::vector<double> judgements;
};

/// Trains on the rows of `x`: residual codebooks (trainResidualCodebooks), then rounds of codebooks
/// by joint least squares, noise on them that fades to nothing, and updated codes (LSQ++: Martinez,
/// Zakhmi, Hoos, Little, "LSQ++: lower running time and higher recall in multi-codebook
/// quantization", ECCV 2018, section 3.2; here the noise of a codeword is relative to the error of
/// its vectors, so that it suits data of any shape). Codewords are rounded as `format` stores them
/// before any code is chosen. Where other vectors than those of `x` are to be coded, `judging` are
/// some of them (m x dim), else it has no rows: codebooks that fit `x` ever better may fit others
/// worse, the more so the more codewords there are for each vector. Same bits at any thread count.
/// Throws Cancelled.
AdditiveTraining trainAdditive(MatrixView x, MatrixView judging,
                               const AdditiveParameters& parameters, const CodewordFormat& format,
                               const RunContext& context);

/// Multiply-adds of this training, roughly, and of encoding one vector.
double additiveTrainingWork(const AdditiveParameters& parameters, Index rows, Index dim);
double additiveSearchWork(const AdditiveParameters& parameters, Index dim);

}  // namespace quantscope::additive
