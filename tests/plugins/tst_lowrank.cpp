// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>
#include <QtTest>

#include "core/base/parallel.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/hadamard/hadamard_method.h"
#include "plugins/lowrank/lowrank_method.h"
#include "plugins/scalar/scalar_method.h"
#include "tests/plugins/hessian_cases.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using namespace quantscope::test;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<gptq::GptqMethod>());
        made.add(std::make_shared<hadamard::HadamardMethod>());
        made.add(std::make_shared<lowrank::LowRankMethod>());
        return made;
    }();
    return methods;
}

std::unique_ptr<Quantizer> quantizer(const std::string& method) {
    return registry().quantizer(SweptMethod::parse(method).method);
}

QuantizedTensor quantize(const std::string& method, const Matrix& weights,
                         std::shared_ptr<const Hessian> hessian = {}) {
    PhaseSeconds seconds;
    return {quantizer(method)->quantize(ViewSource(weights.view()), {std::move(hessian)},
                                        RunContext(1), seconds),
            registry()};
}

double lossOf(const std::string& method, const Matrix& weights,
              const std::shared_ptr<const Hessian>& hessian, const Hessian* judge) {
    const Matrix values = decoded(quantize(method, weights, hessian));
    return lossBetween(weights.view(), values.view(), judge);
}

constexpr const char* coarse = "scalar:bits=2";

std::string lowRank(int rank, const std::string& more = "", const std::string& base = coarse) {
    return "lowrank:rank=" + std::to_string(rank) + more + ",base=(" + base + ")";
}

// What the best matrix of rank r leaves of E in the loss tr(E H E^T): the sum of the squared
// singular values of E L after the first r, with H = L L^T (Eckart and Young), by a dense solver.
double leftByTheBest(const Matrix& weights, const Matrix& values, const Hessian* hessian,
                     int rank) {
    Eigen::MatrixXd errors(weights.rows(), weights.cols());
    for (Index r = 0; r < weights.rows(); ++r) {
        for (Index c = 0; c < weights.cols(); ++c)
            errors(r, c) = static_cast<double>(weights(r, c)) - static_cast<double>(values(r, c));
    }
    if (hessian != nullptr && hessian->full.empty()) {
        for (Index c = 0; c < weights.cols(); ++c)
            errors.col(c) *= std::sqrt(hessian->diagonal[static_cast<std::size_t>(c)]);
    } else if (hessian != nullptr) {
        const Eigen::Map<const Eigen::MatrixXd> full(hessian->full.data(), hessian->size,
                                                     hessian->size);
        const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(full);
        errors = errors * eigen.eigenvectors() *
                 eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
    }
    const Eigen::VectorXd values2 = errors.bdcSvd().singularValues().array().square();
    return values2.tail(values2.size() - rank).sum();
}

}  // namespace

class TestLowRank : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isTheBestOfItsRank_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("rank");
        QTest::addColumn<QString>("judge");
        QTest::addColumn<double>("tolerance");
        for (const char* judge : {"full", "diagonal", "none"}) {
            for (const int rank : {1, 4, 16}) {
                QTest::addRow("%s, rank %d", judge, rank) << 48 << 40 << rank << judge << 1e-4;
                QTest::addRow("%s, rank %d, wide", judge, rank)
                    << 24 << 100 << rank << judge << 1e-4;
            }
        }
        // Too large to be solved exactly: errors of rounding hardly have directions of their own.
        QTest::newRow("many rows") << 500 << 400 << 8 << "full" << 2e-3;
        QTest::newRow("many rows, plain") << 420 << 400 << 8 << "none" << 2e-3;
    }
    void isTheBestOfItsRank() {
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(int, rank);
        QFETCH(QString, judge);
        QFETCH(double, tolerance);
        const Matrix weights = gaussian(rows, cols);
        std::shared_ptr<const Hessian> hessian = sampledInputs(cols, 2 * cols, 1.0);
        if (judge == "diagonal") hessian = diagonalOf(*hessian);
        if (judge == "none") hessian = nullptr;
        const std::string fit = judge == "none" ? ",fit=plain" : "";
        const Matrix base = decoded(quantize(coarse, weights));
        const double best = leftByTheBest(weights, base, hessian.get(), rank);
        const double ours = lossOf(lowRank(rank, fit), weights, hessian, hessian.get());
        const double bare = lossBetween(weights.view(), base.view(), hessian.get());
        QVERIFY(best < 0.99 * bare);
        QVERIFY2(std::abs(ours / best - 1.0) < tolerance, qPrintable(QString::number(ours / best)));
    }

    void eachFitWinsByItsOwnMeasure() {
        const Matrix weights = gaussian(64, 48);
        const auto hessian = sampledInputs(48, 200, 1.0);
        const std::string layer = lowRank(6);
        const std::string plain = lowRank(6, ",fit=plain");
        QVERIFY(lossOf(layer, weights, hessian, hessian.get()) <
                0.8 * lossOf(plain, weights, hessian, hessian.get()));
        QVERIFY(lossOf(plain, weights, hessian, nullptr) <
                0.95 * lossOf(layer, weights, hessian, nullptr));
    }

    // Inputs that span 3 directions, of which 3 components take all; the others stay what they are.
    void directionsWithoutEnergyDoNoHarm() {
        const Matrix weights = gaussian(40, 32);
        const auto hessian = sampledInputs(32, 3, 0.5);
        const Matrix base = decoded(quantize(coarse, weights));
        const double before = lossBetween(weights.view(), base.view(), hessian.get());
        const Matrix repaired = decoded(quantize(lowRank(5), weights, hessian));
        QVERIFY(lossBetween(weights.view(), repaired.view(), hessian.get()) < 1e-5 * before);
        // Errors outside them fall too, as the factors are projections of the errors.
        QVERIFY(lossBetween(weights.view(), repaired.view(), nullptr) <
                lossBetween(weights.view(), base.view(), nullptr));
        const auto nothing = hessianFrom(std::vector<double>(32 * 32, 0.0));
        const QuantizedTensor without = quantize(lowRank(5), weights, nothing);
        QCOMPARE(lossBetween(decoded(without).view(), base.view(), nullptr), 0.0);
        QVERIFY(without.encoded().header.dump().find("have rank 0") != std::string::npos);
    }

    void fullRankLeavesNothing() {
        const Matrix weights = gaussian(30, 24);
        const auto hessian = sampledInputs(24, 100, 1.0);
        const double before = lossOf(coarse, weights, {}, hessian.get());
        QVERIFY(lossOf(lowRank(24), weights, hessian, hessian.get()) < 1e-6 * before);
        QVERIFY(lossOf(lowRank(24, ",fit=plain"), weights, {}, nullptr) <
                1e-6 * lossOf(coarse, weights, {}, nullptr));
    }

    void costsWhatItStores() {
        const Matrix weights = gaussian(40, 24);
        const auto hessian = autoregressive(24, 0.9);
        const std::string method = lowRank(3);
        const RateLedger rate = quantize(method, weights, hessian).rate();
        // 3 columns of 40 and 3 rows of 24 numbers of 16 bits, 6 scales and their two exponents.
        QCOMPARE(rate[RatePart::Factors], std::uint64_t{3 * (40 + 24) * 16 + 6 * 16 + 2 * 32});
        RateLedger without = rate;
        without[RatePart::Factors] = 0;
        QVERIFY(without == quantize(coarse, weights).rate());
        QVERIFY(quantizer(method)->preflight(40, 24, {hessian}).rate == rate);
        const RateLedger bytes = quantize(lowRank(3, ",factors=int8"), weights, hessian).rate();
        QCOMPARE(bytes[RatePart::Factors], std::uint64_t{3 * (40 + 24) * 8 + 6 * 16 + 2 * 32});
    }

    void bytesLoseLittle() {
        const Matrix weights = gaussian(64, 48);
        const auto hessian = sampledInputs(48, 200, 1.0);
        const double bare = lossOf(coarse, weights, {}, hessian.get());
        const double halves = lossOf(lowRank(8), weights, hessian, hessian.get());
        const double bytes = lossOf(lowRank(8, ",factors=int8"), weights, hessian, hessian.get());
        QVERIFY(bytes > halves);
        QVERIFY2(bytes - halves < 0.01 * (bare - halves),
                 qPrintable(QString::number(bytes / halves)));
    }

    void roundsNeverMakeItWorse_data() {
        QTest::addColumn<QString>("base");
        QTest::addColumn<double>("most");
        QTest::newRow("ranges of all weights") << "scalar:bits=2" << 1.0;
        // What is clipped has directions, and the next round has less to clip.
        QTest::newRow("clipped") << "scalar:bits=2,clip=mse" << 0.75;
        QTest::newRow("feedback") << "gptq:base=(scalar:bits=2,clip=mse)" << 0.75;
    }
    void roundsNeverMakeItWorse() {
        QFETCH(QString, base);
        QFETCH(double, most);
        const auto hessian = sampledInputs(48, 200, 1.0);
        const Matrix weights = gaussian(64, 48, 5);
        double first = 0.0;
        double before = std::numeric_limits<double>::infinity();
        for (const int rounds : {1, 2, 4, 8}) {
            const std::string method =
                lowRank(8, ",rounds=" + std::to_string(rounds), base.toStdString());
            const QuantizedTensor tensor = quantize(method, weights, hessian);
            const double loss = lossBetween(weights.view(), decoded(tensor).view(), hessian.get());
            QVERIFY(loss <= before * (1.0 + 1e-9));
            if (rounds == 1) first = loss;
            before = loss;
            const Json& details = tensor.encoded().header.at("details");
            QVERIFY(std::abs(details.at("loss_repaired").get<double>() / loss - 1.0) < 1e-5);
            QVERIFY(details.at("loss_unrepaired").get<double>() > loss);
        }
        QVERIFY2(before <= most * first, qPrintable(QString::number(before / first)));
    }

    void standsBehindAndBeforeOthers() {
        const Matrix weights = gaussian(64, 64);
        const auto hessian = sampledInputs(64, 256, 1.0);
        const std::string feedback = "gptq:base=(scalar:bits=2)";
        const double bare = lossOf(feedback, weights, hessian, hessian.get());
        const double repaired = lossOf(lowRank(8, "", feedback), weights, hessian, hessian.get());
        QVERIFY2(repaired < 0.9 * bare, qPrintable(QString::number(repaired / bare)));
        const std::string turned = "hadamard:side=columns | " + feedback;
        const double bareTurned = lossOf(turned, weights, hessian, hessian.get());
        const double behind = lossOf("hadamard:side=columns | " + lowRank(8, "", feedback), weights,
                                     hessian, hessian.get());
        const double before =
            lossOf(lowRank(8, "", "hadamard:side=columns,base=(" + feedback + ")"), weights,
                   hessian, hessian.get());
        QVERIFY(behind < 0.95 * bareTurned);
        // Their signs are drawn apart.
        QVERIFY(before < 0.95 * bareTurned);
    }

    void decodesInBlocks() {
        const Matrix weights = gaussian(45, 20);
        const QuantizedTensor tensor = quantize(lowRank(4, ",fit=plain"), weights);
        const Matrix whole = decoded(tensor);
        for (const Index rows : {1, 7, 45}) {
            Matrix pieces(45, 20);
            for (Index r = 0; r < 45; r += rows)
                tensor.decode(r, pieces.span().middleRows(r, std::min(rows, 45 - r)));
            QVERIFY(std::equal(whole.data(), whole.data() + 900, pieces.data()));
        }
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix weights = gaussian(450, 400);
        std::unique_ptr<QuantizedTensor> first;
        for (const int threads : {1, 2, 8}) {
            Arena(threads).execute([&] {
                QuantizedTensor tensor = quantize(lowRank(8, ",fit=plain"), weights);
                if (!first)
                    first = std::make_unique<QuantizedTensor>(std::move(tensor));
                else
                    QVERIFY(sameBits(first->encoded(), tensor.encoded()));
            });
        }
    }

    void refusesWhatCannotBe() {
        const auto hessian = autoregressive(24, 0.5);
        const auto refusal = [&](const std::string& method, const SideInformation& side) {
            return QString::fromStdString(quantizer(method)->preflight(40, 24, side).refusal);
        };
        QVERIFY(refusal(lowRank(25), {hessian}).contains("Choose rank <= 24"));
        QVERIFY(refusal(lowRank(4), {}).contains("choose fit=plain"));
        const auto other = autoregressive(23, 0.5);
        QVERIFY(refusal(lowRank(4), {other}).contains("23 input channels"));
        // Also where nobody has asked before.
        QVERIFY_EXCEPTION_THROWN(quantize(lowRank(4), gaussian(40, 24), other), Error);
        QVERIFY_EXCEPTION_THROWN(quantize(lowRank(4, ",fit=plain"), gaussian(40, 24), other),
                                 Error);
        QVERIFY(refusal(lowRank(4, ",fit=plain", "gptq"), {}).contains("needs the Hessian"));
        QCOMPARE(refusal(lowRank(4), {diagonalOf(*hessian)}), QString());
        QVERIFY(quantize(lowRank(4), gaussian(40, 24), diagonalOf(*hessian))
                    .encoded()
                    .header.dump()
                    .find("Only the diagonal") != std::string::npos);
    }

    void damageIsNoticed() {
        EncodedTensor good = quantize(lowRank(4, ",fit=plain"), gaussian(40, 24)).encoded();
        for (std::size_t i = 0; i < good.sections.size(); ++i) {
            EncodedTensor bad = good;
            bad.sections[i].bytes.pop_back();
            QVERIFY_EXCEPTION_THROWN(QuantizedTensor(bad, registry()), Error);
        }
        for (Section& section : good.sections) {
            if (section.name != "factors/left/values") continue;
            section.bytes[0] = 0x00;
            section.bytes[1] = 0x7C;  // Infinity.
        }
        QVERIFY_EXCEPTION_THROWN(QuantizedTensor(good, registry()), Error);
    }
};

QTEST_GUILESS_MAIN(TestLowRank)
#include "tst_lowrank.moc"
