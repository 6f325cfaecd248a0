// SPDX-License-Identifier: GPL-3.0-or-later
// Codebooks that are given: used as they are, and as a start; errors weighted by a Hessian.
#include <QtTest>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "plugins/kmeans/kmeans_method.h"
#include "plugins/pq/pq_method.h"
#include "plugins/rvq/rvq_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry made = [] {
        MethodRegistry methods;
        methods.add(std::make_shared<rvq::RvqMethod>());
        methods.add(std::make_shared<kmeans::KmeansMethod>());
        methods.add(std::make_shared<pq::PqMethod>());
        return methods;
    }();
    return made;
}

EncodedTensor encode(const std::string& method, const Matrix& x, const SideInformation& side = {}) {
    PhaseSeconds seconds;
    return registry()
        .quantizer(SweptMethod::parse(method).method)
        ->quantize(ViewSource(x.view()), side, RunContext(1), seconds);
}

QuantizedTensor quantize(const std::string& method, const Matrix& x,
                         const SideInformation& side = {}) {
    return {encode(method, x, side), registry()};
}

std::string refusalOf(const std::string& method, Index rows, Index cols,
                      const SideInformation& side = {}) {
    return registry()
        .quantizer(SweptMethod::parse(method).method)
        ->preflight(rows, cols, side)
        .refusal;
}

// The codebooks of a tensor, as a file hands them out.
SideInformation codebooksOf(const QuantizedTensor& tensor) {
    auto given = std::make_shared<GivenCodebooks>();
    given->source = "codes.h5:/w/codebooks";
    for (const Codebook& book : tensor.codebooks()) {
        given->books.push_back(
            {book.name, static_cast<Index>(book.counts.size()), book.dim, book.codewords});
    }
    SideInformation side;
    side.codebooks = given;
    return side;
}

SideInformation withDiagonal(SideInformation side, std::vector<double> diagonal) {
    auto hessian = std::make_shared<Hessian>();
    hessian->size = static_cast<Index>(diagonal.size());
    hessian->diagonal = std::move(diagonal);
    side.hessian = hessian;
    return side;
}

// Column weights over three decades, in no order.
std::vector<double> unequalWeights(Index cols) {
    std::vector<double> weights;
    for (Index j = 0; j < cols; ++j)
        weights.push_back(std::pow(10.0, static_cast<double>(j * 7 % 4) - 1.5));
    return weights;
}

// sum h_j (x - y)^2 over sum h_j x^2.
double weightedError(const Matrix& x, const Matrix& y, const std::vector<double>& weights) {
    double error = 0.0;
    double energy = 0.0;
    for (Index row = 0; row < x.rows(); ++row) {
        for (Index j = 0; j < x.cols(); ++j) {
            const double weight = weights[static_cast<std::size_t>(j)];
            const auto value = static_cast<double>(x(row, j));
            error += weight * std::pow(value - static_cast<double>(y(row, j)), 2.0);
            energy += weight * value * value;
        }
    }
    return error / energy;
}

const std::vector<std::uint8_t>& bytesOf(const EncodedTensor& tensor, const std::string& section) {
    return tensor.section(section).bytes;
}

}  // namespace

class TestGivenCodebooks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Used as they are, the codebooks of a tensor give its codes again, bit by bit.
    void roundTripGivesTheSameBits_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("again");
        QTest::newRow("stages") << "rvq:stages=3,bits=5,dim=4"
                                << ",start=given,refit=0";
        QTest::newRow("stages of different widths, groups") << "rvq:stage_bits=5+3,dim=8,groups=2"
                                                            << ",start=given,refit=0";
        QTest::newRow("32 bits") << "rvq:stages=2,bits=5,dim=0,precision=fp32"
                                 << ",start=given,refit=0";
        QTest::newRow("one codebook") << "kmeans:bits=6,dim=4,iterations=9"
                                      << ",start=given,iterations=0";
        QTest::newRow("slices") << "pq:m=3,bits=5,iterations=9"
                                << ",start=given,iterations=0";
        QTest::newRow("shared slices") << "pq:m=4,bits=5,shared=true,iterations=9"
                                       << ",start=given,iterations=0";
    }
    void roundTripGivesTheSameBits() {
        QFETCH(QString, method);
        QFETCH(QString, again);
        const Matrix x = gaussian(600, 16, 3);
        const QuantizedTensor first = quantize(method.toStdString(), x);
        QString other = method;
        other.remove(",iterations=9");
        const EncodedTensor second = encode((other + again).toStdString(), x, codebooksOf(first));
        QVERIFY(test::sameBits(first.encoded(), second));
        // They are stored and counted like others.
        QVERIFY(first.rate() == second.rate());
    }

    // Codes of another tensor are the nearest codewords, found by looking at all.
    void fixedCodebooksAreNotTouched() {
        const QuantizedTensor first = quantize("kmeans:bits=5,dim=2", gaussian(500, 6, 1));
        const SideInformation side = codebooksOf(first);
        const Matrix x = gaussian(200, 6, 2);
        const QuantizedTensor fixed =
            quantize("kmeans:bits=5,dim=2,start=given,iterations=0,precision=fp32", x, side);
        const std::vector<float>& codewords = side.codebooks->books.front().codewords;
        QCOMPARE(fixed.codebooks().front().codewords, codewords);
        const Matrix y = decoded(fixed);
        for (Index row = 0; row < x.rows(); ++row) {
            for (Index j = 0; j < x.cols(); j += 2) {
                double least = std::numeric_limits<double>::infinity();
                for (std::size_t k = 0; k < codewords.size(); k += 2) {
                    least = std::min(
                        least,
                        std::pow(static_cast<double>(x(row, j) - codewords[k]), 2.0) +
                            std::pow(static_cast<double>(x(row, j + 1) - codewords[k + 1]), 2.0));
                }
                const double reached =
                    std::pow(static_cast<double>(x(row, j) - y(row, j)), 2.0) +
                    std::pow(static_cast<double>(x(row, j + 1) - y(row, j + 1)), 2.0);
                QVERIFY(reached <= least * (1.0 + 1e-5) + 1e-9);
            }
        }
        // Few vectors do not matter where nothing is trained.
        QVERIFY(refusalOf("kmeans:bits=5,dim=2,start=given,iterations=0", 2, 6, side).empty());
    }

    // A foreign start gets better with every round of fitting it, and as good as one of its own.
    void fineTuningApproachesTraining_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("rounds");
        QTest::newRow("stages") << "rvq:stages=2,bits=6,dim=4"
                                << "refit";
        QTest::newRow("groups") << "rvq:stages=2,bits=5,dim=8,groups=2"
                                << "refit";
        QTest::newRow("one codebook") << "kmeans:bits=7,dim=4"
                                      << "iterations";
        QTest::newRow("slices") << "pq:m=4,bits=6"
                                << "iterations";
    }
    void fineTuningApproachesTraining() {
        QFETCH(QString, method);
        QFETCH(QString, rounds);
        const Matrix x = gaussian(3000, 16, 4);
        // Trained on something else: another scale, a shift.
        Matrix other = gaussian(3000, 16, 5);
        for (Index i = 0; i < other.view().size(); ++i)
            other.data()[i] = 0.6F * other.data()[i] + 0.4F;
        const SideInformation side = codebooksOf(quantize(method.toStdString(), other));
        double last = std::numeric_limits<double>::infinity();
        for (const int count : {0, 1, 3, 30}) {
            const QString spec = method + ",start=given," + rounds + "=" + QString::number(count);
            const double reached =
                nmse(x.view(), decoded(quantize(spec.toStdString(), x, side)).view());
            QVERIFY2(reached < last, qPrintable(spec));
            last = reached;
        }
        const double trained = nmse(x.view(), decoded(quantize(method.toStdString(), x)).view());
        QVERIFY2(last < 1.15 * trained, qPrintable(QString::number(last / trained)));
    }

    // Weighted by a diagonal: better where it counts, worse where it does not.
    void weightsLowerTheWeightedError_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<double>("most");
        QTest::newRow("stages") << "rvq:stages=2,bits=6,dim=4" << 0.6;
        QTest::newRow("groups") << "rvq:stages=2,bits=5,dim=8,groups=2" << 0.7;
        QTest::newRow("whole rows") << "rvq:stages=3,bits=6,dim=0" << 0.8;
        QTest::newRow("padded pieces") << "rvq:stages=2,bits=6,dim=5" << 0.7;
        QTest::newRow("one codebook") << "kmeans:bits=7,dim=4" << 0.7;
    }
    void weightsLowerTheWeightedError() {
        QFETCH(QString, method);
        QFETCH(double, most);
        const Matrix x = gaussian(3000, 16, 6);
        const std::vector<double> weights = unequalWeights(16);
        const QuantizedTensor plain = quantize(method.toStdString(), x);
        const QuantizedTensor weighted =
            quantize((method + ",error=hessian").toStdString(), x, withDiagonal({}, weights));
        const double before = weightedError(x, decoded(plain), weights);
        const double after = weightedError(x, decoded(weighted), weights);
        qInfo("weighted error %.5f, then %.5f", before, after);
        QVERIFY2(after < most * before, qPrintable(QString::number(after / before)));
        QVERIFY(plain.rate() == weighted.rate());
        // Warm started from the plain ones it gets as far, and never further than it began.
        const QuantizedTensor warm = quantize((method + ",start=given,error=hessian").toStdString(),
                                              x, withDiagonal(codebooksOf(plain), weights));
        QVERIFY(weightedError(x, decoded(warm), weights) < 1.1 * after);
    }

    // On rows as they are, weights are nothing but another scale of the columns.
    void weightedRowsAreScaledRows() {
        const Matrix x = gaussian(800, 6, 7);
        const std::vector<double> weights{4.0, 1.0, 0.25, 1.0, 4.0, 0.25};
        const double mean = 10.5 / 6.0;
        const SideInformation start = codebooksOf(quantize("kmeans:bits=4,dim=0", x));
        const std::string method = "kmeans:bits=4,dim=0,start=given,iterations=0,precision=fp32";
        const Matrix y =
            decoded(quantize(method + ",error=hessian", x, withDiagonal(start, weights)));
        // Nearest of the scaled codewords to the scaled rows, by hand.
        const std::vector<float>& codewords = start.codebooks->books.front().codewords;
        for (Index row = 0; row < x.rows(); ++row) {
            std::size_t nearest = 0;
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t k = 0; k < 16; ++k) {
                double distance = 0.0;
                for (std::size_t j = 0; j < 6; ++j) {
                    distance += weights[j] / mean *
                                std::pow(static_cast<double>(x(row, static_cast<Index>(j)) -
                                                             codewords[k * 6 + j]),
                                         2.0);
                }
                if (distance < least) nearest = k;
                least = std::min(least, distance);
            }
            for (std::size_t j = 0; j < 6; ++j)
                QCOMPARE(y(row, static_cast<Index>(j)), codewords[nearest * 6 + j]);
        }
    }

    // Equal weights are none.
    void equalWeightsChangeNothing() {
        const Matrix x = gaussian(500, 8, 8);
        const SideInformation start = codebooksOf(quantize("rvq:stages=2,bits=4,dim=4,refit=0", x));
        const std::string method = "rvq:stages=2,bits=4,dim=4,start=given";
        const EncodedTensor plain = encode(method, x, start);
        for (const double weight : {0.0, 0.5, 7.0}) {
            const EncodedTensor weighted = encode(
                method + ",error=hessian", x, withDiagonal(start, std::vector<double>(8, weight)));
            QCOMPARE(bytesOf(weighted, "codes"), bytesOf(plain, "codes"));
            QCOMPARE(bytesOf(weighted, "codebook/stage 1"), bytesOf(plain, "codebook/stage 1"));
        }
    }

    void refiningStopsPromptly() {
        const Matrix x = gaussian(100000, 16);
        const SideInformation side =
            withDiagonal(codebooksOf(quantize("rvq:stages=2,bits=6,dim=4,train=1000,refit=0", x)),
                         unequalWeights(16));
        bool cancelled = false;
        const auto elapsed =
            test::timeToStop(0.0, "refining", cancelled, [&](const RunContext& context) {
                PhaseSeconds seconds;
                const std::string method =
                    "rvq:stages=2,bits=6,dim=4,start=given,error=hessian,refit=100,beam=32";
                registry()
                    .quantizer(SweptMethod::parse(method).method)
                    ->quantize(ViewSource(x.view()), side, context, seconds);
            });
        QVERIFY(cancelled);
        QVERIFY2(elapsed.count() < 200, qPrintable(QString::number(elapsed.count())));
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = gaussian(3000, 20, 9);
        const SideInformation side =
            withDiagonal(codebooksOf(quantize("rvq:stages=2,bits=5,dim=4", x)), unequalWeights(20));
        const std::string method =
            "rvq:stages=2,bits=5,dim=4,start=given,error=hessian,train=5000,refit=2";
        const EncodedTensor expected = encode(method, x, side);
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] { QVERIFY(test::sameBits(encode(method, x, side), expected)); });
        }
    }

    void judgesWhatIsGiven_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<bool>("isGiven");
        QTest::addColumn<QString>("refusal");
        QTest::newRow("good") << "rvq:stages=2,bits=4,dim=4,start=given" << true << "";
        QTest::newRow("none") << "rvq:stages=2,bits=4,dim=4,start=given" << false
                              << "start=given needs codebooks, and there are none for this tensor. "
                                 "Name a file that has some (--codebooks FILE), or choose "
                                 "start=seeded.";
        QTest::newRow("other shapes")
            << "rvq:stage_bits=4+3,dim=4,start=given" << true
            << "The codebooks codes.h5:/w/codebooks (2 of 16 x 4) are not what these parameters "
               "ask for (16 x 4, 8 x 4; codewords x components). Choose parameters that fit them, "
               "or choose start=seeded.";
        QTest::newRow("more of them")
            << "kmeans:bits=4,dim=4,start=given" << true
            << "The codebooks codes.h5:/w/codebooks (2 of 16 x 4) are not what these parameters "
               "ask for (16 x 4; codewords x components). Choose parameters that fit them, or "
               "choose start=plusplus.";
        QTest::newRow("rotated slices")
            << "pq:m=2,bits=4,start=given,rotation=pca" << true
            << "Given codebooks are of slices that are not rotated and have equal bits. Choose "
               "rotation=none and allocation=equal, or start=seeded.";
        QTest::newRow("no Hessian")
            << "rvq:stages=2,bits=4,dim=4,error=hessian" << false
            << "Errors are to be weighted by a Hessian, and there is none for this tensor. Name a "
               "file that has one (--hessians FILE), or choose error=squared.";
    }
    void judgesWhatIsGiven() {
        QFETCH(QString, method);
        QFETCH(bool, isGiven);
        QFETCH(QString, refusal);
        const SideInformation side =
            isGiven ? codebooksOf(quantize("rvq:stages=2,bits=4,dim=4", gaussian(90, 8)))
                    : SideInformation();
        QCOMPARE(QString::fromStdString(refusalOf(method.toStdString(), 90, 8, side)), refusal);
        if (refusal.isEmpty()) return;
        QVERIFY_THROWS_EXCEPTION(Error, encode(method.toStdString(), gaussian(90, 8), side));
    }

    void codebooksOfAnotherScaleAreRefused() {
        Matrix large = gaussian(200, 8, 1);
        for (Index i = 0; i < large.view().size(); ++i)
            large.data()[i] *= 1000.0F;
        const SideInformation side = codebooksOf(quantize("kmeans:bits=4,dim=4", large));
        const Matrix x = gaussian(200, 8, 2);
        QVERIFY_THROWS_EXCEPTION(Error, encode("kmeans:bits=4,dim=4,start=given", x, side));
        const QuantizedTensor kept =
            quantize("kmeans:bits=4,dim=4,start=given,iterations=0,precision=fp32", x, side);
        QCOMPARE(kept.codebooks().front().codewords, side.codebooks->books.front().codewords);
    }
};

QTEST_APPLESS_MAIN(TestGivenCodebooks)
#include "tst_given_codebooks.moc"
