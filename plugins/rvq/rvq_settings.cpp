// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_settings.h"

#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"

namespace quantscope::rvq {
namespace {

ParameterSpec stagesParameter() {
    return integerParameter({"stages", "Stages",
                             "Number of codebooks; each stage codes what the stages before it "
                             "leave, and costs one code per vector."},
                            4, 1, 64);
}

ParameterSpec beamParameter() {
    return integerParameter({"beam", "Beam",
                             "Sequences of codes that are kept per vector from stage to stage, in "
                             "training and in encoding; 1 is greedy."},
                            5, 1, 256);
}

ParameterSpec refitParameter() {
    return integerParameter(
        {"refit", "Refitting rounds",
         "Most rounds after the stages are trained: all codebooks by joint least squares with the "
         "codes fixed, then all codes anew. Rounds end when the error no longer falls."},
        5, 0, 100);
}

}  // namespace

std::vector<ParameterSpec> rvqParameters() {
    return {
        stagesParameter(),
        codeBitsParameter("Width of a code; the codebook of every stage has 2^bits codewords.", 16),
        vectorLengthParameter(),
        beamParameter(),
        refitParameter(),
        trainingIterationsParameter("Most iterations of k-means for each stage; it ends earlier "
                                    "when the error hardly falls."),
        trainingCountParameter(),
        CodewordFormat::parameter()};
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
