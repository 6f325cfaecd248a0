// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_settings.h"

#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"

namespace quantscope::rvq {
namespace {

constexpr const char* stageBits = "stage_bits";
constexpr const char* startId = "start";
constexpr int mostBits = 16;
constexpr int mostStages = 64;

ParameterSpec stagesParameter() {
    return integerParameter({"stages", "Stages",
                             "Number of codebooks; each stage codes what the stages before it "
                             "leave, and costs one code per vector."},
                            4, 1, mostStages)
        .onlyWith(stageBits, {""});
}

ParameterSpec stageBitsParameter() {
    return integerListParameter({stageBits, "Bits of each stage",
                                 "Widths of the codes stage by stage, with plus signs: 10+8+6 is "
                                 "three stages. Empty takes stages of equal width.",
                                 "bits"},
                                1, mostBits, mostStages)
        .foldedAway();
}

ParameterSpec groupsParameter() {
    return integerParameter(
               {"groups", "Groups",
                "Equal parts of a vector, each with stages and codebooks of its own (grouped "
                "residual quantization), so that a vector costs groups times the codes of one. A "
                "shorter dim instead lets the parts share the codebooks."},
               1, 1, 1024)
        .foldedAway();
}

ParameterSpec startParameter() {
    return choiceParameter({startId, "Start",
                            "Where the codebooks come from: k-means of what the stages before "
                            "leave, or a file of codebooks for the tensor, which are used as they "
                            "are (refit=0) or fitted to it by the refitting rounds."},
                           "seeded", {{"seeded", "K-means"}, givenStartChoice()})
        .foldedAway();
}

ParameterSpec errorParameter() {
    return choiceParameter(
               {"error", "Error",
                "What codes and refitted codebooks make small: the squared error of the weights, "
                "or the same weighted by the diagonal of the Hessian of the tensor."},
               "squared",
               {{"squared", "Squared error"}, {"hessian", "Weighted by the Hessian's diagonal"}})
        .foldedAway();
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
        codeBitsParameter("Width of a code; the codebook of every stage has 2^bits codewords.",
                          mostBits)
            .onlyWith(stageBits, {""}),
        stageBitsParameter(),
        vectorLengthParameter(),
        groupsParameter(),
        startParameter(),
        errorParameter(),
        beamParameter(),
        refitParameter(),
        trainingIterationsParameter("Most iterations of k-means for each stage; it ends earlier "
                                    "when the error hardly falls.")
            .onlyWith(startId, {"seeded"}),
        trainingCountParameter(),
        CodewordFormat::parameter()};
}

RvqSettings RvqSettings::from(const ParameterValues& values) {
    RvqSettings settings{ResidualSettings::from(values, "stages"),
                         static_cast<int>(values.integer("refit"))};
    std::vector<int> stages = values.integers(stageBits);
    if (stages.empty()) {
        stages = settings.widths.bits();
    } else {
        settings.bitsParameter = stageBits;
    }
    settings.parts = values.integer("groups");
    settings.seeded = values.choice(startId) != givenStart;
    settings.weighted = values.choice("error") == "hessian";
    std::vector<int> widths;
    for (Index group = 0; group < settings.parts; ++group)
        widths.insert(widths.end(), stages.begin(), stages.end());
    settings.widths = CodeWidths(std::move(widths));
    return settings;
}

std::vector<CodebookSize> RvqSettings::sizes(const RowVectors& layout) const {
    std::vector<CodebookSize> sizes;
    for (Index book = 0; book < books(); ++book)
        sizes.push_back({codewords(book), layout.dim / parts});
    return sizes;
}

std::string RvqSettings::refuseSide(const RowVectors& layout, const SideInformation& side) const {
    if (!seeded) {
        std::string refusal = refuseGiven(side.codebooks.get(), sizes(layout), "seeded");
        if (!refusal.empty()) return refusal;
    }
    return weighted ? refuseWeights(side, layout.cols, "error=squared") : std::string();
}

std::uint64_t RvqSettings::scaledBytes(const RowVectors& layout) const {
    constexpr Index copies = 3;
    return static_cast<std::uint64_t>(copies * layout.perRow() * codewordsInAll() *
                                      (layout.dim / parts)) *
           sizeof(float);
}

std::string RvqSettings::codebookName(Index book) const {
    const std::string stage = "stage " + std::to_string(book % stages() + 1);
    return groups() == 1 ? stage : groupName(book / stages()) + ", " + stage;
}

}  // namespace quantscope::rvq
