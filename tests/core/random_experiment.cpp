// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/random_experiment.h"

#include "core/base/random.h"
#include "core/metrics/metric_info.h"

namespace quantscope {

namespace {

std::string randomText(Random& random) {
    static const std::vector<std::string> pieces = {"a",  "*",  "weight",   "/", "[01]", "?", " ",
                                                    "\"", "\\", "\xC3\xA9", ".", "0",    "-"};
    std::string text = "t";
    for (Index i = random.below(6); i > 0; --i) {
        text += pieces[static_cast<std::size_t>(random.below(static_cast<Index>(pieces.size())))];
    }
    return text;
}

std::vector<std::string> randomTexts(Random& random, Index atLeast) {
    std::vector<std::string> texts;
    for (Index i = atLeast + random.below(3); i > 0; --i)
        texts.push_back(randomText(random));
    return texts;
}

Json randomValue(Random& random, int depth) {
    switch (random.below(depth > 0 ? 7 : 5)) {
        case 0:
            return random.below(1000) - 500;
        case 1:
            return random.normal();
        case 2:
            return random.below(2) == 0;
        case 3:
            return Json{{"from", random.below(4)}, {"to", 4 + random.below(4)}};
        case 4:
            return Json::array({random.below(9), 10 + random.below(9)});
        case 5:
            return Json{{"id", "nested"},
                        {"parameters", Json{{"x", randomValue(random, depth - 1)}}}};
        default:
            return randomText(random);
    }
}

SweptMethod randomMethod(Random& random) {
    SweptMethod method{{"m" + std::to_string(random.below(9)), Json::object()}};
    for (Index i = random.below(4); i > 0; --i) {
        method.method.parameters["p" + std::to_string(i)] = randomValue(random, 2);
    }
    return method;
}

}  // namespace

ExperimentSpec randomExperiment(std::uint64_t seed) {
    Random random(seed, 1);
    ExperimentSpec spec;
    if (random.below(2) == 0) spec.title = randomText(random);
    spec.data.file = "/data/" + randomText(random);
    spec.data.tensors = randomTexts(random, 1);
    spec.data.exclude = randomTexts(random, 0);
    for (Index i = random.below(3); i > 0; --i) {
        FoldRule fold;
        fold.rowAxes.clear();
        for (Index axes = random.below(3); axes > 0; --axes)
            fold.rowAxes.push_back(static_cast<int>(random.below(4)));
        spec.data.folds.emplace_back(randomText(random), fold);
    }
    spec.data.normalize = static_cast<Normalize>(random.below(3));
    spec.data.followExternalLinks = random.below(2) == 0;
    if (random.below(2) == 0) spec.hessians = "/data/" + randomText(random);
    if (random.below(2) == 0) spec.codebooks = "/data/" + randomText(random);
    for (Index i = random.below(4); i > 0; --i)
        spec.methods.push_back(randomMethod(random));
    for (const MetricInfo& info : allMetrics()) {
        if (random.below(4) == 0) spec.metrics.emplace_back(info.id);
    }
    spec.seed = random.below(2) == 0 ? random() : 0;
    return spec;
}

}  // namespace quantscope
