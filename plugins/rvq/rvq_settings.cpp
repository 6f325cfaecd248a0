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
    return {ResidualSettings::from(values, "stages"), static_cast<int>(values.integer("refit"))};
}

}  // namespace quantscope::rvq
