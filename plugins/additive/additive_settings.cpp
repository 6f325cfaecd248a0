// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_settings.h"

#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"

namespace quantscope::additive {
namespace {

ParameterSpec booksParameter() {
    return integerParameter(
        {"m", "Codebooks", "Number of codebooks; each costs one code per vector."}, 4, 1, 32);
}

ParameterSpec beamParameter() {
    return integerParameter({"beam", "Beam",
                             "Sequences of codes that are kept per vector in the search that local "
                             "search starts from."},
                            16, 1, 256);
}

ParameterSpec roundsParameter() {
    return integerParameter(
        {"rounds", "Training rounds",
         "Rounds in which all codebooks are trained together: least squares, noise that fades from "
         "round to round, and codes searched anew. 0 leaves the residual codebooks."},
        25, 0, 1000);
}

ParameterSpec searchParameter() {
    return integerParameter(
        {"search", "Search rounds",
         "Rounds of local search for the codes of a vector: one code becomes the next best, the "
         "others follow, and an improvement is kept. A quarter of them in training."},
        16, 0, 1000);
}

}  // namespace

std::vector<ParameterSpec> additiveParameters() {
    return {booksParameter(),
            codeBitsParameter("Width of a code; every codebook has 2^bits codewords.", 12),
            vectorLengthParameter(),
            beamParameter(),
            roundsParameter(),
            searchParameter(),
            trainingIterationsParameter(
                "Most iterations of k-means for each of the residual codebooks to start from."),
            trainingCountParameter(),
            CodewordFormat::parameter()};
}

AdditiveSettings AdditiveSettings::from(const ParameterValues& values) {
    return {ResidualSettings::from(values, "m"), static_cast<int>(values.integer("rounds")),
            static_cast<int>(values.integer("search"))};
}

AdditiveParameters AdditiveSettings::training() const {
    constexpr int refits = 5;
    return {ResidualSettings::training(refits), rounds, search / 4, search};
}

}  // namespace quantscope::additive
