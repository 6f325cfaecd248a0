// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_settings.h"

#include "core/quant/codeword_format.h"
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
            rotationParameter(),
            dimsParameter(),
            roundsParameter(),
            trainingIterationsParameter(
                "Most iterations of k-means; it ends earlier when the error hardly falls."),
            trainingCountParameter("rows", "from longer tensors"),
            CodewordFormat::parameter()};
}

PqSettings PqSettings::from(const ParameterValues& values) {
    PqSettings settings;
    settings.slices = values.integer("m");
    settings.bits = static_cast<int>(values.integer("bits"));
    settings.shared = values.boolean("shared");
    settings.rotation = rotationOf(values);
    settings.dims = values.integer("dims");
    settings.rounds = static_cast<int>(values.integer("rounds"));
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    return settings;
}

}  // namespace quantscope::pq
