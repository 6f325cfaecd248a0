// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/kmeans.h"
#include "core/quant/packed_codes.h"
#include "plugins/pq/pq_method.h"
#include "tests/core/test_files.h"
#include "tests/plugins/method_bench.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const test::MethodBench& bench() {
    static const test::MethodBench made(std::make_shared<pq::PqMethod>());
    return made;
}

std::vector<std::uint32_t> codesOf(const QuantizedTensor& tensor, Index count, int bits) {
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(count));
    PackedCodes::unpack(tensor.encoded().section("codes").bytes, 0, bits, codes);
    return codes;
}

// One column after the other of slices with very different spreads.
Matrix unevenSpread(Index rows, Index cols) {
    Matrix x = gaussian(rows, cols, 3);
    for (Index row = 0; row < rows; ++row) {
        for (Index c = 0; c < cols; ++c)
            x(row, c) *= static_cast<float>(1 + c);
    }
    return x;
}

}  // namespace

class TestPq : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void reachesTheReference_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("angular");
        QTest::addColumn<QString>("method");
        QTest::addColumn<double>("relativeMse");
        // Faiss 1.7.3, 25 iterations, all training rows; the mean of its seeds where there are
        // several.
        const QString glove = "glove-50-angular.hdf5";
        const QString hidden = "stories260k-hidden-64-euclidean.hdf5";
        QTest::newRow("GloVe M=10 8 bits") << glove << true << "pq:m=10,bits=8" << 0.0946664;
        QTest::newRow("GloVe M=10 4 bits") << glove << true << "pq:m=10,bits=4" << 0.296592;
        QTest::newRow("hidden M=8 8 bits") << hidden << false << "pq:m=8,bits=8" << 0.111373;
        QTest::newRow("hidden M=16 8 bits") << hidden << false << "pq:m=16,bits=8" << 0.0399060;
        QTest::newRow("hidden M=8 4 bits") << hidden << false << "pq:m=8,bits=4" << 0.266835;
        // Faiss's OPQMatrix with its defaults; a rotation that is trained longer is ahead by a
        // tenth.
        QTest::newRow("GloVe, rotated") << glove << true << "OPQ10,PQ10x8" << 0.0738190;
        QTest::newRow("hidden, rotated") << hidden << false << "OPQ8,PQ8x8" << 0.107312;
    }
    void reachesTheReference() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        QFETCH(QString, file);
        QFETCH(bool, angular);
        QFETCH(QString, method);
        QFETCH(double, relativeMse);
        const auto opened = test::openProbed(test::dataset(file.toStdString()));
        const Matrix x = test::searchedVectors(*opened, "train", angular);
        const QuantizedTensor tensor = bench().quantize(method.toStdString(), x);
        const double reached = nmse(x.view(), decoded(tensor).view());
        QVERIFY2(reached <= 1.02 * relativeMse, qPrintable(QString::number(reached)));
        const double least = method.startsWith(u"OPQ") ? 0.85 : 0.90;
        QVERIFY2(reached >= least * relativeMse, qPrintable(QString::number(reached)));
    }

    // Columns that are equal up to noise: a rotation packs each pair into one direction. With it,
    // 2 slices of 8 bits spend them on 2 directions of variance 2 each, as on a plain pair of
    // columns, and what is left of the others is their whole variance.
    void rotationFindsTheDirectionsThatVary() {
        constexpr double noise = 0.01;
        const Matrix base = gaussian(6000, 2, 5);
        const Matrix grains = gaussian(6000, 4, 6);
        Matrix x(6000, 4);
        for (Index row = 0; row < 6000; ++row) {
            for (Index c = 0; c < 4; ++c)
                x(row, c) = base(row, c / 2) + static_cast<float>(noise) * grains(row, c);
        }
        // Slices of two columns are the pairs, so that plain slices do as well; mixed up, they
        // do not.
        Matrix mixed(6000, 4);
        for (Index row = 0; row < 6000; ++row) {
            const Index order[] = {0, 2, 1, 3};
            for (Index c = 0; c < 4; ++c)
                mixed(row, c) = x(row, order[c]);
        }
        const auto error = [](const char* method, const Matrix& values) {
            return nmse(values.view(), decoded(bench().quantize(method, values)).view());
        };
        const double pairs = error("pq:m=2,bits=6", x);
        const double plain = error("pq:m=2,bits=6", mixed);
        for (const char* method : {"pq:m=2,bits=6,rotation=pca", "pq:m=2,bits=6,rotation=opq"}) {
            const double rotated = error(method, mixed);
            QVERIFY2(rotated < 1.1 * pairs && rotated < 0.1 * plain,
                     qPrintable(QString::number(rotated)));
        }
        // Two dimensions hold all but the noise, of which half is lost.
        const double kept = error("pq:m=2,bits=10,rotation=opq,dims=2", mixed);
        QVERIFY2(kept > 0.5 * noise * noise && kept < 1.5 * noise * noise,
                 qPrintable(QString::number(kept)));
    }

    // Columns of deviations 8, 4, 2, 1: without a rotation the slices hold 80 and 5 of 85 parts of
    // the variance. Dealt to equal products, they hold 65 and 20 (64 x 1 against 16 x 4).
    void slicesSayWhatLiesInThem() {
        Matrix x = gaussian(20'000, 4, 12);
        for (Index row = 0; row < x.rows(); ++row) {
            for (Index c = 0; c < 4; ++c)
                x(row, c) = x(row, c) * static_cast<float>(8 >> c) + 3.0F;
        }
        const auto isNear = [](std::optional<double> share, double expected) {
            return share && std::abs(*share - expected) < 0.01;
        };
        const std::vector<Codebook> plain = bench().quantize("pq:m=2,bits=4", x).codebooks();
        QVERIFY(isNear(plain[0].varianceShare, 80.0 / 85.0));
        QVERIFY(isNear(plain[1].varianceShare, 5.0 / 85.0));
        QVERIFY(!plain[0].unrotatedShare.has_value());
        const std::vector<Codebook> dealt =
            bench().quantize("pq:m=2,bits=4,rotation=pca", x).codebooks();
        QVERIFY(isNear(dealt[0].unrotatedShare, 80.0 / 85.0));
        QVERIFY(isNear(dealt[1].unrotatedShare, 5.0 / 85.0));
        const double most = std::max(*dealt[0].varianceShare, *dealt[1].varianceShare);
        QVERIFY2(std::abs(most - 65.0 / 85.0) < 0.01, qPrintable(QString::number(most)));
        const std::vector<Codebook> shared =
            bench().quantize("pq:m=2,bits=4,shared=true", x).codebooks();
        QVERIFY(!shared[0].varianceShare.has_value());
    }

    void rotationRoundsLowerTheObjective() {
        const Matrix x = unevenSpread(4000, 12);
        const auto curves = test::trainingCurves([&](const RunContext& context) {
            bench().encode("pq:m=4,bits=5,rotation=opq,rounds=12", ViewSource(x.view()), context);
        });
        const std::vector<double>& rounds = curves.at("rotation");
        QCOMPARE(rounds.size(), std::size_t{12});
        for (std::size_t i = 1; i < rounds.size(); ++i)
            QVERIFY(rounds[i] <= rounds[i - 1] * (1.0 + 1e-6));
        QVERIFY(rounds.back() < rounds.front());
        QCOMPARE(curves.size(), std::size_t{5});
        QVERIFY(curves.contains("slice 4"));
    }

    void gaussianFourDimensionalSlices() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        // 2 bits per weight: Faiss 1.15 reaches .09607 with 32 slices of four columns each.
        const Matrix x = gaussian(131072, 8);
        const double reached = nmse(x.view(), decoded(bench().quantize("pq:m=2,bits=8", x)).view());
        QVERIFY2(std::abs(reached - 0.09607) < 0.01 * 0.09607,
                 qPrintable(QString::number(reached)));
    }

    void oneSliceIsKMeans() {
        const Matrix x = gaussian(3000, 6, 2);
        const KMeansResult expected =
            kMeans(x.view(), {.count = 32, .iterations = 100}, RunContext(5));
        const QuantizedTensor tensor =
            bench().quantize("pq:m=1,bits=5,iterations=100,precision=fp32", x);
        double energy = 0.0;
        for (Index i = 0; i < x.view().size(); ++i) {
            energy += static_cast<double>(x.data()[i]) * static_cast<double>(x.data()[i]);
        }
        const double reached = nmse(x.view(), decoded(tensor).view()) * energy / 3000.0;
        QVERIFY(std::abs(reached - expected.objectives.back()) <
                0.015 * expected.objectives.back());
    }

    // What defines a converged quantizer: every slice has the nearest codeword, and every codeword
    // is the mean of its slices (Lloyd's two conditions).
    void slicesAreNearestAndCodewordsAreMeans() {
        constexpr Index rows = 2000;
        constexpr Index widths[] = {3, 2, 2};
        const Matrix x = unevenSpread(rows, 7);
        const QuantizedTensor tensor =
            bench().quantize("pq:m=3,bits=4,iterations=1000,precision=fp32", x);
        const std::vector<Codebook> books = tensor.codebooks();
        const std::vector<std::uint32_t> codes = codesOf(tensor, rows * 3, 4);
        QCOMPARE(books.size(), std::size_t{3});
        Index column = 0;
        for (std::size_t slice = 0; slice < 3; ++slice) {
            const Codebook& book = books[slice];
            QCOMPARE(book.dim, widths[slice]);
            QCOMPARE(book.name, "slice " + std::to_string(slice + 1));
            std::vector<double> sums(book.codewords.size());
            std::vector<std::uint64_t> counts(16);
            for (Index row = 0; row < rows; ++row) {
                const auto distance = [&](std::size_t k) {
                    double sum = 0.0;
                    for (Index j = 0; j < book.dim; ++j) {
                        const double difference =
                            static_cast<double>(x(row, column + j)) -
                            static_cast<double>(
                                book.codewords[k * static_cast<std::size_t>(book.dim) +
                                               static_cast<std::size_t>(j)]);
                        sum += difference * difference;
                    }
                    return sum;
                };
                const std::size_t code = codes[static_cast<std::size_t>(row) * 3 + slice];
                for (std::size_t k = 0; k < 16; ++k) {
                    QVERIFY(distance(code) <= distance(k) * (1.0 + 1e-5));
                }
                ++counts[code];
                for (Index j = 0; j < book.dim; ++j) {
                    sums[code * static_cast<std::size_t>(book.dim) + static_cast<std::size_t>(j)] +=
                        static_cast<double>(x(row, column + j));
                }
            }
            QCOMPARE(book.counts, counts);
            for (std::size_t i = 0; i < sums.size(); ++i) {
                const double mean =
                    sums[i] / static_cast<double>(counts[i / static_cast<std::size_t>(book.dim)]);
                QVERIFY(std::abs(mean - static_cast<double>(book.codewords[i])) < 0.05);
            }
            column += book.dim;
        }
    }

    void sharedCodebookPoolsTheSlices() {
        const Matrix x = gaussian(500, 12, 4);
        const QuantizedTensor shared = bench().quantize("pq:m=3,bits=6,shared=true", x);
        Matrix pooled(1500, 4);
        std::copy(x.data(), x.data() + x.view().size(), pooled.data());
        const QuantizedTensor single = bench().quantize("pq:m=1,bits=6", pooled);
        const double difference =
            nmse(x.view(), decoded(shared).view()) / nmse(pooled.view(), decoded(single).view());
        QVERIFY(std::abs(difference - 1.0) < 1e-6);
        const std::vector<Codebook> books = shared.codebooks();
        QCOMPARE(books.size(), std::size_t{1});
        const std::vector<std::uint64_t>& counts = books.front().counts;
        QCOMPARE(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}),
                 std::uint64_t{1500});
        const Preflight uneven = bench().preflight("pq:m=5,shared=true,bits=4", 500, 12);
        QCOMPARE(uneven.refusal,
                 std::string("A shared codebook needs slices of equal length, but 5 "
                             "slices do not divide 12 columns. Choose m=4 or "
                             "shared=false."));
    }

    void rateIsKnownBeforeAndExact_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<quint64>("codes");
        QTest::addColumn<quint64>("codebooks");
        QTest::addColumn<quint64>("padding");
        QTest::addColumn<quint64>("transforms");
        QTest::newRow("even") << "pq:m=4,bits=3" << 40 << 8 << quint64{480}
                              << quint64{8 * 8 * 16 + 16} << quint64{0} << quint64{0};
        QTest::newRow("uneven, padded") << "pq:m=3,bits=1" << 7 << 8 << quint64{21}
                                        << quint64{2 * 8 * 16 + 16} << quint64{3} << quint64{0};
        QTest::newRow("shared") << "pq:m=4,bits=5,shared=true" << 10 << 20 << quint64{200}
                                << quint64{32 * 5 * 16 + 16} << quint64{0} << quint64{0};
        QTest::newRow("32 bits") << "pq:m=2,bits=4,precision=fp32" << 33 << 5 << quint64{264}
                                 << quint64{16 * 5 * 32 + 16} << quint64{0} << quint64{0};
        QTest::newRow("rotated") << "pq:m=2,bits=4,rotation=opq,rounds=2" << 33 << 5 << quint64{264}
                                 << quint64{16 * 5 * 16 + 16} << quint64{0} << quint64{5 * 5 * 16};
        QTest::newRow("rotated, fewer dimensions")
            << "pq:m=2,bits=4,rotation=pca,dims=3,precision=fp32" << 33 << 5 << quint64{264}
            << quint64{16 * 3 * 32 + 16} << quint64{0} << quint64{5 * 3 * 32};
    }
    void rateIsKnownBeforeAndExact() {
        QFETCH(QString, method);
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(quint64, codes);
        QFETCH(quint64, codebooks);
        QFETCH(quint64, padding);
        QFETCH(quint64, transforms);
        const Preflight before = bench().preflight(method.toStdString(), rows, cols);
        QVERIFY2(before.refusal.empty(), before.refusal.c_str());
        RateLedger expected;
        expected[RatePart::Codes] = codes;
        expected[RatePart::Codebooks] = codebooks;
        expected[RatePart::Padding] = padding;
        expected[RatePart::Transforms] = transforms;
        QVERIFY(before.rate == expected);
        const QuantizedTensor tensor = bench().quantize(method.toStdString(), gaussian(rows, cols));
        QVERIFY(tensor.rate() == expected);
    }

    void refusesWhatCannotWork_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<QString>("refusal");
        QTest::newRow("more slices than columns")
            << "pq:m=8" << 1000 << 6
            << "The row has 6 columns, too few for 8 slices. Choose m <= 6.";
        QTest::newRow("more codewords than rows")
            << "pq:m=8,bits=8" << 64 << 64
            << "Each of 8 codebooks has 256 codewords, but there are only 64 training vectors. "
               "Choose bits <= 6.";
        QTest::newRow("one row") << "pq:m=1,bits=2" << 1 << 64
                                 << "The codebook has 4 codewords, but there is only 1 training "
                                    "vector. Choose a method that codes weights one by one, such "
                                    "as scalar.";
        QTest::newRow("sample too small")
            << "pq:m=2,bits=8,train=100" << 5000 << 64
            << "Each of 2 codebooks has 256 codewords, but there are only 100 training vectors. "
               "Choose a larger train or bits <= 6.";
        QTest::newRow("no rows") << "pq:m=1" << 0 << 64
                                 << "The tensor has no weights. Choose another one.";
    }
    void refusesWhatCannotWork() {
        QFETCH(QString, method);
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(QString, refusal);
        QCOMPARE(
            QString::fromStdString(bench().preflight(method.toStdString(), rows, cols).refusal),
            refusal);
    }

    void warnsOfThinTraining() {
        const auto warnings = [](const std::string& method, Index rows) {
            return bench().preflight(method, rows, 64).warnings;
        };
        QCOMPARE(warnings("pq:m=8,bits=8", 8663),
                 std::vector<std::string>{
                     "Each of 8 codebooks has 256 codewords and wants about 9984 training vectors; "
                     "you have 8663. They are enough for bits <= 7."});
        QCOMPARE(warnings("pq:m=8,bits=8", 9984), std::vector<std::string>());
        QCOMPARE(warnings("pq:m=8,bits=8,train=20000", 30000),
                 std::vector<std::string>{"Trains on 20000 of 30000 vectors, drawn at random."});
        QCOMPARE(warnings("pq:m=8,bits=8,train=5000", 30000),
                 std::vector<std::string>{
                     "Each of 8 codebooks has 256 codewords and wants about 9984 training vectors; "
                     "train limits them to 5000 of 30000, drawn at random. They are enough for "
                     "bits <= 7."});
    }

    // The scale of the data is a power of two in the header; nothing else may change.
    void magnitudeDoesNotMatter_data() {
        QTest::addColumn<int>("exponent");
        for (const int exponent : {-120, -30, 3, 40, 120}) {
            QTest::addRow("2^%d", exponent) << exponent;
        }
    }
    void magnitudeDoesNotMatter() {
        QFETCH(int, exponent);
        const Matrix x = gaussian(300, 10);
        Matrix scaled = x;
        for (Index i = 0; i < x.view().size(); ++i) {
            scaled.data()[i] = std::ldexp(x.data()[i], exponent);
        }
        for (const char* method : {"pq:m=3,bits=5", "pq:m=3,bits=5,precision=fp32"}) {
            const QuantizedTensor plain = bench().quantize(method, x);
            const QuantizedTensor other = bench().quantize(method, scaled);
            QCOMPARE(other.encoded().section("codes").bytes,
                     plain.encoded().section("codes").bytes);
            const Matrix a = decoded(plain);
            const Matrix b = decoded(other);
            for (Index i = 0; i < a.view().size(); ++i) {
                QCOMPARE(b.data()[i], std::ldexp(a.data()[i], exponent));
            }
        }
    }

    void extremesStayFinite() {
        for (const float value : {std::numeric_limits<float>::max(),
                                  std::numeric_limits<float>::denorm_min(), 0.0F, -7.5F}) {
            Matrix x(40, 6);
            for (Index i = 0; i < x.view().size(); ++i)
                x.data()[i] = value;
            const Matrix y = decoded(bench().quantize("pq:m=2,bits=3", x));
            for (Index i = 0; i < y.view().size(); ++i) {
                QVERIFY(std::isfinite(y.data()[i]));
                QVERIFY(std::abs(static_cast<double>(y.data()[i]) - static_cast<double>(value)) <=
                        1e-3 * std::abs(static_cast<double>(value)));
            }
        }
    }

    void halfPrecisionCostsNextToNothing() {
        const Matrix x = gaussian(4000, 16);
        const double half = nmse(x.view(), decoded(bench().quantize("pq:m=4,bits=8", x)).view());
        const double full =
            nmse(x.view(), decoded(bench().quantize("pq:m=4,bits=8,precision=fp32", x)).view());
        QVERIFY(half < full * 1.0001);
    }

    void errorFallsWithBitsAndSlices() {
        const Matrix x = gaussian(3000, 12);
        double last = 1.0;
        for (int bits = 1; bits <= 10; ++bits) {
            const std::string method = "pq:m=3,bits=" + std::to_string(bits);
            const double reached = nmse(x.view(), decoded(bench().quantize(method, x)).view());
            QVERIFY(reached < last);
            last = reached;
        }
        last = 1.0;
        for (const int slices : {1, 2, 3, 5, 12}) {
            const std::string method = "pq:bits=6,m=" + std::to_string(slices);
            const double reached = nmse(x.view(), decoded(bench().quantize(method, x)).view());
            QVERIFY(reached < last);
            last = reached;
        }
    }

    // High rates: Panter and Dite's formula for the best scalar quantizer of Gaussian data,
    // sqrt(3) pi / 2 * 4^-bits. Errors of 1e-7 in the search would show.
    void twelveBitsPerColumn() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        const Matrix x = gaussian(40000, 1);
        const QuantizedTensor tensor =
            bench().quantize("pq:m=1,bits=12,iterations=10,precision=fp32", x);
        const double reached = nmse(x.view(), decoded(tensor).view());
        QVERIFY2(reached < std::sqrt(3.0) * M_PI / 2.0 * std::exp2(-24.0),
                 qPrintable(QString::number(reached)));
    }

    void sameBitsAtAnyThreadCountAndFromAnySource() {
        const Matrix x = gaussian(9000, 20, 6);
        const std::string method = "pq:m=3,bits=6,iterations=5,train=5000";
        const EncodedTensor expected = bench().encode(method, ViewSource(x.view()));
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                QVERIFY(test::sameBits(bench().encode(method, ViewSource(x.view())), expected));
                QVERIFY(
                    test::sameBits(bench().encode(method, test::BlockSource(x.view())), expected));
            });
        }
        QVERIFY(
            !test::sameBits(bench().encode(method, ViewSource(x.view()), RunContext(2)), expected));
    }

    void readsInBlocks() {
        const Matrix x = gaussian(100000, 16, 7);
        const test::BlockSource source(x.view());
        bench().encode("pq:m=2,bits=4,iterations=3,train=2000", source);
        QVERIFY(source.largestRead() <= 20000);
    }

    void samplesTheWholeTensor() {
        // The second half lies elsewhere; a sample that missed it would leave a huge error.
        Matrix x = gaussian(20000, 4, 8);
        for (Index row = 10000; row < 20000; ++row)
            x(row, 1) += 1000.0F;
        const QuantizedTensor tensor = bench().quantize("pq:m=2,bits=4,train=400", x);
        QVERIFY(nmse(x.view(), decoded(tensor).view()) < 1e-4);
        QCOMPARE(tensor.encoded().header["training_rows"], Json(400));
    }

    // Of damage that every plugin is tried with, what is no matter of sizes.
    void damagedTensorsAreRefused_data() {
        QTest::addColumn<int>("damage");
        QTest::newRow("codeword not finite") << 0;
        QTest::newRow("exponent out of range") << 1;
        QTest::newRow("more slices than columns") << 2;
    }
    void damagedTensorsAreRefused() {
        QFETCH(int, damage);
        EncodedTensor tensor = bench().quantize("pq:m=4,bits=4", gaussian(60, 8)).encoded();
        if (damage == 0) {
            tensor.sections[1].bytes[1] = 0x7C;
            tensor.sections[1].bytes[0] = 0x00;
        }
        if (damage == 1) tensor.sections.back().bytes = {0x00, 0x10};
        if (damage == 2) tensor.method.parameters["m"] = 9;
        QVERIFY_THROWS_EXCEPTION(Error, QuantizedTensor(tensor, bench().registry()));
    }
};

QTEST_APPLESS_MAIN(TestPq)
#include "tst_pq.moc"
