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
         "(Arthur and Vassilvitskii 2007), drawn evenly, or the codewords of a file of codebooks "
         "for "
         "the tensor, which are used as they are with iterations=0."},
        "plusplus", {{"plusplus", "K-means++"}, {"random", "Random vectors"}, givenStartChoice()});
}

ParameterSpec assignParameter() {
    return choiceParameter(
               {"assign", "Vectors go to",
                "The codeword that a vector belongs to in training: the nearest, or such that all "
                "codewords have about equally many (Sinkhorn scaling: Cuturi 2013, as in RepCONC: "
                "Zhan et al. 2022), for codes that are used evenly at some more error. Codes are "
                "the nearest codewords in the end."},
               "nearest",
               {{"nearest", "The nearest codeword"}, {"balanced", "Evenly used codewords"}})
        .onlyWith("update", {"means"})
        .foldedAway();
}

ParameterSpec passesParameter() {
    return integerParameter(
               {"passes", "Passes over all",
                "Most iterations over all vectors of the tensor after those on the training "
                "vectors, for tensors of which these are only a part: each reads the tensor once "
                "and needs no memory for it."},
               0, 0, 100)
        .onlyWith("update", {"means"})
        .onlyWith("error", {"squared"})
        .foldedAway();
}

ParameterSpec errorParameter() {
    return choiceParameter(
               {"error", "Error",
                "What the codes and, after k-means, as many rounds of codewords make small: the "
                "squared error of the weights, or the same weighted by the diagonal of the Hessian "
                "of the tensor."},
               "squared",
               {{"squared", "Squared error"}, {"hessian", "Weighted by the Hessian's diagonal"}})
        .foldedAway();
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
            assignParameter(),
            errorParameter(),
            trainingIterationsParameter(
                "Most iterations of k-means; it ends earlier when the error hardly falls. 0 leaves "
                "the codewords of the start.",
                0),
            trainingCountParameter(),
            passesParameter(),
            CodewordFormat::parameter()};
}

KmeansSettings KmeansSettings::from(const ParameterValues& values) {
    KmeansSettings settings;
    settings.widths = CodeWidths(1, static_cast<int>(values.integer("bits")));
    settings.dim = values.integer("dim");
    settings.beam = 1;
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    const std::string start = values.choice("start");
    if (start == "random") settings.start = Start::Random;
    if (start == givenStart) settings.start = Start::Given;
    settings.seeded = settings.start != Start::Given;
    settings.weighted = values.choice("error") == "hessian";
    const bool isLinear = values.choice("update") == "linear";
    if (!isLinear && values.choice("assign") == "balanced") {
        settings.assignment = Assignment::Balanced;
    }
    if (!isLinear && !settings.weighted) {
        settings.passes = static_cast<int>(values.integer("passes"));
    }
    if (isLinear) settings.update = CodebookUpdate::Linear;
    const std::string revive = values.choice("revive");
    if (revive == "none") settings.revival = Revival::None;
    if (revive == "rare") settings.revival = Revival::Rare;
    return settings;
}

std::string KmeansSettings::refuseSide(const RowVectors& layout,
                                       const SideInformation& side) const {
    if (!seeded) {
        std::string refusal =
            refuseGiven(side.codebooks.get(), {{codewords(), layout.dim}}, "plusplus");
        if (!refusal.empty()) return refusal;
    }
    return weighted ? refuseWeights(side, layout.cols, "error=squared") : std::string();
}

Preflight KmeansSettings::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result = ResidualSettings::preflight(rows, cols);
    if (!result.refusal.empty()) return result;
    const RowVectors vectors = layout(rows, cols);
    result.refusal = refuseSide(vectors, side);
    if (!result.refusal.empty()) return result;
    if (weighted) {
        constexpr Index copies = 3;
        result.workingBytes +=
            static_cast<std::uint64_t>(copies * vectors.perRow() * codewords() * vectors.dim) *
            sizeof(float);
    }
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
