// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kmeans/kmeans_settings.h"

#include <algorithm>
#include <cmath>

#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"

namespace quantscope::kmeans {
namespace {

// Least squares for all codewords together cannot be interrupted: some hundredths of a second.
constexpr Index mostLinearDim = 512;
constexpr Index mostLinearProducts = Index{1} << 29;

ParameterSpec startParameter() {
    return choiceParameter(
        {"start", "Start",
         "The vectors that the codewords start from: chosen far from each other with k-means++ "
         "(Arthur and Vassilvitskii 2007), or drawn evenly."},
        "plusplus", {{"plusplus", "K-means++"}, {"random", "Random vectors"}});
}

ParameterSpec updateParameter() {
    return choiceParameter(
        {"update", "Codewords become",
         "How codewords follow from their vectors: each the mean of its own, or all together the "
         "best linear image of the codebook at the start, so that those without vectors move too "
         "(SimVQ: Zhu et al. 2024, with least squares instead of gradient steps)."},
        "means", {{"means", "Means of their vectors"}, {"linear", "A linear image of the start"}});
}

ParameterSpec reviveParameter() {
    return choiceParameter(
               {"revive", "Revive",
                "Codewords that are taken away from where they are and given a half of the cell "
                "with the largest error, cut across its main axis: those without vectors, or, in "
                "the first half of the iterations, also those with less than a tenth of the mean."},
               "empty",
               {{"none", "None"}, {"empty", "Unused codewords"}, {"rare", "Rarely used codewords"}})
        .onlyWith("update", {"means"});
}

}  // namespace

std::vector<ParameterSpec> kmeansParameters() {
    return {codeBitsParameter("Width of a code; the codebook has 2^bits codewords.", 16),
            vectorLengthParameter(),
            startParameter(),
            updateParameter(),
            reviveParameter(),
            trainingIterationsParameter(
                "Most iterations of k-means; it ends earlier when the error hardly falls."),
            trainingCountParameter(),
            CodewordFormat::parameter()};
}

KmeansSettings KmeansSettings::from(const ParameterValues& values) {
    KmeansSettings settings;
    settings.books = 1;
    settings.bits = static_cast<int>(values.integer("bits"));
    settings.dim = values.integer("dim");
    settings.beam = 1;
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    if (values.choice("start") == "random") settings.start = Start::Random;
    if (values.choice("update") == "linear") settings.update = CodebookUpdate::Linear;
    const std::string revive = values.choice("revive");
    if (revive == "none") settings.revival = Revival::None;
    if (revive == "rare") settings.revival = Revival::Rare;
    return settings;
}

Preflight KmeansSettings::preflight(Index rows, Index cols) const {
    Preflight result = ResidualSettings::preflight(rows, cols);
    if (!result.refusal.empty()) return result;
    const RowVectors vectors = layout(rows, cols);
    if (update == CodebookUpdate::Linear) {
        const Index most = std::min(
            mostLinearDim, static_cast<Index>(std::sqrt(static_cast<double>(mostLinearProducts) /
                                                        static_cast<double>(codewords()))));
        if (vectors.dim > most) {
            result.refusal =
                "A linear image of " + std::to_string(codewords()) + " codewords of " +
                std::to_string(vectors.dim) +
                " components takes too long to find. Choose dim <= " + std::to_string(most) +
                ", or update=means.";
            return result;
        }
        result.workingBytes +=
            3 * sizeof(double) * static_cast<std::uint64_t>(codewords() * vectors.dim);
    }
    return result;
}

}  // namespace quantscope::kmeans
