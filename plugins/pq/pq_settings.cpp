// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_settings.h"

#include <bit>

#include "core/quant/codeword_format.h"
#include "core/quant/given_codebooks.h"
#include "core/quant/training_sample.h"

namespace quantscope::pq {
namespace {

ParameterSpec slicesParameter() {
    return integerParameter({"m", "Slices",
                             "Number of slices that a row is cut into; each costs one code. Where "
                             "it does not divide the columns, the first slices are longer by one."},
                            8, 1, 65536);
}

ParameterSpec sharedParameter() {
    return booleanParameter({"shared", "Shared codebook",
                             "One codebook for all slices instead of one for each; needs slices of "
                             "equal length, so m must divide the columns."},
                            false);
}

ParameterSpec allocationParameter() {
    return choiceParameter(
               {"allocation", "Bits of the slices",
                "How the bits of a row are dealt to its slices: equally, or by reverse "
                "water-filling on the variances along the principal axes of each (after the "
                "rotation, which leaves little to deal), bits being the mean."},
               "equal", {{"equal", "Equal"}, {"variance", "By variance (reverse water-filling)"}})
        .onlyWith("shared", {"false"});
}

ParameterSpec startParameter() {
    return choiceParameter({"start", "Start",
                            "Where the codebooks come from: k-means++, or a file of codebooks for "
                            "the tensor, which are used as they are with iterations=0; these go "
                            "with rotation=none and slices of equal bits."},
                           "seeded", {{"seeded", "K-means++"}, givenStartChoice()})
        .foldedAway();
}

ParameterSpec rotationParameter() {
    return choiceParameter(
        {"rotation", "Rotation",
         "Rotates rows before they are cut, so that the slices share the variance: to the "
         "principal axes, or further, trained in turn with the codebooks (OPQ: Ge, He, Ke, Sun "
         "2013). The rotation is stored and counts as a transform."},
        "none",
        {{"none", "None"},
         {"pca", "Principal axes, dealt to the slices"},
         {"opq", "Trained with the codebooks (OPQ)"}});
}

ParameterSpec dimsParameter() {
    return integerParameter(
               {"dims", "Kept dimensions",
                "Dimensions that the rotation keeps; the others decode to zero. 0 keeps all.",
                "columns"},
               0, 0, 65536)
        .onlyWith("rotation", {"pca", "opq"})
        .foldedAway();
}

ParameterSpec roundsParameter() {
    return integerParameter(
               {"rounds", "Rotation rounds",
                "Rounds of training the rotation: codebooks for it, then the best one for them."},
               20, 1, 1000)
        .onlyWith("rotation", {"opq"})
        .foldedAway();
}

Rotation rotationOf(const ParameterValues& values) {
    const std::string choice = values.choice("rotation");
    if (choice == "opq") return Rotation::Trained;
    return choice == "pca" ? Rotation::Principal : Rotation::None;
}

}  // namespace

std::vector<ParameterSpec> pqParameters() {
    return {slicesParameter(),
            codeBitsParameter("Width of a code; every codebook has 2^bits codewords.", 16),
            sharedParameter(),
            allocationParameter(),
            startParameter(),
            rotationParameter(),
            dimsParameter(),
            roundsParameter(),
            trainingIterationsParameter(
                "Most iterations of k-means; it ends earlier when the error hardly falls. 0 leaves "
                "the codewords of the start.",
                0),
            trainingCountParameter("rows", "from longer tensors"),
            CodewordFormat::parameter()};
}

int PqSettings::mostSliceBits(Index rows) const {
    constexpr Index rowsPerCodeword = 39;
    constexpr int most = 12;
    const auto supported =
        static_cast<int>(std::bit_width(static_cast<std::uint64_t>(rows / rowsPerCodeword))) - 1;
    return std::max(bits, std::min(supported, most));
}

PqSettings PqSettings::from(const ParameterValues& values) {
    PqSettings settings;
    settings.slices = values.integer("m");
    settings.bits = static_cast<int>(values.integer("bits"));
    settings.shared = values.boolean("shared");
    settings.byVariance = !settings.shared && values.choice("allocation") == "variance";
    settings.seeded = values.choice("start") != givenStart;
    settings.rotation = rotationOf(values);
    settings.dims = values.integer("dims");
    settings.rounds = static_cast<int>(values.integer("rounds"));
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    return settings;
}

}  // namespace quantscope::pq
