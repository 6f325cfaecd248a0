// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of rankings against values that are worked out by hand.
#include <QtTest>
#include <cmath>

#include "core/base/parallel.h"
#include "core/run/importance.h"
#include "tests/core/fake_tensor_file.h"

using namespace quantscope;

namespace {

Matrix matrix(Index rows, Index cols, const std::vector<float>& values) {
    Matrix result(rows, cols);
    std::ranges::copy(values, result.data());
    return result;
}

TensorChoices choices(const std::string& name, Index cols) {
    return {name, 2 * cols, {}, cols};
}

// A model that does by hand what each layer is to do: layer l adds `added[l]` to channels 0 and 1
// of positions that are a multiple of e0 (or of e0 + e1), and nothing else.
LanguageModel modelThatAdds(const std::vector<std::pair<float, float>>& added) {
    const auto file =
        TensorFile::open(std::string(QUANTSCOPE_DATASETS_DIR) + "/stories260k.h5", {});
    LanguageModel model = LanguageModel::load(*file, RunContext());
    const ModelConfig& config = model.config();
    const auto set = [&](const std::string& name, const std::vector<std::vector<float>>& corner) {
        const MatrixView present = model.weights(name);
        Matrix values(present.rows, present.cols);
        std::fill_n(values.data(), present.rows * present.cols, 0.0F);
        for (std::size_t r = 0; r < corner.size(); ++r)
            std::ranges::copy(corner[r], &values(static_cast<Index>(r), 0));
        model.replace(name, std::move(values));
    };
    // Both tokens are e0, so that attention passes on what it sees, whatever it weighs.
    set("model.embed_tokens.weight", {{1.0F}, {1.0F}});
    for (Index layer = 0; layer < config.layers; ++layer) {
        const std::string prefix = "model.layers." + std::to_string(layer) + ".";
        Matrix ones(1, config.hidden);
        std::fill_n(ones.data(), config.hidden, 1.0F);
        model.replace(prefix + "input_layernorm.weight", std::move(ones));
        set(prefix + "self_attn.v_proj.weight", {{1.0F}});
        const auto [first, second] = added[static_cast<std::size_t>(layer)];
        set(prefix + "self_attn.o_proj.weight", {{first}, {second}});
        set(prefix + "mlp.down_proj.weight", {});
    }
    return model;
}

}  // namespace

class TestImportance : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // tr H / n: (1 + 2 + 6) / 3 and (0.5 + 0.25) / 2, of a matrix and of a diagonal.
    void tracesAreMeansOfDiagonals() {
        const auto file = std::make_shared<FakeTensorFile>();
        file->addMatrix("hessian/a", matrix(3, 3, {1, 0.5F, 0, 0.5F, 2, -1, 0, -1, 6}));
        file->addMatrix("hessian/b", matrix(2, 2, {0.5F, 0.1F, 0.1F, 0.25F}));
        const HessianFile hessians(file);
        const auto traces = hessianTraces({choices("a", 3), choices("b", 2)}, hessians, {});
        QCOMPARE(traces.size(), std::size_t{2});
        QCOMPARE(traces.at("a"), 3.0);
        QCOMPARE(traces.at("b"), 0.375);
        QVERIFY_EXCEPTION_THROWN(hessianTraces({choices("c", 3)}, hessians, {}), Error);
    }

    void largeWeightsAreThoseBeyondADeviation() {
        FakeTensorFile file;
        // Mean 1, variance (1 + 1 + 64 + 64) / 8, deviation 4.03: of eight weights, one on either
        // side lies beyond it.
        file.addMatrix("tails", matrix(2, 4, {1, 1, 1, 1, 0, 2, -7, 9}));
        // Mean 0, variance 1: all lie on it, none beyond.
        file.addMatrix("signs", matrix(1, 4, {1, -1, -1, 1}));
        // Mean 1, variance 7: one weight of eight lies beyond, above.
        file.addMatrix("spike", matrix(4, 2, {0, 0, 0, 8, 0, 0, 0, 0}));
        file.addMatrix("constant", matrix(1, 3, {5, 5, 5}));
        // More rows than one chunk of the sums: the mean 0.25 and the variance 3/16 are those of
        // all of them, and a quarter lies beyond.
        std::vector<float> many(1000, 0.0F);
        for (std::size_t i = 0; i < many.size(); i += 4)
            many[i] = 1.0F;
        file.addMatrix("long", matrix(500, 2, many));
        for (const int threads : {1, 2, 8}) {
            std::map<std::string, double> shares;
            Arena(threads).execute([&] {
                shares = largeWeightShares(
                    {choices("tails", 4), choices("signs", 4), choices("spike", 2),
                     choices("constant", 3), choices("long", 2)},
                    file, {});
            });
            QCOMPARE(shares.at("tails"), 0.25);
            QCOMPARE(shares.at("signs"), 0.0);
            QCOMPARE(shares.at("spike"), 0.125);
            QCOMPARE(shares.at("constant"), 0.0);
            QCOMPARE(shares.at("long"), 0.25);
        }
        QVERIFY_EXCEPTION_THROWN(largeWeightShares({choices("none", 2)}, file, {}), Error);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_EXCEPTION_THROWN(largeWeightShares({choices("tails", 4)}, file, stop.get_token()),
                                 Cancelled);
    }

    // With 64 channels the norm of e0 is 8 e0, and that of e0 + e1 is sqrt(32) (e0 + e1).
    void layersThatTurnChange() {
        const float whole = 1.0F / 8.0F;
        const float half = 2.0F / std::sqrt(32.0F);
        // e0 stays; then e0 + e1, at 45 degrees; then -(e0 + e1); the rest leave it.
        const LanguageModel model =
            modelThatAdds({{0, 0}, {0, whole}, {-half, -half}, {0, 0}, {0, 0}});
        QCOMPARE(model.config().layers, Index{5});
        QCOMPARE(model.config().hidden, Index{64});
        const TokenRows tokens{{0, 1, 0, 1, 1, 0}, 2, 3};
        std::vector<TensorChoices> run = {choices("lm_head.weight", 64)};
        for (int layer = 0; layer < 5; ++layer) {
            run.push_back(
                choices("model.layers." + std::to_string(layer) + ".mlp.up_proj.weight", 64));
        }
        const auto changes = layerChanges(run, ForwardPass(model), tokens, RunContext());
        QVERIFY(!changes.contains("lm_head.weight"));
        const double expected[] = {0.0, 1.0 - std::sqrt(0.5), 2.0, 0.0, 0.0};
        for (int layer = 0; layer < 5; ++layer) {
            const double found =
                changes.at("model.layers." + std::to_string(layer) + ".mlp.up_proj.weight");
            QVERIFY2(std::abs(found - expected[layer]) < 1e-3,
                     qPrintable(QStringLiteral("layer %1: %2").arg(layer).arg(found)));
        }
        QVERIFY_EXCEPTION_THROWN(
            layerChanges({choices("lm_head.weight", 64)}, ForwardPass(model), tokens, RunContext()),
            Error);
    }
};

QTEST_APPLESS_MAIN(TestImportance)
#include "tst_importance.moc"
