// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_settings.h"

#include "core/quant/codeword_format.h"

namespace quantscope::additive {
namespace {

ParameterSpec booksParameter() {
    ParameterSpec spec;
    spec.id = "m";
    spec.label = "Codebooks";
    spec.help = "Number of codebooks; each costs one code per vector.";
    spec.defaultValue = 4;
    spec.minimum = 1;
    spec.maximum = 32;
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
    spec.maximum = 12;
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
        "Sequences of codes that are kept per vector in the search that local search starts from.";
    spec.defaultValue = 16;
    spec.minimum = 1;
    spec.maximum = 256;
    spec.step = 1;
    return spec;
}

ParameterSpec roundsParameter() {
    ParameterSpec spec;
    spec.id = "rounds";
    spec.label = "Training rounds";
    spec.help =
        "Rounds in which all codebooks are trained together: least squares, noise that fades from "
        "round to round, and codes searched anew. 0 leaves the residual codebooks.";
    spec.defaultValue = 25;
    spec.minimum = 0;
    spec.maximum = 1000;
    spec.step = 1;
    return spec;
}

ParameterSpec searchParameter() {
    ParameterSpec spec;
    spec.id = "search";
    spec.label = "Search rounds";
    spec.help =
        "Rounds of local search for the codes of a vector: one code becomes the next best, the "
        "others follow, and an improvement is kept. A quarter of them in training.";
    spec.defaultValue = 16;
    spec.minimum = 0;
    spec.maximum = 1000;
    spec.step = 1;
    return spec;
}

ParameterSpec iterationsParameter() {
    ParameterSpec spec;
    spec.id = "iterations";
    spec.label = "Training iterations";
    spec.help = "Most iterations of k-means for each of the residual codebooks to start from.";
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

std::vector<ParameterSpec> additiveParameters() {
    return {booksParameter(),      bitsParameter(),   dimParameter(),
            beamParameter(),       roundsParameter(), searchParameter(),
            iterationsParameter(), trainParameter(),  CodewordFormat::parameter()};
}

AdditiveSettings AdditiveSettings::from(const ParameterValues& values) {
    AdditiveSettings settings;
    settings.books = values.integer("m");
    settings.bits = static_cast<int>(values.integer("bits"));
    settings.dim = values.integer("dim");
    settings.beam = values.integer("beam");
    settings.rounds = static_cast<int>(values.integer("rounds"));
    settings.search = static_cast<int>(values.integer("search"));
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    return settings;
}

AdditiveParameters AdditiveSettings::training() const {
    constexpr int refits = 2;
    return {{std::vector<Index>(static_cast<std::size_t>(books), codewords()), beam, iterations,
             refits},
            rounds,
            search / 4,
            search};
}

}  // namespace quantscope::additive
