// SPDX-License-Identifier: GPL-3.0-or-later
// `quantize` against figures that NumPy and Faiss computed, and what must not change them.
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <map>

#include "tests/cli/cli_process.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using test::datasetPath;
using test::runCliWell;

namespace {

const QString downProj = QStringLiteral("model.layers.2.mlp.down_proj.weight");

QString scalarMethod(const QString& words) {
    const QStringList parts = words.split(u' ');
    const QString granularity =
        parts[1] == u"group32" ? QStringLiteral("group,group=32") : parts[1];
    return QStringLiteral("scalar:scheme=%1,granularity=%2,bits=%3")
        .arg(parts[0], granularity, parts[2].mid(3));
}

Json quantize(const QString& file, const QStringList& more) {
    return runCliWell(QStringList{"quantize", datasetPath(file), "--json"} + more).json();
}

double value(const Json& trial, const char* key) {
    return trial.at(key).get<double>();
}

// |W|^2 of the tensors of a file, as NumPy summed it.
std::map<std::string, double> energies(const std::string& file) {
    std::map<std::string, double> energy;
    for (const auto& fields : test::readCsv(QUANTSCOPE_TEST_DATA_DIR "/TENSORS.csv")) {
        if (fields[0] == file) energy[fields[1].substr(1)] = test::number(fields[7]);
    }
    return energy;
}

bool near(double actual, double expected, double relative) {
    return std::abs(actual / expected - 1.0) <= relative;
}

}  // namespace

class TestCliQuantize : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneLayer_data() {
        QTest::addColumn<double>("nmse");
        const auto row = [](const char* method, double nmse) { QTest::newRow(method) << nmse; };
        row("sym tensor int8", 0.000144948);
        row("sym row int8", 4.91921e-05);
        row("sym group32 int8", 2.97984e-05);
        row("asym row int8", 3.98307e-05);
        row("asym group32 int8", 2.3209e-05);
        row("sym tensor int4", 0.0483235);
        row("sym row int4", 0.0161921);
        row("sym group32 int4", 0.00970318);
        row("asym row int4", 0.0118627);
        row("asym group32 int4", 0.0067076);
        row("sym row int3", 0.0874808);
        row("asym row int3", 0.0544061);
        row("asym group32 int2", 0.171052);
    }
    void oneLayer() {
        QFETCH(double, nmse);
        const Json trials = quantize("stories260k.h5", {"--tensor", downProj, "--method",
                                                        scalarMethod(QTest::currentDataTag())});
        QCOMPARE(trials.size(), std::size_t{1});
        QVERIFY2(near(value(trials[0], "nmse"), nmse, 2e-3), trials.dump().c_str());
        QVERIFY(
            near(value(trials[0], "sqnr_db"), -10.0 * std::log10(value(trials[0], "nmse")), 1e-9));
    }

    void wholeModel_data() {
        QTest::addColumn<double>("nmse");
        QTest::newRow("sym row int4") << 0.0119075;
        QTest::newRow("asym row int3") << 0.0396023;
        QTest::newRow("asym group32 int4") << 0.00628928;
        QTest::newRow("sym tensor int8") << 0.0001694;
    }
    // Sum of squared errors over sum of squares, over the 35 linear layers.
    void wholeModel() {
        QFETCH(double, nmse);
        const Json trials =
            quantize("stories260k.h5", {"--tensor", "model.layers.*_proj.weight", "--method",
                                        scalarMethod(QTest::currentDataTag())});
        QCOMPARE(trials.size(), std::size_t{35});
        const std::map<std::string, double> energy = energies("stories260k.h5");
        double error = 0.0;
        double total = 0.0;
        for (const Json& trial : trials) {
            const double e = energy.at(trial["tensor"].get<std::string>());
            error += e * value(trial, "nmse");
            total += e;
        }
        QVERIFY2(near(error / total, nmse, 1e-3), qPrintable(QString::number(error / total)));
    }

    void errorOfTheOutput() {
        const Json trials = quantize(
            "stories260k.h5", {"--tensor", downProj, "--method", scalarMethod("asym row int4"),
                               "--hessians", datasetPath("stories260k-calibration.h5")});
        QVERIFY2(near(value(trials[0], "hessian_error"), 0.0175852, 2e-3), trials.dump().c_str());
    }

    // Faiss' product quantizer: 0.0948 and 0.699 with one seed, 0.0946 and 0.698 with another.
    void wordVectors() {
        const Json trials = quantize("glove-50-angular.hdf5", {"--tensor", "train", "--method",
                                                               "pq:m=10,bits=8", "--seed", "1234"});
        QVERIFY2(value(trials[0], "nmse") <= 1.02 * 0.0948, trials.dump().c_str());
        QVERIFY2(std::abs(value(trials[0], "recall_at_10") - 0.698) < 0.02, trials.dump().c_str());
        // 80 bits a vector of 50 dimensions.
        QCOMPARE(value(trials[0]["rate"], "codes"), 80.0 / 50.0);
    }

    // Faiss' OPQ: 0.0738 and 0.716 with both seeds.
    void wordVectorsRotated() {
        const Json trials = quantize("glove-50-angular.hdf5", {"--tensor", "train", "--method",
                                                               "OPQ10,PQ10x8", "--seed", "1234"});
        QCOMPARE(trials[0]["method"].get<std::string>(),
                 std::string("pq:m=10,bits=8,rotation=opq"));
        QVERIFY2(value(trials[0], "nmse") <= 1.02 * 0.0738, trials.dump().c_str());
        QVERIFY2(value(trials[0], "recall_at_10") > 0.716 - 0.01, trials.dump().c_str());
        QCOMPARE(value(trials[0]["rate"], "codes"), 80.0 / 50.0);
    }

    // Faiss' residual quantizer with a beam of 5: 0.1568 and 0.564.
    void wordVectorsInStages() {
        const Json trials = quantize(
            "glove-50-angular.hdf5",
            {"--tensor", "train", "--method", "rvq:stages=4,bits=8,dim=0", "--seed", "1234"});
        QVERIFY2(value(trials[0], "nmse") <= 1.02 * 0.156789, trials.dump().c_str());
        QVERIFY2(value(trials[0], "recall_at_10") > 0.53, trials.dump().c_str());
        QCOMPARE(value(trials[0]["rate"], "codes"), 32.0 / 50.0);
    }

    void keysAreThoseOfTheInterface() {
        const Json trials =
            quantize("stories260k.h5", {"--tensor", downProj, "--method", "scalar:bits=3",
                                        "--method", "pq:m=4,bits=4", "--method", "mixed:bits=3"});
        QCOMPARE(trials.size(), std::size_t{3});
        for (const Json& trial : trials) {
            for (const char* key : {"tensor", "method", "bits_per_weight", "rate", "nmse",
                                    "sqnr_db", "utilization", "codebook_perplexity", "seconds"}) {
                QVERIFY2(trial.contains(key), key);
            }
            QVERIFY(!trial.contains("hessian_error"));
            QVERIFY(!trial.contains("recall_at_10"));
            double sum = 0.0;
            QCOMPARE(trial["rate"].size(), std::size_t{7});
            for (const char* part :
                 {"codes", "scales", "codebooks", "transforms", "outliers", "factors", "padding"}) {
                sum += value(trial["rate"], part);
            }
            QVERIFY(near(sum, value(trial, "bits_per_weight"), 1e-12));
            for (const char* phase : {"train", "encode", "decode"})
                QVERIFY(value(trial["seconds"], phase) >= 0.0);
        }
        QCOMPARE(value(trials[0]["rate"], "codes"), 3.0);
        QCOMPARE(value(trials[1]["rate"], "codes"), 4.0 * 4.0 / 172.0);
    }

    // What a transform does is told where one is in front, and nowhere else.
    void tellsTheShapeOfWeightsBehindTransforms() {
        const Json trials =
            quantize("stories260k.h5", {"--tensor", downProj, "--method",
                                        "hadamard | scalar:bits=4", "--method", "scalar:bits=4"});
        QCOMPARE(trials.size(), std::size_t{2});
        for (const Json& trial : trials) {
            const double bound = 20.0 * std::log10(2.0) * value(trial, "bits_per_weight");
            QVERIFY(near(value(trial, "shannon_percent"), 100.0 * value(trial, "sqnr_db") / bound,
                         1e-9));
            QVERIFY(near(value(trial, "gaussian_gap_db"), bound - value(trial, "sqnr_db"), 1e-9));
        }
        for (const char* key : {"incoherence_before", "incoherence_after", "kurtosis_before",
                                "kurtosis_after", "qsur_before", "qsur_after"}) {
            QVERIFY2(trials[0].contains(key), key);
            QVERIFY2(!trials[1].contains(key), key);
        }
        QVERIFY(value(trials[0], "incoherence_after") < value(trials[0], "incoherence_before"));
    }

    void parameterNamesOfTheInterface_data() {
        QTest::addColumn<QString>("method");
        for (const char* method :
             {"scalar:bits=4,scheme=sym,granularity=tensor,clip=none,levels=uniform",
              "scalar:bits=4,scheme=asym,granularity=row,clip=mse",
              "scalar:bits=4,granularity=group,group=32", "scalar:bits=4,levels=lloyd",
              "pq:m=4,bits=4,shared=true", "pq:m=4,bits=4,shared=false",
              "rvq:stages=4,bits=4,dim=4,beam=2", "rvq:stages=2,bits=5,dim=0",
              "mixed:bits=3.5,base=(scalar:scheme=asym)"}) {
            QTest::newRow(method) << QString::fromUtf8(method);
        }
    }
    void parameterNamesOfTheInterface() {
        QFETCH(QString, method);
        const Json trials = quantize("stories260k.h5", {"--tensor", downProj, "--method", method});
        QCOMPARE(trials.size(), std::size_t{1});
        QVERIFY2(value(trials[0], "nmse") < 0.9, trials.dump().c_str());
    }

    void threadsDoNotMatter() {
        const QStringList more = {"--tensor",  "model.layers.[01].*_proj.weight",
                                  "--method",  "scalar:bits=[2,4],clip=mse",
                                  "--method",  "pq:m=4,bits=5",
                                  "--method",  "mixed:bits=3",
                                  "--threads", "1"};
        const Json one = test::withoutSeconds(quantize("stories260k.h5", more));
        QCOMPARE(one.size(), std::size_t{14 * 4});
        for (const char* threads : {"2", "8"}) {
            QStringList other = more;
            other.last() = QString::fromUtf8(threads);
            QVERIFY(test::withoutSeconds(quantize("stories260k.h5", other)) == one);
        }
    }

    void seedMatters() {
        const QStringList more = {"--tensor", downProj, "--method", "pq:m=4,bits=5", "--seed"};
        const Json first =
            test::withoutSeconds(quantize("stories260k.h5", more + QStringList{"1"}));
        QVERIFY(test::withoutSeconds(quantize("stories260k.h5", more + QStringList{"1"})) == first);
        QVERIFY(test::withoutSeconds(quantize("stories260k.h5", more + QStringList{"2"})) != first);
    }

    // As a user would: everything in the file, at once.
    void filesOfOtherPrograms_data() {
        QTest::addColumn<int>("trials");
        QTest::addColumn<int>("failing");
        QTest::newRow("keras3.weights.h5") << 4 << 0;
        // Queries are not quantized unless they are named.
        QTest::newRow("sift-like-16-euclidean.hdf5") << 1 << 0;
        QTest::newRow("integers-12-angular.hdf5") << 1 << 0;
        QTest::newRow("matlab-weights.mat") << 2 << 0;
        QTest::newRow("cells.h5ad") << 2 << 0;
        QTest::newRow("torch-state.h5") << 4 << 0;
        QTest::newRow("odd-names.h5") << 26 << 0;
        QTest::newRow("odd-shapes.h5") << 12 << 3;  // NaN, infinities, beyond float32
    }
    void filesOfOtherPrograms() {
        QFETCH(int, trials);
        QFETCH(int, failing);
        const QString file = test::userFile(QString::fromUtf8(QTest::currentDataTag()));
        const test::CliResult result =
            test::runCli({"quantize", file, "--method", "scalar:bits=8", "--json"});
        QCOMPARE(result.exitCode, failing > 0 ? 1 : 0);
        const Json printed = result.json();
        QCOMPARE(static_cast<int>(printed.size()), trials);
        int failed = 0;
        for (const Json& trial : printed) {
            if (trial.contains("error")) {
                ++failed;
            } else {
                QVERIFY2(trial["nmse"].is_number() && value(trial, "nmse") < 0.01,
                         trial.dump().c_str());
            }
        }
        QCOMPARE(failed, failing);
    }

    void recallOfIntegers() {
        for (const char* file : {"sift-like-16-euclidean.hdf5", "integers-12-angular.hdf5"}) {
            const Json trials = runCliWell({"quantize", test::userFile(file), "--tensor", "train",
                                            "--method", "scalar:bits=12", "--json"})
                                    .json();
            // Nothing to speak of is lost, so what is found is what NumPy found; ties are rare.
            QVERIFY2(value(trials[0], "recall_at_10") > 0.97, trials.dump().c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestCliQuantize)
#include "tst_cli_quantize.moc"
