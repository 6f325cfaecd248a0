// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/json.h"
#include "core/base/text_file.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using namespace quantscope::test;

namespace {

struct Outcome {
    int exitCode = -1;
    QString out;
    QString err;
};

QString data(const char* name) {
    return QString::fromStdString(dataset(name).string());
}

Outcome run(const QStringList& arguments) {
    QProcess process;
    process.start(QStringLiteral(QUANTSCOPE_BUILD_DIR "/bin/quantscope-cli"), arguments);
    Outcome outcome;
    constexpr int patience = 600'000;
    if (!process.waitForFinished(patience)) return outcome;
    outcome.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    outcome.out = QString::fromUtf8(process.readAllStandardOutput());
    outcome.err = QString::fromUtf8(process.readAllStandardError());
    return outcome;
}

Json runJson(const QStringList& arguments) {
    const Outcome outcome = run(arguments);
    if (outcome.exitCode != 0) {
        qWarning("%s", qPrintable(outcome.err));
        return Json();
    }
    return Json::parse(outcome.out.toStdString(), nullptr, false);
}

}  // namespace

class TestCliModels : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() {
        QVERIFY(m_folder.isValid());
        // Three numbers of bits on every linear layer, with the bundled Hessians.
        const Outcome outcome =
            run({"quantize", data("stories260k.h5"), "--tensor", "*_proj.weight", "--hessians",
                 data("stories260k-calibration.h5"), "--out", path("run"), "--method",
                 "gptq:base=(scalar:bits=2..4,levels=lloyd,granularity=tensor)"});
        QVERIFY2(outcome.exitCode == 0, qPrintable(outcome.err));
        QVERIFY(outcome.out.contains(QLatin1String("expected gain")));
        QVERIFY(outcome.out.contains(QLatin1String("obtained gain")));
    }

    void evaluatesTheModel() {
        const Json json =
            runJson({"evaluate", data("stories260k.h5"), "--tokens",
                     data("stories260k-evaluation-tokens.h5"), "--threads", "1", "--json"});
        QVERIFY(json.is_object());
        // REFERENCE: 4.1513
        QVERIFY(std::abs(json.at("perplexity").get<double>() - 4.1513) < 6e-5);
        QCOMPARE(json.at("tokens").get<int>(), 32704);
        QCOMPARE(json.at("kl").get<double>(), 0.0);
        QVERIFY(json.at("stderr").get<double>() > 0.0);
        QVERIFY(json.at("seconds").get<double>() > 0.0);
    }

    void overridesByRunPlanAndTensors() {
        const QStringList evaluate = {"evaluate", data("stories260k.h5"),
                                      "--tokens", data("stories260k-evaluation-tokens.h5"),
                                      "--json",   "--override"};
        const Outcome several = run(evaluate + QStringList{path("run")});
        QCOMPARE(several.exitCode, 1);
        QVERIFY(several.err.contains(QLatin1String("Choose one with --method:")));

        const Json plan = runJson({"allocate", path("run"), "--budget-bpw", "3", "--tie",
                                   "*q_proj*,*k_proj*,*v_proj*", "--lock",
                                   "model.layers.0.mlp.down_proj.weight=gptq:base=(scalar:"
                                   "granularity=tensor,levels=lloyd)",
                                   "--out", path("plan.json"), "--json"});
        QVERIFY(plan.is_object());
        QVERIFY(plan.at("achieved_bits_per_weight").get<double>() <= 3.0);
        QVERIFY(plan.at("achieved_bits_per_weight").get<double>() > 2.9);
        QVERIFY(plan.at("optimal").get<bool>());
        QCOMPARE(plan.at("uniform").size(), std::size_t{3});
        QCOMPARE(plan.at("tensors").size(), std::size_t{35});
        for (const Json& tensor : plan.at("tensors")) {
            QCOMPARE(tensor.at("locked").get<bool>(),
                     tensor.at("tensor") == "model.layers.0.mlp.down_proj.weight");
        }

        const Json byPlan = runJson(evaluate + QStringList{path("plan.json")});
        QVERIFY(byPlan.is_object());
        QCOMPARE(byPlan.at("bits_per_weight").get<double>(),
                 plan.at("achieved_bits_per_weight").get<double>());
        const Json applied = runJson({"apply", path("plan.json"), "--model", data("stories260k.h5"),
                                      "--out", path("q.h5"), "--json"});
        QVERIFY(applied.is_object());
        QCOMPARE(applied.at("quantized").get<int>() + applied.at("copied").get<int>(), 47);
        // The same values by three ways.
        const Json byTensors = runJson(evaluate + QStringList{path("q.h5")});
        const Json asModel = runJson({"evaluate", path("q.h5"), "--tokens",
                                      data("stories260k-evaluation-tokens.h5"), "--json"});
        QVERIFY(byTensors.is_object() && asModel.is_object());
        QCOMPARE(byTensors.at("perplexity").get<double>(), byPlan.at("perplexity").get<double>());
        QCOMPARE(asModel.at("perplexity").get<double>(), byPlan.at("perplexity").get<double>());
        QVERIFY(byPlan.at("kl").get<double>() > 0.0);
    }

    void drawsTheCurveOfAllBudgets() {
        const QStringList allocate = {"allocate", path("run"), "--out", path("curve.json")};
        const Outcome without = run(allocate);
        QCOMPARE(without.exitCode, 2);
        QVERIFY(without.err.contains(QLatin1String("--budget-bpw")));
        const Json curve = runJson(allocate + QStringList{"--curve", "--usual-ties", "--json"});
        QVERIFY(curve.is_object());
        QCOMPARE(Json::parse(readTextFile(path("curve.json").toStdString())), curve);
        QCOMPARE(curve.at("uniform").size(), std::size_t{3});
        const Json& plans = curve.at("plans");
        QVERIFY(plans.size() > 20);
        for (std::size_t i = 1; i < plans.size(); ++i) {
            QVERIFY(plans[i].at("bits_per_weight") > plans[i - 1].at("bits_per_weight"));
            QVERIFY(plans[i].at("loss") <= plans[i - 1].at("loss"));
        }
        // A point is what its budget gives.
        const Json& middle = plans[plans.size() / 2];
        const Json plan =
            runJson({"allocate", path("run"), "--usual-ties", "--budget-bpw",
                     QString::number(middle.at("requested_bits_per_weight").get<double>(), 'g', 17),
                     "--out", path("point.json"), "--json"});
        QVERIFY(plan.is_object());
        QCOMPARE(plan.at("loss"), middle.at("loss"));
        QCOMPARE(plan.at("achieved_bits_per_weight"), middle.at("bits_per_weight"));
    }

    // What `judge` keeps is what `evaluate` says of each setting.
    void judgesTheMethodsOfARun() {
        const QString tokens = data("stories260k-calibration-tokens.h5");
        const Json plan = runJson({"allocate", path("run"), "--budget-bpw", "3.2", "--out",
                                   path("judged.json"), "--json"});
        QVERIFY(plan.is_object());
        const QStringList judge = {"judge",  path("run"),         "--tokens", tokens,
                                   "--plan", path("judged.json"), "--json"};
        const Json records = runJson(judge);
        QVERIFY(records.is_array());
        QCOMPARE(records.size(), std::size_t{5});
        QCOMPARE(records[0].at("kind"), Json("model"));
        QCOMPARE(records[4].at("kind"), Json("plan"));
        const Json evaluated = runJson({"evaluate", data("stories260k.h5"), "--tokens", tokens,
                                        "--override", path("judged.json"), "--json"});
        QVERIFY(evaluated.is_object());
        for (const char* key : {"perplexity", "stderr", "kl", "kl_stderr", "bits_per_weight"})
            QCOMPARE(records[4].at(key), evaluated.at(key));
        // Nothing is evaluated twice.
        QCOMPARE(runJson(judge), records);
        const Outcome figure = run({"plot", path("run"), "--figure", "perplexity", "--out",
                                    path("front.csv"), "--out", path("front.svg")});
        QVERIFY2(figure.exitCode == 0, qPrintable(figure.err));
        const std::string table = readTextFile(path("front.csv").toStdString());
        QCOMPARE(std::ranges::count(table, '\n'), 5);
        QVERIFY(QFile::exists(path("front.svg")));
    }

    void drawsGainsAndSensitivities() {
        for (const char* kind : {"gain", "sensitivity"}) {
            const QString table = path("figure-") + QLatin1String(kind) + ".csv";
            const Outcome figure = run(
                {"plot", path("run"), "--figure", kind, "--out", table, "--method", "*bits=3*"});
            QVERIFY2(figure.exitCode == 0, qPrintable(figure.err));
            QCOMPARE(std::ranges::count(readTextFile(table.toStdString()), '\n'), 36);
        }
    }

    void exportsAPlanForOtherPrograms() {
        QVERIFY(
            runJson({"quantize", data("stories260k.h5"), "--tensor", "*_proj.weight", "--method",
                     "scalar:bits=[2,4],scheme=asym", "--out", path("rows"), "--json"})
                .is_array());
        const QStringList allocate = {"allocate", path("rows"), "--budget-bpw", "3.5", "--out"};
        QVERIFY(runJson(allocate + QStringList{path("free.json"), "--json"}).is_object());
        const QStringList compressor = {"--format", "llm-compressor", "--out", path("recipe.json")};
        const Outcome untied = run(QStringList{"export", path("free.json")} + compressor);
        QCOMPARE(untied.exitCode, 1);
        QVERIFY2(untied.err.contains(QLatin1String("qkv_proj: ")), qPrintable(untied.err));
        QVERIFY(!QFile::exists(path("recipe.json")));

        const Json plan =
            runJson(allocate + QStringList{path("tied.json"), "--tie", "*q_proj*,*k_proj*,*v_proj*",
                                           "--tie", "*gate_proj*,*up_proj*", "--json"});
        QVERIFY(plan.is_object());
        const Outcome tied = run(QStringList{"export", path("tied.json")} + compressor);
        QVERIFY2(tied.exitCode == 0, qPrintable(tied.err));
        const Json recipe = Json::parse(readTextFile(path("recipe.json").toStdString()));
        const Json& groups =
            recipe["quant_stage"]["quant_modifiers"]["QuantizationModifier"]["config_groups"];
        QCOMPARE(groups.size(), std::size_t{2});

        const Outcome llama = run({"export", path("tied.json"), "--format", "llama.cpp"});
        QCOMPARE(llama.exitCode, 1);
        QVERIFY(llama.out.isEmpty());
        QVERIFY(llama.err.contains(QLatin1String("llama.cpp has no type")));
        const Outcome table = run({"export", path("tied.json"), "--format", "csv"});
        QCOMPARE(table.exitCode, 0);
        QCOMPARE(table.out.count(u'\n'), 36);
        const Outcome folder = run({"export", path("rows"), "--format", "gptqmodel"});
        QCOMPARE(folder.exitCode, 1);
        QVERIFY(folder.err.contains(QLatin1String("allocate")));
    }

    // The search says what it did, and `evaluate` confirms it.
    void searchesOnTheModelsLoss() {
        const QString tokens = fewTokens();
        const QStringList search = {
            "allocate",           path("run"), "--budget-bpw",         "3",        "--allocator",
            "evolution",          "--model",   data("stories260k.h5"), "--tokens", tokens,
            "--generations",      "12",        "--offspring",          "8",        "--out",
            path("evolved.json"), "--json"};
        const Json plan = runJson(search);
        QVERIFY(plan.is_object());
        QCOMPARE(plan.at("allocator"), Json("evolution"));
        QVERIFY(plan.at("achieved_bits_per_weight").get<double>() <= 3.0);
        const Json& found = plan.at("search");
        QCOMPARE(found.at("objective"), Json("divergence"));
        QCOMPARE(found.at("start_allocator"), Json("exact"));
        QCOMPARE(found.at("predictions").get<int>(), 6 * 63);
        QCOMPARE(found.at("generations").get<int>(), 12);
        QVERIFY(found.at("result").get<double>() < found.at("start").get<double>());
        QVERIFY(plan.at("remarks").dump().find("Judge it on other tokens") != std::string::npos);
        const Json evaluated = runJson({"evaluate", data("stories260k.h5"), "--tokens", tokens,
                                        "--override", path("evolved.json"), "--json"});
        QVERIFY(evaluated.is_object());
        QCOMPARE(evaluated.at("kl"), found.at("result"));
        QCOMPARE(evaluated.at("bits_per_weight"), plan.at("achieved_bits_per_weight"));
        // The plan it started from is that of the other allocator.
        QVERIFY(runJson({"allocate", path("run"), "--budget-bpw", "3", "--model",
                         data("stories260k.h5"), "--tokens", tokens, "--out", path("from.json"),
                         "--json"})
                    .is_object());
        const Json started = runJson({"evaluate", data("stories260k.h5"), "--tokens", tokens,
                                      "--override", path("from.json"), "--json"});
        QCOMPARE(started.at("kl"), found.at("start"));
        QCOMPARE(found.at("start_loss"), Json("output"));
        QCOMPARE(found.at("start_weighed"), Json(true));
        // Again the same, whatever the number of threads.
        QCOMPARE(runJson(search + QStringList{"--force"}), plan);
    }

    // The start of the window's search, whose losses no model weighs.
    void searchesFromUnweighedLosses() {
        const Json plan = runJson({"allocate", path("run"), "--budget-bpw", "3", "--loss",
                                   "relative", "--out", path("unweighed.json"), "--json"});
        QVERIFY(plan.is_object());
        Json searched = runJson({"allocate", path("run"), "--budget-bpw", "3", "--loss", "relative",
                                 "--allocator", "evolution", "--unweighed", "--generations", "0",
                                 "--model", data("stories260k.h5"), "--tokens", fewTokens(),
                                 "--out", path("unweighed-search.json"), "--json"});
        QVERIFY(searched.is_object());
        QCOMPARE(searched.at("search").at("start_loss"), Json("relative"));
        QCOMPARE(searched.at("search").at("start_weighed"), Json(false));
        QCOMPARE(searched.at("tensors"), plan.at("tensors"));
        QVERIFY(searched.at("remarks").dump().find("no better plan") != std::string::npos);
    }

    void ranksTensors() {
        const QStringList rank = {"allocate",    path("run"), "--budget-bpw", "3",
                                  "--allocator", "ranking",   "--json"};
        for (const char* score : {"trace", "large_weights", "layer_change"}) {
            QStringList command = rank + QStringList{"--by", score, "--out", path(score)};
            if (QLatin1String(score) == QLatin1String("layer_change")) {
                QVERIFY(run(command).err.contains(QLatin1String("Give --model and --tokens")));
                command += {"--model", data("stories260k.h5"), "--tokens", fewTokens()};
            }
            const Json plan = runJson(command);
            QVERIFY2(plan.is_object(), score);
            QCOMPARE(plan.at("allocator"), Json(std::string("ranking by ") + score));
            if (QLatin1String(score) != QLatin1String("layer_change")) {
                command = {"allocate", path("run"), "--curve", "--allocator", "ranking", "--json",
                           "--by",     score,       "--out",   path(score),   "--force"};
                QCOMPARE(runJson(command).at("by"), Json(score));
            }
            QVERIFY(plan.at("achieved_bits_per_weight").get<double>() <= 3.0);
            std::set<std::string> methods;
            for (const Json& tensor : plan.at("tensors"))
                methods.insert(tensor.at("method").get<std::string>());
            QCOMPARE(methods.size(), std::size_t{2});
        }
        QVERIFY(run(rank + QStringList{"--out", path("none.json")})
                    .err.contains(QLatin1String("ranked by")));
        QVERIFY(run(rank + QStringList{"--by", "traces", "--out", path("none.json")})
                    .err.contains(QLatin1String("Did you mean trace?")));
        // Scores of another model say nothing of this run.
        const QString other = path("other.h5");
        test::Hdf5Fixture(other.toStdString()).addIntegers("input_ids", {1}, {1});
        QVERIFY(run(rank + QStringList{"--by", "large_weights", "--model", other, "--tokens",
                                       fewTokens(), "--out", path("none.json")})
                    .err.contains(QLatin1String("content differs")));
    }

    // Layer after layer, on tokens that do not judge, a plan loses less than it measured.
    void requantizesAPlan() {
        const Json plan = runJson(
            {"allocate", path("run"), "--budget-bpw", "3", "--out", path("again.json"), "--json"});
        QVERIFY(plan.is_object());
        const QStringList requantize = {"requantize", path("again.json"),
                                        "--model",    data("stories260k.h5"),
                                        "--tokens",   data("stories260k-calibration-tokens.h5"),
                                        "--out",      path("artifacts"),
                                        "--json"};
        const Json json = runJson(requantize);
        QVERIFY(json.is_object());
        QCOMPARE(json.at("tensors").get<int>(), 35);
        // The same methods cost the same.
        const double bits = plan.at("achieved_bits_per_weight").get<double>();
        QCOMPARE(json.at("bits_per_weight").get<double>(), bits);
        const auto evaluated = [&](const char* name) {
            return runJson({"evaluate", data("stories260k.h5"), "--tokens",
                            data("stories260k-evaluation-tokens.h5"), "--override", path(name),
                            "--json"});
        };
        const Json before = evaluated("again.json");
        const Json after = evaluated("artifacts");
        QVERIFY(before.is_object() && after.is_object());
        QCOMPARE(after.at("bits_per_weight").get<double>(), bits);
        QCOMPARE(after.at("overridden").size(), std::size_t{35});
        QVERIFY(after.at("kl").get<double>() < 0.9 * before.at("kl").get<double>());
        const Outcome again = run(requantize);
        QCOMPARE(again.exitCode, 1);
        QVERIFY(again.err.contains(QLatin1String("--force")));
    }

    // Artifacts that are no results of the run, beside its methods.
    void judgesArtifacts() {
        if (!QDir(path("artifacts")).exists()) requantizesAPlan();
        const double bits = readJsonFile(path("again.json").toStdString())
                                .at("achieved_bits_per_weight")
                                .get<double>();
        const QString tokens = fewTokens();
        // Other tests count what the run keeps.
        std::filesystem::copy(path("run").toStdString(), path("judged-run").toStdString(),
                              std::filesystem::copy_options::recursive);
        const QStringList judge = {"judge", path("judged-run"), "--tokens", tokens, "--json"};
        const QStringList artifacts = {"--artifacts", "layer by layer=" + path("artifacts")};
        const Json records = runJson(judge + artifacts);
        QVERIFY(records.is_array());
        const Json& record = records.back();
        QCOMPARE(record.at("kind"), Json("artifacts"));
        QCOMPARE(record.at("label"), Json("layer by layer"));
        QCOMPARE(record.at("bits_per_weight").get<double>(), bits);
        QCOMPARE(record.at("tensors").get<int>(), 35);
        const Json evaluated = runJson({"evaluate", data("stories260k.h5"), "--tokens", tokens,
                                        "--override", path("artifacts"), "--json"});
        QVERIFY(evaluated.is_object());
        for (const char* key : {"perplexity", "stderr", "kl", "kl_stderr"})
            QCOMPARE(record.at(key), evaluated.at(key));
        // Neither again nor under another name.
        const Json same = runJson(judge + QStringList{"--artifacts", path("artifacts")});
        QCOMPARE(same, records);
        const Outcome figure = run({"plot", path("judged-run"), "--figure", "perplexity", "--out",
                                    path("with-artifacts.csv")});
        QVERIFY2(figure.exitCode == 0, qPrintable(figure.err));
        const std::string table = readTextFile(path("with-artifacts.csv").toStdString());
        QVERIFY(table.find("layer by layer") != std::string::npos);
        // Part of the tensors is no point of this front.
        QVERIFY(QDir(path("artifacts")).exists());
        QVERIFY(QDir().mkpath(path("part")));
        const QString one = QStringLiteral("/model.layers.0.mlp.up_proj.weight.h5");
        QVERIFY(QFile::copy(path("artifacts") + one, path("part") + one));
        const Outcome part = run(judge + QStringList{"--artifacts", path("part")});
        QCOMPARE(part.exitCode, 1);
        QVERIFY2(part.err.contains(QLatin1String("replaces 1 tensors")), qPrintable(part.err));
        const Outcome none = run(judge + QStringList{"--artifacts", path("nowhere")});
        QVERIFY(none.err.contains(QLatin1String("There is no ")));
    }

    void calibratesForQuantize() {
        const Json json = runJson({"calibrate", data("stories260k.h5"), "--tokens",
                                   data("stories260k-evaluation-tokens.h5"), "--activations", "10",
                                   "--out", path("own.h5"), "--json"});
        QVERIFY(json.is_object());
        QCOMPARE(json.at("tokens").get<int>(), 64 * 512);
        QCOMPARE(json.at("tensors").get<int>(), 36);
        const Json trials = runJson({"quantize", data("stories260k.h5"), "--tensor",
                                     "model.layers.0.mlp.up_proj.weight", "--hessians",
                                     path("own.h5"), "--method", "gptq", "--json"});
        QVERIFY(trials.is_array());
        QVERIFY(trials.at(0).at("hessian_error").get<double>() < 0.05);
        QVERIFY(trials.at(0).at("details").at("expected_gain").get<double>() < 1.0);
        const Outcome again =
            run({"calibrate", data("stories260k.h5"), "--tokens",
                 data("stories260k-evaluation-tokens.h5"), "--out", path("own.h5")});
        QCOMPARE(again.exitCode, 1);
        QVERIFY(again.err.contains(QLatin1String("--force")));
    }

    // Where all channels count the same, the weighted error is the plain one.
    void readsImportanceFilesAsHessians() {
        constexpr std::int32_t channels = 172;
        const std::string name = "blk.2.ffn_down.weight";
        QFile file(path("imatrix.dat"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const auto write = [&](const auto& value) {
            file.write(reinterpret_cast<const char*>(&value), sizeof value);
        };
        write(std::int32_t{1});
        write(static_cast<std::int32_t>(name.size()));
        file.write(name.c_str());
        write(std::int32_t{2});
        write(channels);
        for (int j = 0; j < channels; ++j)
            write(3.0F);
        file.close();
        const QStringList quantize = {"quantize", data("stories260k.h5"),
                                      "--tensor", "model.layers.[12].mlp.down_proj.weight",
                                      "--method", "scalar:bits=3",
                                      "--json",   "--hessians"};
        const Json trials = runJson(quantize + QStringList{path("imatrix.dat")});
        QVERIFY(trials.is_array());
        QCOMPARE(trials.size(), std::size_t{2});
        QVERIFY(!trials[0].contains("hessian_error"));
        const double weighted = trials[1].at("hessian_error").get<double>();
        QVERIFY(std::abs(weighted - trials[1].at("nmse").get<double>()) < 1e-9 * weighted);

        QVERIFY(file.resize(400));
        const Outcome damaged = run(quantize + QStringList{path("imatrix.dat")});
        QCOMPARE(damaged.exitCode, 1);
        QVERIFY2(damaged.err.contains(QLatin1String("is damaged: it ends in entry 1")),
                 qPrintable(damaged.err));
    }

    void saysWhatIsWrong_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("message");
        const QString model = data("stories260k.h5");
        const QString tokens = data("stories260k-evaluation-tokens.h5");
        QTest::newRow("no tokens in the file")
            << QStringList{"evaluate", model, "--tokens", model} << "has no dataset input_ids";
        QTest::newRow("no model") << QStringList{"evaluate", tokens, "--tokens", tokens}
                                  << "does not say the model's hidden_size";
        QTest::newRow("no such override")
            << QStringList{"evaluate", model, "--tokens", tokens, "--override", "/nowhere"}
            << "There is no '/nowhere'";
        QTest::newRow("foreign override")
            << QStringList{"evaluate", model, "--tokens", tokens, "--override", tokens}
            << "has a name of the model's";
        QTest::newRow("no run") << QStringList{"allocate", m_folder.path(), "--budget-bpw",
                                               "3",        "--out",         path("x.json")}
                                << "";
        QTest::newRow("unknown allocator")
            << QStringList{"allocate",    path("run"), "--budget-bpw", "3",
                           "--allocator", "greed",     "--out",        path("x.json")}
            << "Did you mean greedy?";
        QTest::newRow("budget too small")
            << QStringList{"allocate", path("run"), "--budget-bpw", "1", "--out", path("x.json")}
            << "is too small: the cheapest results of the run take 2.0";
        QTest::newRow("search without evolution")
            << QStringList{"allocate", path("run"), "--budget-bpw", "3",
                           "--from",   "nonsense",  "--out",        path("x.json")}
            << "--from is for --allocator evolution";
        QTest::newRow("seed without evolution")
            << QStringList{"allocate", path("run"), "--budget-bpw", "3",
                           "--seed",   "1",         "--out",        path("x.json")}
            << "--seed is for --allocator evolution";
        QTest::newRow("score without ranking")
            << QStringList{"allocate", path("run"), "--budget-bpw", "3",
                           "--by",     "trace",     "--out",        path("x.json")}
            << "--by is for --allocator ranking";
        QTest::newRow("half a lock")
            << QStringList{"allocate", path("run"), "--budget-bpw", "3",
                           "--lock",   "q_proj",    "--out",        path("x.json")}
            << "--lock 'q_proj' is not understood";
        QTest::newRow("no plan") << QStringList{"apply", path("run/run.json"), "--model", model,
                                                "--out", path("y.h5")}
                                 << "This is no plan";
        QTest::newRow("no plan to requantize") << QStringList{"requantize", path("run/run.json"),
                                                              "--model",    model,
                                                              "--tokens",   tokens,
                                                              "--out",      path("y")}
                                               << "This is no plan";
        QTest::newRow("no Hessian")
            << QStringList{"quantize", model, "--tensor", "*down_proj*", "--method", "gptq"}
            << "Error feedback needs the Hessian";
    }
    void saysWhatIsWrong() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, message);
        const Outcome outcome = run(arguments);
        QCOMPARE(outcome.exitCode, 1);
        QVERIFY2(outcome.err.contains(message), qPrintable(outcome.err));
        QVERIFY(outcome.err.contains(QLatin1String("error: ")));
    }

    void helpHasExamples() {
        for (const char* command :
             {"evaluate", "judge", "calibrate", "allocate", "apply", "requantize"}) {
            const Outcome outcome = run({command, "--help"});
            QCOMPARE(outcome.exitCode, 0);
            QVERIFY(
                outcome.out.contains(QStringLiteral("quantscope-cli ") + QLatin1String(command)));
        }
    }

private:
    // Tokens that are few enough to search on.
    QString fewTokens() {
        const QString file = path("few.h5");
        if (QFile::exists(file)) return file;
        std::vector<std::int32_t> ids;
        for (int i = 0; i < 6 * 64; ++i)
            ids.push_back(1 + (i * 37 + i / 7) % 500);
        test::Hdf5Fixture(file.toStdString()).addIntegers("input_ids", {6, 64}, ids);
        return file;
    }

    QString path(const char* name) const { return m_folder.filePath(QLatin1String(name)); }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestCliModels)
#include "tst_cli_models.moc"
