// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_settings.h"

#include "core/quant/codeword_format.h"

namespace quantscope::rvq {
namespace {

ParameterSpec stagesParameter() {
    ParameterSpec spec;
    spec.id = "stages";
    spec.label = "Stages";
    spec.help =
        "Number of codebooks; each stage codes what the stages before it leave, and costs one "
        "code per vector.";
    spec.defaultValue = 4;
    spec.minimum = 1;
    spec.maximum = 64;
    spec.step = 1;
    return spec;
}

ParameterSpec bitsParameter() {
    ParameterSpec spec;
    spec.id = "bits";
    spec.label = "Bits per code";
    spec.help = "Width of a code; the codebook of every stage has 2^bits codewords.";
    spec.unit = "bits";
    spec.defaultValue = 8;
    spec.minimum = 1;
    spec.maximum = 16;
    spec.step = 1;
    return spec;
}

ParameterSpec dimParameter() {
    ParameterSpec spec;
    spec.id = "dim";
    spec.label = "Vector length";
    spec.help =
        "Columns per vector; rows are cut into vectors of this length, which share the codebooks. "
        "Where it does not divide the columns, the last vector of a row is filled up with zeros. "
        "0 takes whole rows.";
    spec.unit = "columns";
    spec.defaultValue = 8;
    spec.minimum = 0;
    spec.maximum = 65536;
    spec.step = 1;
    return spec;
}

ParameterSpec beamParameter() {
    ParameterSpec spec;
    spec.id = "beam";
    spec.label = "Beam";
    spec.help =
        "Sequences of codes that are kept per vector from stage to stage, in training and in "
        "encoding; 1 is greedy.";
    spec.defaultValue = 5;
    spec.minimum = 1;
    spec.maximum = 256;
    spec.step = 1;
    return spec;
}

ParameterSpec refitParameter() {
    ParameterSpec spec;
    spec.id = "refit";
    spec.label = "Refitting rounds";
    spec.help =
        "Most rounds after the stages are trained: all codebooks by joint least squares with the "
        "codes fixed, then all codes anew. Rounds end when the error no longer falls.";
    spec.defaultValue = 5;
    spec.minimum = 0;
    spec.maximum = 100;
    spec.step = 1;
    return spec;
}

ParameterSpec iterationsParameter() {
    ParameterSpec spec;
    spec.id = "iterations";
    spec.label = "Training iterations";
    spec.help =
        "Most iterations of k-means for each stage; it ends earlier when the error hardly falls.";
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
    spec.label = "Training vectors";
    spec.help =
        "Most vectors to train on; of more, that many are drawn at random. 0 trains on all.";
    spec.unit = "vectors";
    spec.defaultValue = 131072;
    spec.minimum = 0;
    spec.maximum = 1e12;
    spec.advanced = true;
    return spec;
}

}  // namespace

std::vector<ParameterSpec> rvqParameters() {
    return {
        stagesParameter(), bitsParameter(),       dimParameter(),   beamParameter(),
        refitParameter(),  iterationsParameter(), trainParameter(), CodewordFormat::parameter()};
}

RvqSettings RvqSettings::from(const ParameterValues& values) {
    RvqSettings settings;
    settings.stages = values.integer("stages");
    settings.bits = static_cast<int>(values.integer("bits"));
    settings.dim = values.integer("dim");
    settings.beam = values.integer("beam");
    settings.refits = static_cast<int>(values.integer("refit"));
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    return settings;
}

ResidualParameters RvqSettings::training() const {
    return {std::vector<Index>(static_cast<std::size_t>(stages), codewords()), beam, iterations,
            refits};
}

}  // namespace quantscope::rvq
