// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <map>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/hessian/hessian_file.h"
#include "core/model/calibration.h"
#include "core/model/evaluation.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using namespace quantscope::test;

namespace {

std::shared_ptr<TensorFile> modelFile() {
    return openProbed(dataset("stories260k.h5"));
}

LanguageModel tinyModel() {
    return LanguageModel::load(*modelFile(), RunContext());
}

TokenRows tokens(const char* file) {
    return TokenRows::read(*openProbed(dataset(file)), 512, 512);
}

TokenRows evaluationTokens() {
    return tokens("stories260k-evaluation-tokens.h5");
}

// Rounded to nearest as in the table of reference figures: symmetric or asymmetric, float64
// scales, one per `group` inputs of a row (0: the whole row; -1: the whole tensor).
void roundToNearest(std::vector<float*> unit, int bits, bool symmetric) {
    double low = 0.0;
    double high = 0.0;
    for (const float* w : unit) {
        low = std::min<double>(low, *w);
        high = std::max<double>(high, *w);
    }
    const double top = symmetric ? std::exp2(bits - 1) - 1 : std::exp2(bits) - 1;
    const double scale = symmetric ? std::max(-low, high) / top : (high - low) / top;
    const double zero = symmetric ? 0.0 : std::rint(-low / scale);
    const double least = symmetric ? -top : 0.0;
    for (float* w : unit) {
        const double code = std::clamp(std::rint(*w / scale) + zero, least, top);
        *w = static_cast<float>((code - zero) * scale);
    }
}

LanguageModel rounded(const LanguageModel& model, int bits, bool symmetric, Index group) {
    LanguageModel result = model;
    for (const ModelTensor& tensor : model.linearTensors()) {
        const MatrixView view = model.weights(tensor.name);
        Matrix values(view.rows, view.cols);
        std::vector<float*> unit;
        for (Index r = 0; r < view.rows; ++r) {
            for (Index c = 0; c < view.cols; ++c) {
                values(r, c) = view(r, c);
                unit.push_back(&values(r, c));
                const bool rowEnds = c + 1 == view.cols;
                const bool groupEnds = group > 0 && (c + 1) % group == 0;
                const bool ends = group < 0 ? rowEnds && r + 1 == view.rows : rowEnds || groupEnds;
                if (!ends) continue;
                roundToNearest(std::move(unit), bits, symmetric);
                unit.clear();
            }
        }
        result.replace(tensor.name, std::move(values));
    }
    return result;
}

std::string messageOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.fullText();
    }
    return {};
}

// The message with which a file with this configuration and these tensors is refused.
std::string refusal(const std::string& config, const std::map<std::string, Shape>& tensors) {
    QTemporaryDir folder;
    const std::filesystem::path path =
        std::filesystem::path(folder.path().toStdString()) / "model.h5";
    {
        Hdf5Fixture file(path);
        file.setText("/", "config_json", config);
        for (const auto& [name, shape] : tensors) {
            const auto count = static_cast<std::size_t>(elementCount(shape));
            file.addFloats(name, shape, std::vector<float>(count, 0.5F));
        }
    }
    return messageOf([&] { LanguageModel::load(*openProbed(path), RunContext()); });
}

const std::string smallConfig =
    R"({"hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
        "num_attention_heads": 2, "vocab_size": 10, "max_position_embeddings": 16)";

}  // namespace

class TestLanguageModel : public QObject {
    Q_OBJECT

private slots:
    void perplexityIsTheReference() {
        const ForwardPass pass(tinyModel());
        const Evaluation result = evaluate(pass, evaluationTokens(), RunContext());
        QCOMPARE(result.predictions, Index{32704});
        // tests/data/REFERENCE.md: 4.1513 to the digits given.
        QVERIFY2(std::abs(result.perplexity - 4.1513) < 0.00006,
                 qPrintable(QString::number(result.perplexity, 'g', 10)));
        QVERIFY(result.standardError > 0.01 && result.standardError < 0.2);
        QCOMPARE(result.divergence, 0.0);
    }

    void quantizedPerplexityIsTheReference_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("symmetric");
        QTest::addColumn<int>("group");
        QTest::addColumn<double>("perplexity");
        QTest::newRow("sym row int8") << 8 << true << 0 << 4.1555;
        QTest::newRow("asym row int4") << 4 << false << 0 << 4.6187;
        QTest::newRow("sym group32 int4") << 4 << true << 32 << 4.6952;
        QTest::newRow("sym tensor int4") << 4 << true << -1 << 29.3596;
        QTest::newRow("asym row int2") << 2 << false << 0 << 482.7512;
    }
    void quantizedPerplexityIsTheReference() {
        QFETCH(int, bits);
        QFETCH(bool, symmetric);
        QFETCH(int, group);
        QFETCH(double, perplexity);
        const LanguageModel model = tinyModel();
        const ForwardPass pass(rounded(model, bits, symmetric, group));
        const ForwardPass unchanged(model);
        const TokenRows judging = evaluationTokens();
        const ReferenceStates reference(unchanged, judging, 0, RunContext());
        const Evaluation result = evaluate(pass, reference, RunContext());
        QVERIFY2(std::abs(result.perplexity - perplexity) < 3e-4 * perplexity,
                 qPrintable(QString::number(result.perplexity, 'g', 10)));
        // KL >= 0, and the loss rises by about as much where the model predicts its own text.
        QVERIFY(result.divergence > 0.0);
        QVERIFY(result.divergence < 2.0 * (result.meanLoss - std::log(4.1513)) + 0.01);
        QVERIFY(result.divergenceError > 0.0);
    }

    // What is kept of the reference saves time and changes nothing.
    void keptStatesGiveTheSameBits() {
        const LanguageModel model = tinyModel();
        const ForwardPass unchanged(model);
        const ForwardPass pass(rounded(model, 4, false, 0));
        const TokenRows some = evaluationTokens().middleRows(0, 5);
        const std::uint64_t rowBytes = 512 * 64 * sizeof(float);
        const ReferenceStates none(unchanged, some, 0, RunContext());
        const ReferenceStates two(unchanged, some, 3 * rowBytes - 1, RunContext());
        const ReferenceStates all(unchanged, some, ReferenceStates::usualMemory(), RunContext());
        QCOMPARE(none.keptRows(), Index{0});
        QCOMPARE(two.keptRows(), Index{2});
        QCOMPARE(all.keptRows(), Index{5});
        const Evaluation expected = evaluate(pass, none, RunContext());
        for (const ReferenceStates* states : {&two, &all}) {
            const Evaluation result = evaluate(pass, *states, RunContext());
            QCOMPARE(result.meanLoss, expected.meanLoss);
            QCOMPARE(result.divergence, expected.divergence);
            QCOMPARE(result.divergenceError, expected.divergenceError);
            QCOMPARE(evaluate(*states, RunContext()).meanLoss,
                     evaluate(unchanged, some, RunContext()).meanLoss);
        }
        // Some rows are judged as if they were all.
        const TokenRows middle = some.middleRows(1, 3);
        const ReferenceStates part(unchanged, middle, 0, RunContext());
        const Evaluation rows = evaluate(pass, all, std::vector<Index>{1, 2, 3}, RunContext());
        QCOMPARE(rows.predictions, Index{3 * 511});
        QCOMPARE(rows.divergence, evaluate(pass, part, RunContext()).divergence);
    }

    void greedyGenerationIsTheReference() {
        const ForwardPass pass(tinyModel());
        std::ifstream input(dataset("stories260k-tokenizer.json"));
        const Json pieces = Json::parse(input).at("pieces");
        std::string text;
        for (const std::int32_t token : continueGreedily(pass, {1}, 130, {})) {
            const auto piece = pieces.at(static_cast<std::size_t>(token)).get<std::string>();
            unsigned byte = 0;
            if (std::sscanf(piece.c_str(), "<0x%02X>", &byte) == 1) {
                text += static_cast<char>(byte);
            } else {
                text += piece;
            }
        }
        const QString expected = QStringLiteral(
            "Once upon a time, there was a little girl named Lily. She loved to play outside in "
            "the park. One day, she saw a big, red ball. She wanted to play with it, but it was "
            "too high.\nLily's mom said, \"Lily, let's go to the park.\"");
        QVERIFY2(QString::fromStdString(text).trimmed().startsWith(expected), text.c_str());
    }

    void sameBitsAtAnyThreadCount() {
        const ForwardPass pass(tinyModel());
        const TokenRows some = evaluationTokens().middleRows(0, 9);
        std::vector<Evaluation> results;
        std::vector<std::vector<double>> hessians;
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                results.push_back(evaluate(pass, some, RunContext()));
                std::vector<double> values;
                calibrate(pass, some, {}, RunContext(), [&](const LayerCalibration& input) {
                    values.insert(values.end(), input.hessian.begin(), input.hessian.end());
                });
                hessians.push_back(std::move(values));
            });
        }
        QCOMPARE(results[0].meanLoss, results[1].meanLoss);
        QCOMPARE(results[0].meanLoss, results[2].meanLoss);
        QVERIFY(hessians[0] == hessians[1] && hessians[0] == hessians[2]);
    }

    void standardErrorCoversOtherText() {
        const ForwardPass pass(tinyModel());
        const TokenRows all = evaluationTokens();
        // Every other row, as the beginning and the end of the text differ in difficulty.
        TokenRows even{{}, 0, all.length};
        TokenRows odd{{}, 0, all.length};
        for (Index r = 0; r < all.rows; ++r) {
            TokenRows& part = r % 2 == 0 ? even : odd;
            part.ids.insert(part.ids.end(), all.row(r).begin(), all.row(r).end());
            ++part.rows;
        }
        const Evaluation half = evaluate(pass, even, RunContext());
        const Evaluation other = evaluate(pass, odd, RunContext());
        const double spread = std::hypot(half.standardError, other.standardError);
        QVERIFY2(std::abs(half.perplexity - other.perplexity) < 3.0 * spread,
                 qPrintable(QStringLiteral("%1 +- %2, %3 +- %4")
                                .arg(half.perplexity)
                                .arg(half.standardError)
                                .arg(other.perplexity)
                                .arg(other.standardError)));
    }

    void calibrationReproducesTheBundledHessians() {
        QTemporaryDir folder;
        const std::filesystem::path path =
            std::filesystem::path(folder.path().toStdString()) / "calibration.h5";
        const ForwardPass pass(tinyModel());
        const TokenRows calibration = tokens("stories260k-calibration-tokens.h5");
        const auto bundled = openProbed(dataset("stories260k-calibration.h5"));
        std::vector<Index> positions;
        for (const std::int64_t position : bundled->readIntegers("activation_positions"))
            positions.push_back(static_cast<Index>(position));
        QVERIFY(std::ranges::is_sorted(positions));
        writeCalibration(path, "stories260k.h5", pass, calibration, positions, RunContext());

        const auto written = openProbed(path);
        int compared = 0;
        for (const TensorInfo& info : bundled->tensors()) {
            if (info.shape.size() != 2) continue;
            const TensorInfo* own = written->find(info.name);
            QVERIFY2(own != nullptr, info.name.c_str());
            QVERIFY(own->shape == info.shape && own->dtype == info.dtype);
            const std::vector<double> expected = bundled->readDoubles(info.name);
            const std::vector<double> values = written->readDoubles(info.name);
            double error = 0.0;
            double energy = 0.0;
            for (std::size_t i = 0; i < values.size(); ++i) {
                error += (values[i] - expected[i]) * (values[i] - expected[i]);
                energy += expected[i] * expected[i];
            }
            QVERIFY2(error <= 1e-10 * energy, info.name.c_str());
            ++compared;
        }
        QCOMPARE(compared, 72);
        const HessianFile hessians(written);
        const auto down = hessians.hessian("model.layers.2.mlp.down_proj.weight", 172);
        QVERIFY(down != nullptr);
        double trace = 0.0;
        for (const double value : down->diagonal)
            trace += value;
        // tests/data/REFERENCE.md
        QVERIFY(std::abs(trace - 27.909476) < 3e-4);
        // q, k and v have one dataset: the file has 21 Hessians, not 36, like the bundled one.
        const auto size = static_cast<double>(std::filesystem::file_size(path));
        const auto bundledSize =
            static_cast<double>(std::filesystem::file_size(dataset("stories260k-calibration.h5")));
        QVERIFY(std::abs(size - bundledSize) < 0.05 * bundledSize);
    }

    void sampledPositionsAreDistinctAndSorted() {
        const std::vector<Index> positions = sampledPositions(1000, 256, 5);
        QCOMPARE(positions.size(), std::size_t{256});
        QVERIFY(std::ranges::is_sorted(positions));
        QVERIFY(std::ranges::adjacent_find(positions) == positions.end());
        QVERIFY(positions.front() >= 0 && positions.back() < 1000);
        QCOMPARE(sampledPositions(7, 256, 5).size(), std::size_t{7});
    }

    void cancels() {
        const ForwardPass pass(tinyModel());
        std::stop_source source;
        const RunContext context(0, source.get_token(),
                                 [&](double, std::string_view) { source.request_stop(); });
        QVERIFY_THROWS_EXCEPTION(Cancelled, evaluate(pass, evaluationTokens(), context));
        QVERIFY_THROWS_EXCEPTION(Cancelled, calibrate(pass, evaluationTokens(), {}, context,
                                                      [](const LayerCalibration&) {}));
    }

    void refusesModelsItCannotRun_data() {
        QTest::addColumn<QString>("config");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* name, const std::string& more, const char* message) {
            QTest::newRow(name) << QString::fromStdString(smallConfig + more + "}") << message;
        };
        row("missing tensor", "",
            "has no tensor model.layers.0.input_layernorm.weight; 8 values were expected");
        row("wrong shape", R"(, "head_dim": 2, "hidden_size": 6)",
            "model.embed_tokens.weight of 'model.h5' is 10x8, but the configuration asks for 10x6");
        row("other family", R"(, "model_type": "gpt2")",
            "model_type of the model in 'model.h5' is");
        row("scaled positions", R"(, "rope_scaling": {"factor": 8.0})", "rope_scaling");
        row("other activation", R"(, "hidden_act": "gelu")", "Only silu is supported");
        row("untied without head", R"(, "tie_word_embeddings": false)", "no tensor lm_head.weight");
        row("heads that do not divide", R"(, "num_key_value_heads": 3)", "no multiple of the 3");
        row("no number", R"(, "rms_norm_eps": "small")", "rms_norm_eps of the model in");
        row("no whole number", R"(, "num_hidden_layers": 1.5)", "is 1.5");
    }
    void refusesModelsItCannotRun() {
        QFETCH(QString, config);
        QFETCH(QString, message);
        const std::string said =
            refusal(config.toStdString(), {{"model.embed_tokens.weight", {10, 8}}});
        QVERIFY2(QString::fromStdString(said).contains(message), said.c_str());
    }

    void saysWhatIsMissingOrWrong() {
        const LanguageModel model = tinyModel();
        LanguageModel changed = model;
        QVERIFY(messageOf([&] {
                    changed.replace("model.layers.0.mlp.up_proj.weight", Matrix(64, 172));
                }).find("64x172, but the model's are 172x64") != std::string::npos);
        QVERIFY(messageOf([&] {
                    changed.replace("model.layers.0.mlp.up_pro.weight", Matrix(172, 64));
                }).find("Did you mean") != std::string::npos);
        const auto noModel = openProbed(dataset("stories260k-calibration.h5"));
        QVERIFY(messageOf([&] {
                    LanguageModel::load(*noModel, RunContext());
                }).find("does not say the model's hidden_size") != std::string::npos);
        QVERIFY(messageOf([&] {
                    TokenRows::read(*modelFile(), 512, 512);
                }).find("no dataset input_ids") != std::string::npos);
        const auto ids = openProbed(dataset("stories260k-evaluation-tokens.h5"));
        QVERIFY(messageOf([&] {
                    TokenRows::read(*ids, 100, 512);
                }).find("outside the model's vocabulary of 100") != std::string::npos);
        QVERIFY(messageOf([&] { TokenRows::read(*ids, 512, 128); }).find("at most 128 positions") !=
                std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestLanguageModel)
#include "tst_language_model.moc"
