// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_settings.h"

#include "core/quant/codeword_format.h"

namespace quantscope::pq {
namespace {

ParameterSpec slicesParameter() {
    ParameterSpec spec;
    spec.id = "m";
    spec.label = "Slices";
    spec.help =
        "Number of slices that a row is cut into; each costs one code. Where it does not divide "
        "the columns, the first slices are longer by one.";
    spec.defaultValue = 8;
    spec.minimum = 1;
    spec.maximum = 65536;
    spec.step = 1;
    return spec;
}

ParameterSpec bitsParameter() {
    ParameterSpec spec;
    spec.id = "bits";
    spec.label = "Bits per code";
    spec.help = "Width of a code; every codebook has 2^bits codewords.";
    spec.unit = "bits";
    spec.defaultValue = 8;
    spec.minimum = 1;
    spec.maximum = 16;
    spec.step = 1;
    return spec;
}

ParameterSpec sharedParameter() {
    ParameterSpec spec;
    spec.id = "shared";
    spec.label = "Shared codebook";
    spec.help =
        "One codebook for all slices instead of one for each; needs slices of equal length, so m "
        "must divide the columns.";
    spec.type = ParameterType::Boolean;
    spec.defaultValue = false;
    return spec;
}

ParameterSpec rotationParameter() {
    ParameterSpec spec;
    spec.id = "rotation";
    spec.label = "Rotation";
    spec.help =
        "Rotates rows before they are cut, so that the slices share the variance: to the principal "
        "axes, or further, trained in turn with the codebooks (OPQ: Ge, He, Ke, Sun 2013). The "
        "rotation is stored and counts as a transform.";
    spec.type = ParameterType::Choice;
    spec.defaultValue = "none";
    spec.choices = {{"none", "None"},
                    {"pca", "Principal axes, dealt to the slices"},
                    {"opq", "Trained with the codebooks (OPQ)"}};
    return spec;
}

ParameterSpec dimsParameter() {
    ParameterSpec spec;
    spec.id = "dims";
    spec.label = "Kept dimensions";
    spec.help = "Dimensions that the rotation keeps; the others decode to zero. 0 keeps all.";
    spec.unit = "columns";
    spec.defaultValue = 0;
    spec.minimum = 0;
    spec.maximum = 65536;
    spec.step = 1;
    spec.enabledIf = {{"rotation", {"pca", "opq"}}};
    spec.advanced = true;
    return spec;
}

ParameterSpec roundsParameter() {
    ParameterSpec spec;
    spec.id = "rounds";
    spec.label = "Rotation rounds";
    spec.help = "Rounds of training the rotation: codebooks for it, then the best one for them.";
    spec.defaultValue = 20;
    spec.minimum = 1;
    spec.maximum = 1000;
    spec.step = 1;
    spec.enabledIf = {{"rotation", {"opq"}}};
    spec.advanced = true;
    return spec;
}

Rotation rotationOf(const ParameterValues& values) {
    const std::string choice = values.choice("rotation");
    if (choice == "opq") return Rotation::Trained;
    return choice == "pca" ? Rotation::Principal : Rotation::None;
}

ParameterSpec iterationsParameter() {
    ParameterSpec spec;
    spec.id = "iterations";
    spec.label = "Training iterations";
    spec.help = "Most iterations of k-means; it ends earlier when the error hardly falls.";
    spec.defaultValue = 25;
    spec.minimum = 1;
    spec.maximum = 1000;
    spec.step = 1;
    spec.advanced = true;
    return spec;
}

ParameterSpec trainParameter() {
    ParameterSpec spec;
    spec.id = "train";
    spec.label = "Training rows";
    spec.help =
        "Most rows to train on; from longer tensors that many are drawn at random. 0 trains on "
        "all.";
    spec.unit = "rows";
    spec.defaultValue = 131072;
    spec.minimum = 0;
    spec.maximum = 1e12;
    spec.advanced = true;
    return spec;
}

}  // namespace

std::vector<ParameterSpec> pqParameters() {
    return {slicesParameter(),     bitsParameter(),  sharedParameter(),
            rotationParameter(),   dimsParameter(),  roundsParameter(),
            iterationsParameter(), trainParameter(), CodewordFormat::parameter()};
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
