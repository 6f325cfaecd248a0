// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <limits>

#include "core/base/parallel.h"
#include "core/metrics/recall.h"
#include "core/quant/packed_codes.h"
#include "plugins/additive/additive_method.h"
#include "plugins/additive/additive_training.h"
#include "plugins/rvq/rvq_method.h"
#include "tests/core/test_files.h"
#include "tests/plugins/method_bench.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const test::MethodBench& bench() {
    static const test::MethodBench made(std::make_shared<additive::AdditiveMethod>());
    return made;
}

const test::MethodBench& residualBench() {
    static const test::MethodBench made(std::make_shared<rvq::RvqMethod>());
    return made;
}

Matrix bundled(const std::string& file, bool angular) {
    return test::searchedVectors(*test::openProbed(test::dataset(file)), "train", angular);
}

// Student's t with 5 degrees of freedom: normal over the root of a mean of five squares.
Matrix heavyTailed(Index rows, Index cols) {
    Random random(1);
    Matrix x(rows, cols);
    for (Index i = 0; i < x.view().size(); ++i) {
        const double value = random.normal();
        double squares = 0.0;
        for (int k = 0; k < 5; ++k)
            squares += std::pow(random.normal(), 2.0);
        x.data()[i] = static_cast<float>(value / std::sqrt(squares / 5.0));
    }
    return x;
}

// Gaussian clusters whose dimensions have ever smaller spreads.
Matrix clustered(Index rows, Index cols) {
    constexpr Index clusters = 40;
    Random random(2);
    const auto spread = [&](Index j) { return std::pow(0.9, static_cast<double>(j)); };
    Matrix centres(clusters, cols);
    Matrix x(rows, cols);
    for (Matrix* values : {&centres, &x}) {
        for (Index row = 0; row < values->rows(); ++row) {
            for (Index j = 0; j < cols; ++j)
                (*values)(row, j) = static_cast<float>(spread(j) * random.normal());
        }
    }
    for (Index row = 0; row < rows; ++row) {
        for (Index j = 0; j < cols; ++j)
            x(row, j) += 2.0F * centres(row % clusters, j);
    }
    return x;
}

}  // namespace

class TestAdditive : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // The point of the method: at the same rate and with the same beam, on vectors that were not
    // trained on. Both train on the same few of them.
    void beatsResidualCodesOnVectorsNotTrainedOn_data() {
        QTest::addColumn<QString>("data");
        QTest::addColumn<QString>("shape");
        QTest::addColumn<double>("share");
        QTest::newRow("GloVe") << "glove"
                               << "bits=6,dim=0,train=4000" << 0.97;
        QTest::newRow("hidden states") << "hidden"
                                       << "bits=6,dim=0,train=5000" << 0.97;
        QTest::newRow("clusters") << "clusters"
                                  << "bits=6,dim=0,train=5000" << 1.0;
        QTest::newRow("Student's t, 8-vectors") << "t5"
                                                << "bits=6,dim=8,train=5000" << 0.95;
    }
    void beatsResidualCodesOnVectorsNotTrainedOn() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        QFETCH(QString, data);
        QFETCH(QString, shape);
        QFETCH(double, share);
        const Matrix x = data == "glove"    ? bundled("glove-50-angular.hdf5", true)
                         : data == "hidden" ? bundled("stories260k-hidden-64-euclidean.hdf5", false)
                         : data == "t5"     ? heavyTailed(1250, 128)
                                            : clustered(20000, 24);
        const std::string rest = shape.toStdString();
        const QuantizedTensor residual =
            residualBench().quantize("rvq:stages=4,beam=16," + rest, x);
        const QuantizedTensor tensor = bench().quantize("additive:m=4,beam=16," + rest, x);
        QVERIFY(tensor.rate() == residual.rate());
        const double before = nmse(x.view(), decoded(residual).view());
        const double reached = nmse(x.view(), decoded(tensor).view());
        QVERIFY2(reached < share * before, qPrintable(QString::number(reached / before)));
        QVERIFY2(reached > 0.85 * before, qPrintable(QString::number(reached / before)));
    }

    void decodedValuesAreSumsOfCodewords() {
        constexpr Index rows = 200;
        const Matrix x = gaussian(rows, 10, 9);
        const QuantizedTensor tensor =
            bench().quantize("additive:m=3,bits=4,dim=4,rounds=3,search=4", x);
        std::vector<std::uint32_t> codes(rows * 3 * 3);
        PackedCodes::unpack(tensor.encoded().section("codes").bytes, 0, 4, codes);
        const std::vector<Codebook> books = tensor.codebooks();
        QCOMPARE(books.size(), std::size_t{3});
        const Matrix y = decoded(tensor);
        std::vector<std::vector<std::uint64_t>> counts(3, std::vector<std::uint64_t>(16));
        for (Index row = 0; row < rows; ++row) {
            for (Index column = 0; column < 10; ++column) {
                double sum = 0.0;
                for (std::size_t book = 0; book < 3; ++book) {
                    const std::uint32_t code =
                        codes[static_cast<std::size_t>((row * 3 + column / 4) * 3) + book];
                    if (column % 4 == 0) ++counts[book][code];
                    sum += static_cast<double>(
                        books[book].codewords[code * 4 + static_cast<std::size_t>(column % 4)]);
                }
                QVERIFY(std::abs(static_cast<double>(y(row, column)) - sum) < 1e-6);
            }
        }
        for (std::size_t book = 0; book < 3; ++book) {
            QCOMPARE(books[book].name, "codebook " + std::to_string(book + 1));
            QCOMPARE(books[book].counts, counts[book]);
        }
    }

    // The objectives count what the rounds reached; those of the codebooks that are kept are the
    // least, and searching the sample again comes at least near them.
    void trainingKeepsItsBestRound() {
        const Matrix x = gaussian(3000, 6, 1);
        const additive::AdditiveParameters parameters{{{32, 32, 32}, 8, 10, 1}, 8, 4, 12};
        const additive::AdditiveTraining trained = additive::trainAdditive(
            x.view(), {}, parameters, CodewordFormat(true, 0), RunContext(3));
        QCOMPARE(trained.objectives.size(), std::size_t{9});
        const double least = *std::ranges::min_element(trained.objectives);
        QVERIFY(least < 0.97 * trained.objectives.front());
        std::vector<std::uint32_t> codes(3000 * 3);
        trained.codebooks->encode(x.view(), codes);
        double error = 0.0;
        for (Index row = 0; row < 3000; ++row) {
            for (Index j = 0; j < 6; ++j) {
                double rest = static_cast<double>(x(row, j));
                for (std::size_t book = 0; book < 3; ++book) {
                    const auto code =
                        static_cast<Index>(codes[static_cast<std::size_t>(row) * 3 + book]);
                    rest -=
                        static_cast<double>(trained.codebooks->books()[book].codewords()(code, j));
                }
                error += rest * rest;
            }
        }
        QVERIFY2(std::abs(error / 3000.0 / least - 1.0) < 0.02,
                 qPrintable(QString::number(error / 3000.0 / least)));
    }

    // Few vectors for many codewords are learned by heart: their error falls while that of others
    // rises. Others that judge keep the codebooks that suit them best.
    void othersJudgeWhatIsLearnedByHeart() {
        const Matrix x = gaussian(1000, 16, 3);
        const Matrix others = gaussian(400, 16, 4);
        const additive::AdditiveParameters parameters{{{64, 64, 64}, 4, 10, 0}, 10, 2, 4};
        const additive::AdditiveTraining trained = additive::trainAdditive(
            x.view(), others.view(), parameters, CodewordFormat(true, 0), RunContext(3));
        QCOMPARE(trained.judgements.size(), std::size_t{11});
        QVERIFY(trained.objectives.back() < 0.97 * trained.objectives.front());
        const double least = std::ranges::min(trained.judgements);
        QVERIFY(trained.judgements.back() > least);
        std::vector<std::uint32_t> codes(400 * 3);
        trained.codebooks->encode(others.view(), codes);
        double error = 0.0;
        for (Index row = 0; row < 400; ++row) {
            for (Index j = 0; j < 16; ++j) {
                double rest = static_cast<double>(others(row, j));
                for (std::size_t book = 0; book < 3; ++book) {
                    rest -= static_cast<double>(trained.codebooks->books()[book].codewords()(
                        static_cast<Index>(codes[static_cast<std::size_t>(row) * 3 + book]), j));
                }
                error += rest * rest;
            }
        }
        QVERIFY(std::abs(error / 400.0 / least - 1.0) < 1e-5);
    }

    void rateIsKnownBeforeAndExact() {
        const std::string method = "additive:m=3,bits=3,dim=4,rounds=2";
        const Preflight before = bench().preflight(method, 40, 9);
        QVERIFY2(before.refusal.empty(), before.refusal.c_str());
        RateLedger expected;
        expected[RatePart::Codes] = 40 * 3 * 3 * 3;
        expected[RatePart::Codebooks] = 3 * 8 * 4 * 16 + 16;
        QVERIFY(before.rate == expected);
        QVERIFY(bench().quantize(method, gaussian(40, 9)).rate() == expected);
    }

    void judgesShapes() {
        QCOMPARE(bench().preflight("additive:dim=8", 1000, 6).refusal,
                 std::string("A row has 6 columns, too few for vectors of 8. Choose dim <= 6, or "
                             "dim=0 for whole rows."));
        QCOMPARE(bench().preflight("additive:m=8,bits=12,dim=8", 100000, 64).refusal,
                 std::string("The search keeps the products of all pairs of codewords, and 32768 "
                             "codewords in all are more than the 16384 it has room for. Choose m * "
                             "2^bits <= 16384, or rvq."));
        QCOMPARE(bench().preflight("additive:m=2,dim=0", 64, 64).refusal,
                 std::string("Each of 2 codebooks has 256 codewords, but there are only 64 "
                             "training vectors. Choose bits <= 6."));
        QCOMPARE(bench().preflight("additive:m=2,train=20000", 4096, 64).warnings,
                 std::vector<std::string>{"Trains on 20000 of 32768 vectors, drawn at random."});
    }

    void sameBitsAtAnyThreadCountAndFromAnySource() {
        const Matrix x = gaussian(2000, 20, 6);
        const std::string method = "additive:m=3,bits=5,dim=10,iterations=5,train=3000,rounds=3";
        const EncodedTensor expected = bench().encode(method, ViewSource(x.view()));
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                const EncodedTensor again = bench().encode(method, ViewSource(x.view()));
                QVERIFY(test::sameBits(again, expected));
                QCOMPARE(again.header, expected.header);
                QVERIFY(
                    test::sameBits(bench().encode(method, test::BlockSource(x.view())), expected));
            });
        }
    }

    void magnitudeDoesNotMatter() {
        const Matrix x = gaussian(300, 10);
        const std::string method = "additive:m=3,bits=5,dim=5,rounds=3";
        const QuantizedTensor plain = bench().quantize(method, x);
        for (const int exponent : {-120, 40, 120}) {
            Matrix scaled = x;
            for (Index i = 0; i < x.view().size(); ++i)
                scaled.data()[i] = std::ldexp(x.data()[i], exponent);
            QCOMPARE(bench().quantize(method, scaled).encoded().section("codes").bytes,
                     plain.encoded().section("codes").bytes);
        }
    }

    void extremesStayFinite() {
        for (const float value : {std::numeric_limits<float>::max(),
                                  std::numeric_limits<float>::denorm_min(), 0.0F, -7.5F}) {
            Matrix x(40, 6);
            for (Index i = 0; i < x.view().size(); ++i)
                x.data()[i] = value;
            const Matrix y = decoded(bench().quantize("additive:m=3,bits=3,dim=3,rounds=3", x));
            for (Index i = 0; i < y.view().size(); ++i) {
                QVERIFY(std::abs(static_cast<double>(y.data()[i]) - static_cast<double>(value)) <=
                        1e-3 * std::abs(static_cast<double>(value)));
            }
        }
    }

    void roundsStopPromptly() {
        const Matrix x = gaussian(30000, 16);
        bool cancelled = false;
        const auto elapsed =
            test::timeToStop(0.0, "additive codebooks", cancelled, [&](const RunContext& context) {
                bench().encode("additive:m=4,bits=8,iterations=3,train=3000,rounds=2,dim=0",
                               ViewSource(x.view()), context);
            });
        QVERIFY(cancelled);
        QVERIFY2(elapsed.count() < 200, qPrintable(QString::number(elapsed.count())));
    }
};

QTEST_APPLESS_MAIN(TestAdditive)
#include "tst_additive.moc"
