// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <set>

#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"
#include "plugins/kmeans/kmeans_method.h"
#include "plugins/pq/pq_method.h"
#include "tests/plugins/method_bench.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const test::MethodBench& bench() {
    static const test::MethodBench made(std::make_shared<kmeans::KmeansMethod>());
    return made;
}

double errorOf(const std::string& method, const Matrix& x) {
    return nmse(x.view(), decoded(bench().quantize(method, x)).view());
}

// Three of four vectors lie in a small cloud, the others far around: evenly drawn codewords begin
// nearly all in the cloud.
Matrix crowded(Index rows, Index dim) {
    Matrix x = gaussian(rows, dim, 3);
    for (Index row = 0; row < rows; ++row) {
        for (float& value : x.span().row(row))
            value *= row % 4 == 0 ? 10.0F : 0.01F;
    }
    return x;
}

CodebookUsage usageOf(const std::string& method, const Matrix& x) {
    return codebookUsage(bench().quantize(method, x).codebooks().at(0));
}

}  // namespace

class TestVectorQuantization : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Locally optimal quantizers of pairs of N(0,1), the best of many runs of another program.
    void gaussianPairs_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<double>("expected");
        QTest::newRow("2 bits per weight") << 4 << 0.1086;
        QTest::newRow("3 bits per weight") << 6 << 0.0297;
        QTest::newRow("4 bits per weight") << 8 << 0.0078;
    }
    void gaussianPairs() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        QFETCH(int, bits);
        QFETCH(double, expected);
        const Matrix x = gaussian(200000, 2);
        const double reached =
            errorOf("kmeans:dim=2,iterations=100,bits=" + std::to_string(bits), x);
        QVERIFY2(std::abs(reached / expected - 1.0) < 0.015, qPrintable(QString::number(reached)));
    }

    void isProductQuantizationWithOneSlice() {
        const test::MethodBench pq(std::make_shared<pq::PqMethod>());
        const Matrix x = gaussian(3000, 6, 2);
        const double one = errorOf("kmeans:bits=5,dim=0,iterations=100", x);
        const double other =
            nmse(x.view(), decoded(pq.quantize("pq:m=1,bits=5,iterations=100", x)).view());
        QVERIFY2(std::abs(one / other - 1.0) < 0.015, qPrintable(QString::number(one / other)));
    }

    // A decoder written from the description of the format alone.
    void decodedValuesAreCodewords_data() {
        QTest::addColumn<int>("dim");
        QTest::addColumn<int>("bits");
        QTest::newRow("whole rows") << 0 << 4;
        QTest::newRow("pieces") << 5 << 3;
        QTest::newRow("padded pieces") << 4 << 5;
        QTest::newRow("single weights") << 1 << 2;
    }
    void decodedValuesAreCodewords() {
        QFETCH(int, dim);
        QFETCH(int, bits);
        constexpr Index rows = 300;
        constexpr Index cols = 10;
        const Matrix x = gaussian(rows, cols, 9);
        const QuantizedTensor tensor = bench().quantize(
            "kmeans:dim=" + std::to_string(dim) + ",bits=" + std::to_string(bits), x);
        const Index length = dim == 0 ? cols : dim;
        const Index perRow = (cols + length - 1) / length;
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(rows * perRow));
        PackedCodes::unpack(tensor.encoded().section("codes").bytes, 0, bits, codes);
        const Codebook book = tensor.codebooks().at(0);
        QCOMPARE(book.dim, length);
        QCOMPARE(book.counts.size(), std::size_t{1} << bits);
        const Matrix y = decoded(tensor);
        std::vector<std::uint64_t> counts(book.counts.size());
        for (const std::uint32_t code : codes)
            ++counts[code];
        QCOMPARE(counts, book.counts);
        for (Index r = 0; r < rows; ++r) {
            for (Index c = 0; c < cols; ++c) {
                const auto code = codes[static_cast<std::size_t>(r * perRow + c / length)];
                const auto at = static_cast<std::size_t>(code) * static_cast<std::size_t>(length) +
                                static_cast<std::size_t>(c % length);
                QCOMPARE(y(r, c), book.codewords[at]);
            }
        }
        QCOMPARE(tensor.rate()[RatePart::Codes], codes.size() * static_cast<std::uint64_t>(bits));
        QCOMPARE(tensor.rate()[RatePart::Codebooks], 16 * book.codewords.size() + 16);
    }

    // What revival is for: a start in the wrong place leaves codewords unused, and an error that is
    // larger than it need be.
    void revivalUsesWhatStaysUnused() {
        const Matrix x = crowded(20000, 4);
        const std::string method = "kmeans:bits=8,dim=4,start=random,precision=fp32";
        const double without = errorOf(method + ",revive=none", x);
        for (const char* revive : {",revive=empty", ",revive=rare"}) {
            QCOMPARE(usageOf(method + revive, x).dead, std::uint64_t{0});
            QVERIFY(errorOf(method + revive, x) <= without);
        }
        // Most of the start lies in the cloud, where a single codeword would do; only taking the
        // rare ones away brings the others where they are needed.
        const double empty = errorOf(method + ",revive=empty", x);
        const double rare = errorOf(method + ",revive=rare", x);
        QVERIFY2(rare < 0.95 * empty, qPrintable(QString::number(rare / empty)));
    }

    void linearImagesUseAllTheyStartWith() {
        const Matrix x = gaussian(40000, 8, 4);
        const std::string method = "kmeans:bits=10,dim=8,start=random";
        const double linear = errorOf(method + ",update=linear", x);
        const double means = errorOf(method, x);
        QCOMPARE(usageOf(method + ",update=linear", x).dead, std::uint64_t{0});
        // Fewer freedoms, so more error than means; still better than the vectors it starts from.
        QVERIFY2(linear > means, qPrintable(QString::number(linear / means)));
        QVERIFY(linear < errorOf(method + ",update=means,iterations=1", x) * 1.2);
    }

    // With all vectors in memory, a pass is an iteration of k-means, but for the order of sums.
    void passesAreIterationsOverAll() {
        const Matrix x = gaussian(9001, 12, 5);
        const std::string method = "kmeans:bits=5,dim=4,start=random,revive=none,precision=fp32";
        const QuantizedTensor inMemory = bench().quantize(method + ",iterations=6,train=0", x);
        EncodedTensor streamed =
            bench().encode(method + ",iterations=0,passes=6,train=0", test::BlockSource(x.view()));
        QCOMPARE(streamed.header["details"]["passes"], Json(6));
        const std::vector<Codebook> a = inMemory.codebooks();
        const std::vector<Codebook> b =
            QuantizedTensor(std::move(streamed), bench().registry()).codebooks();
        for (std::size_t i = 0; i < a[0].codewords.size(); ++i) {
            QVERIFY(std::abs(static_cast<double>(a[0].codewords[i]) -
                             static_cast<double>(b[0].codewords[i])) < 1e-5);
        }
    }

    // A sample of few vectors for each codeword is overfitted; passes over all of them make up for
    // it, with no more vectors in memory.
    void passesMakeUpForASmallSample() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        const Matrix x = gaussian(200000, 8, 6);
        const std::string method = "kmeans:bits=8,dim=8,precision=fp32";
        const double sampled = errorOf(method + ",train=2560", x);
        const double passed = errorOf(method + ",train=2560,passes=10", x);
        const double whole = errorOf(method + ",train=0", x);
        qInfo("sample %.5f, with passes %.5f, all in memory %.5f", sampled, passed, whole);
        QVERIFY2(passed < 0.97 * sampled, qPrintable(QString::number(passed / sampled)));
        QVERIFY2(passed < 1.01 * whole, qPrintable(QString::number(passed / whole)));
        const test::BlockSource source(x.view());
        bench().encode(method + ",train=2560,passes=1,iterations=1", source);
        QVERIFY(source.largestRead() < x.rows());
    }

    // Balanced training uses the codewords more evenly, for some more error.
    void balancedTrainingEvensOutUsage() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        const Matrix x = crowded(40000, 4);
        const std::string method = "kmeans:bits=7,dim=4";
        const CodebookUsage nearest = usageOf(method, x);
        const CodebookUsage balanced = usageOf(method + ",assign=balanced", x);
        qInfo("perplexity %.1f, balanced %.1f of 128; error %.5f, %.5f", nearest.perplexity,
              balanced.perplexity, errorOf(method, x), errorOf(method + ",assign=balanced", x));
        QCOMPARE(balanced.dead, std::uint64_t{0});
        QVERIFY2(balanced.perplexity > 1.5 * nearest.perplexity,
                 qPrintable(QString::number(balanced.perplexity / nearest.perplexity)));
        QVERIFY(errorOf(method, x) < errorOf(method + ",assign=balanced", x));
    }

    void newTrainingIsTheSameAtAnyThreadCount_data() {
        QTest::addColumn<QString>("method");
        QTest::newRow("passes") << "kmeans:bits=6,dim=5,train=700,passes=3,iterations=3";
        QTest::newRow("balanced") << "kmeans:bits=6,dim=5,assign=balanced,iterations=3";
    }
    void newTrainingIsTheSameAtAnyThreadCount() {
        QFETCH(QString, method);
        const Matrix x = gaussian(3000, 20, 9);
        const EncodedTensor expected = bench().encode(method.toStdString(), ViewSource(x.view()));
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                QVERIFY(test::sameBits(
                    bench().encode(method.toStdString(), test::BlockSource(x.view())), expected));
            });
        }
    }

    void newTrainingStopsPromptly_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("phase");
        QTest::newRow("passes") << "kmeans:bits=8,dim=8,train=1000,passes=50,iterations=1"
                                << "pass";
        QTest::newRow("balanced") << "kmeans:bits=8,dim=8,assign=balanced,iterations=50"
                                  << "k-means";
    }
    void newTrainingStopsPromptly() {
        QFETCH(QString, method);
        QFETCH(QString, phase);
        const Matrix x = gaussian(100000, 16);
        bool cancelled = false;
        const auto elapsed =
            test::timeToStop(0.0, phase.toStdString(), cancelled, [&](const RunContext& context) {
                bench().encode(method.toStdString(), ViewSource(x.view()), context);
            });
        QVERIFY(cancelled);
        QVERIFY2(elapsed.count() < 200, qPrintable(QString::number(elapsed.count())));
    }

    void sixteenBits() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        const Matrix x = gaussian(70000, 4, 6);
        const QuantizedTensor tensor =
            bench().quantize("kmeans:bits=16,dim=4,iterations=2,train=0", x);
        const Codebook book = tensor.codebooks().at(0);
        QCOMPARE(book.counts.size(), std::size_t{65536});
        std::vector<std::uint32_t> codes(70000);
        PackedCodes::unpack(tensor.encoded().section("codes").bytes, 0, 16, codes);
        const std::set<std::uint32_t> used(codes.begin(), codes.end());
        QCOMPARE(codebookUsage(book).used, std::uint64_t{used.size()});
        QVERIFY(nmse(x.view(), decoded(tensor).view()) < 0.01);
    }

    void judgesBeforeItBegins() {
        QVERIFY(bench().preflight("kmeans:bits=16", 1000, 64).refusal.find("codewords") !=
                std::string::npos);
        QVERIFY(bench()
                    .preflight("kmeans:bits=4,dim=0,update=linear", 1000, 4096)
                    .refusal.find("dim <= 512") != std::string::npos);
        QVERIFY(bench().preflight("kmeans:bits=4,dim=0", 1000, 4096).refusal.empty());
        const Preflight few = bench().preflight("kmeans:bits=8,dim=8", 100, 64);
        QVERIFY(few.refusal.empty());
        QCOMPARE(few.warnings.size(), std::size_t{1});
    }

    void tellsHowItTrains() {
        const Matrix x = gaussian(5000, 4, 8);
        const auto curves = test::trainingCurves([&](const RunContext& context) {
            bench().encode("kmeans:bits=6,dim=4,precision=fp32", ViewSource(x.view()), context);
        });
        QCOMPARE(curves.size(), std::size_t{1});
        const std::vector<double>& values = curves.at("codebook");
        QVERIFY(values.size() > 3);
        for (std::size_t i = 1; i < values.size(); ++i)
            QVERIFY(values[i] <= values[i - 1] * (1.0 + 1e-12));
        // All vectors were trained on, so the last value is near the error of the result.
        const double reached = errorOf("kmeans:bits=6,dim=4,precision=fp32", x);
        QVERIFY(reached <= values.back() * (1.0 + 1e-6) && reached > 0.98 * values.back());
    }
};

QTEST_GUILESS_MAIN(TestVectorQuantization)
#include "tst_vector_quantization.moc"
