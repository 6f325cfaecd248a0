// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>
#include <QtTest>
#include <cmath>

#include "core/base/parallel.h"
#include "core/hessian/layer_fit.h"
#include "core/quant/nearest_rounding.h"
#include "plugins/e8/e8_method.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/kmeans/kmeans_method.h"
#include "plugins/mixed/mixed_method.h"
#include "plugins/pq/pq_method.h"
#include "plugins/rvq/rvq_method.h"
#include "plugins/scalar/scalar_method.h"
#include "plugins/trellis/trellis_method.h"
#include "plugins/vptq/vptq_method.h"
#include "tests/plugins/hessian_cases.h"
#include "tests/plugins/method_bench.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;
using namespace quantscope::test;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<gptq::GptqMethod>());
        made.add(std::make_shared<mixed::MixedMethod>());
        made.add(std::make_shared<e8::E8Method>());
        made.add(std::make_shared<trellis::TrellisMethod>());
        made.add(std::make_shared<pq::PqMethod>());
        made.add(std::make_shared<rvq::RvqMethod>());
        made.add(std::make_shared<kmeans::KmeansMethod>());
        made.add(std::make_shared<vptq::VptqMethod>());
        return made;
    }();
    return methods;
}

std::unique_ptr<Quantizer> quantizer(const std::string& method) {
    return registry().quantizer(SweptMethod::parse(method).method);
}

EncodedTensor encode(const std::string& method, MatrixView weights,
                     std::shared_ptr<const Hessian> hessian,
                     const RunContext& context = RunContext(1)) {
    PhaseSeconds seconds;
    return quantizer(method)->quantize(ViewSource(weights), {std::move(hessian)}, context, seconds);
}

double lossOf(MatrixView weights, const EncodedTensor& encoded,
              const std::shared_ptr<const Hessian>& hessian) {
    const Matrix values = decoded(QuantizedTensor(encoded, registry()));
    return lossBetween(weights, values.view(), hessian.get());
}

std::unique_ptr<CodeGrid> roundedGrid(const std::string& method, const TensorSource& weights,
                                      const std::shared_ptr<const Hessian>& hessian) {
    PhaseSeconds seconds;
    auto grid = quantizer(method)->fitGrid(weights, {hessian}, RunContext(1), seconds);
    roundToNearest(weights, *grid, RunContext(1));
    return grid;
}

/// The least layer loss that any coefficients can reach: normal equations, solved densely.
double leastLoss(const GridFit& fit, MatrixView weights, const Hessian& hessian) {
    const Index n = weights.cols;
    const Eigen::MatrixXd h = Eigen::Map<const Eigen::MatrixXd>(hessian.full.data(), n, n);
    const auto count = static_cast<Index>(fit.coefficients().size());
    // D, with the weights row by row.
    Eigen::MatrixXd map(weights.size(), count);
    Matrix image(weights.rows, n);
    for (Index k = 0; k < count; ++k) {
        std::vector<double> unit(static_cast<std::size_t>(count));
        unit[static_cast<std::size_t>(k)] = 1.0;
        fit.decode(unit, 0, image.span());
        map.col(k) =
            Eigen::Map<const Eigen::VectorXf>(image.data(), image.view().size()).cast<double>();
    }
    Eigen::VectorXd w(weights.size());
    for (Index r = 0; r < weights.rows; ++r) {
        for (Index c = 0; c < n; ++c)
            w(r * n + c) = static_cast<double>(weights(r, c));
    }
    Eigen::MatrixXd weighted(weights.size(), count);
    Eigen::VectorXd target(weights.size());
    for (Index r = 0; r < weights.rows; ++r) {
        weighted.middleRows(r * n, n) = h * map.middleRows(r * n, n);
        target.segment(r * n, n) = h * w.segment(r * n, n);
    }
    const Eigen::VectorXd solution = (map.transpose() * weighted)
                                         .completeOrthogonalDecomposition()
                                         .solve(weighted.transpose() * w);
    const Eigen::VectorXd errors = w - map * solution;
    double loss = 0.0;
    for (Index r = 0; r < weights.rows; ++r)
        loss += errors.segment(r * n, n).dot(h * errors.segment(r * n, n));
    return loss;
}

/// Values that are the coefficients themselves, one for each weight or one for all; stored as the
/// next larger whole number.
class WholeNumbers final : public GridFit {
public:
    WholeNumbers(Index rows, bool shared) : m_shared(shared) {
        m_values.assign(static_cast<std::size_t>(shared ? 1 : rows), 0.0);
    }

    std::vector<double> coefficients() const override { return m_values; }
    std::vector<Index> rowsOfCoefficients() const override {
        std::vector<Index> rows;
        for (std::size_t r = 0; r < m_values.size() && !m_shared; ++r)
            rows.push_back(static_cast<Index>(r));
        return rows;
    }
    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override {
        for (Index r = 0; r < out.rows; ++r)
            std::ranges::fill(out.row(r), static_cast<float>(coefficients[at(firstRow + r)]));
    }
    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override {
        for (Index r = 0; r < gradient.rows; ++r) {
            for (const float value : gradient.row(r))
                sums[at(firstRow + r)] += static_cast<double>(value);
        }
    }
    void store(std::span<const double> coefficients) override {
        std::ranges::transform(coefficients, m_values.begin(),
                               [](double value) { return std::ceil(value); });
    }

private:
    std::size_t at(Index row) const { return m_shared ? 0 : static_cast<std::size_t>(row); }

    bool m_shared;
    std::vector<double> m_values;
};

LayerFitResult fitted(GridFit& fit, MatrixView weights, const Hessian& hessian,
                      const LayerFitOptions& options = {}) {
    return fitToLayerLoss(ViewSource(weights), hessian, 0.0, fit, options, RunContext(1));
}

}  // namespace

class TestLayerRefit : public QObject {
    Q_OBJECT

private slots:
    void leastSquaresAreTheDenseSolution_data() {
        QTest::addColumn<QString>("base");
        for (const char* base :
             {"scalar:bits=2,scheme=asym,granularity=group,group=8,scale=fp32",
              "scalar:bits=2,scheme=range,granularity=group,group=16,scale=fp32",
              "scalar:bits=3,granularity=row,scale=fp32",
              "scalar:bits=3,granularity=column,scale=fp32",
              "scalar:bits=3,levels=lloyd,granularity=tensor,scale=fp32",
              "scalar:bits=3,levels=lloyd,granularity=row,scale=fp32",
              "mixed:bits=2.5,group=8,base=(scalar:granularity=row,scale=fp32)",
              "e8:bits=2,scale=fp32", "trellis:along=column,state=8,granularity=tensor,scale=fp32",
              "kmeans:bits=4,dim=4,precision=fp32", "pq:m=8,bits=3,precision=fp32",
              "pq:m=8,bits=4,shared=true,precision=fp32",
              "rvq:stages=2,bits=4,dim=4,precision=fp32",
              "rvq:stage_bits=4+2,dim=8,groups=2,precision=fp32",
              "vptq:bits=4,dim=4,residual=3,precision=fp32"})
            QTest::newRow(base) << base;
    }
    void leastSquaresAreTheDenseSolution() {
        QFETCH(QString, base);
        const auto hessian = damped(*sampledInputs(32, 4 * 32, 0.5), 0.01);
        // Rows of very different sizes.
        Matrix weights = gaussian(40, 32, 3);
        for (Index r = 0; r < weights.rows(); ++r) {
            for (float& value : weights.span().row(r))
                value *= std::exp2(0.1F * static_cast<float>(r));
        }
        const ViewSource source(weights.view());
        const auto grid = roundedGrid(base.toStdString(), source, hessian);
        const auto fit = grid->fit();
        QVERIFY(fit);
        const double least = leastLoss(*fit, weights.view(), *hessian);
        const LayerFitResult result =
            fitted(*fit, weights.view(), *hessian, {.tolerance = 1e-7, .iterations = 500});
        const double after = lossOf(weights.view(), grid->finish(), hessian);
        QVERIFY2(std::abs(result.after - after) < 1e-6 * after,
                 qPrintable(QStringLiteral("%1, told %2").arg(after).arg(result.after)));
        QVERIFY(least < result.before);
        const double left = (result.after - least) / (result.before - least);
        QVERIFY2(left > -1e-5 && left < 1e-4,
                 qPrintable(QStringLiteral("%1 to %2, least %3, %4 iterations")
                                .arg(result.before, 0, 'g', 9)
                                .arg(result.after, 0, 'g', 9)
                                .arg(least, 0, 'g', 9)
                                .arg(result.iterations)));
    }

    // With the tolerance that is used, little is left after few iterations.
    void convergesSoon_data() {
        QTest::addColumn<QString>("base");
        for (const char* base :
             {"scalar:bits=2,scheme=asym,granularity=group,group=16", "pq:m=24,bits=5",
              "rvq:stages=2,bits=5,dim=4", "scalar:bits=2,scheme=range,granularity=group,group=16"})
            QTest::newRow(base) << base;
    }
    void convergesSoon() {
        QFETCH(QString, base);
        const auto hessian = sampledInputs(96, 4 * 96, 1.0);
        const Matrix weights = gaussian(80, 96, 3);
        const ViewSource source(weights.view());
        const auto losses = [&](const LayerFitOptions& options) {
            const auto grid = roundedGrid(base.toStdString(), source, hessian);
            return fitted(*grid->fit(), weights.view(), *hessian, options);
        };
        const LayerFitResult soon = losses({});
        const LayerFitResult exact = losses({.tolerance = 1e-8, .iterations = 2000});
        const double missed = (soon.after - exact.after) / (exact.before - exact.after);
        QVERIFY2(missed < 0.01, qPrintable(QStringLiteral("%1 after %2 iterations, exact after %3")
                                               .arg(missed)
                                               .arg(soon.iterations)
                                               .arg(exact.iterations)));
    }

    void keepsWhatRoundingWouldSpoil() {
        const auto hessian = autoregressive(3, 0.5);
        Matrix weights(2, 3);
        std::ranges::fill(weights.span().row(0), 0.9F);
        std::ranges::fill(weights.span().row(1), 0.4F);
        // One row gains by going to 1, the other would lose: each is kept by itself.
        WholeNumbers rows(2, false);
        const LayerFitResult byRow = fitted(rows, weights.view(), *hessian);
        QVERIFY(rows.coefficients() == (std::vector<double>{1.0, 0.0}));
        QVERIFY(byRow.after < byRow.before);
        // Together, 0.9 and 0.4 are better off with 1, but 0.6 and 0.2 are not.
        WholeNumbers shared(2, true);
        fitted(shared, weights.view(), *hessian);
        QVERIFY(shared.coefficients() == std::vector<double>{1.0});
        std::ranges::fill(weights.span().row(0), 0.6F);
        std::ranges::fill(weights.span().row(1), 0.2F);
        WholeNumbers spoilt(2, true);
        const LayerFitResult result = fitted(spoilt, weights.view(), *hessian);
        QVERIFY(spoilt.coefficients() == std::vector<double>{0.0});
        QCOMPARE(result.after, result.before);
    }

    // What is stored of scales in 8 bits hardly ever hits the best: fits end, and then change no
    // bit more.
    void fitsEndWithTheSameBits_data() {
        QTest::addColumn<QString>("base");
        for (const char* base : {"scalar:bits=2,scheme=asym,granularity=group,group=16,scale=fp8",
                                 "scalar:bits=2,scheme=range,granularity=group,group=16",
                                 "scalar:bits=2,levels=lloyd,granularity=tensor",
                                 "kmeans:bits=4,dim=4", "rvq:stages=2,bits=3,dim=4", "e8:bits=2",
                                 "trellis:along=column,state=8", "vptq:bits=4,dim=4"})
            QTest::newRow(base) << base;
    }
    void fitsEndWithTheSameBits() {
        QFETCH(QString, base);
        const auto hessian = sampledInputs(48, 4 * 48, 0.5);
        const Matrix weights = gaussian(64, 48, 3);
        const ViewSource source(weights.view());
        const auto grid = roundedGrid(base.toStdString(), source, hessian);
        const auto fit = grid->fit();
        double loss = INFINITY;
        for (int time = 0; time < 50; ++time) {
            const std::vector<double> before = fit->coefficients();
            const LayerFitResult result = fitted(*fit, weights.view(), *hessian);
            QVERIFY(result.before <= loss);
            QVERIFY(result.after <= result.before);
            loss = result.after;
            if (result.after == result.before) {
                QVERIFY(fit->coefficients() == before);
                return;
            }
        }
        QFAIL("It went on and on.");
    }

    void roundsNeverRaiseTheLoss_data() {
        QTest::addColumn<QString>("base");
        for (const char* base :
             {"scalar:bits=2,scheme=asym,granularity=group,group=32",
              "scalar:bits=3,scheme=range,granularity=group,group=32",
              "scalar:bits=2,levels=lloyd,granularity=tensor",
              "mixed:bits=2.5,group=8,base=(scalar:scheme=asym)", "e8:bits=2",
              "e8:bits=2,along=column", "trellis:bits=2,along=column,state=8", "pq:m=24,bits=6",
              "rvq:stages=2,bits=5,dim=4", "rvq:stages=1,bits=6,dim=8,groups=2",
              "kmeans:bits=6,dim=4", "kmeans:bits=6,dim=4,error=hessian", "vptq:bits=6,dim=4",
              "vptq:bits=4,dim=4,residual=4,outliers=10,outlier_bits=5"})
            QTest::newRow(base) << base;
    }
    void roundsNeverRaiseTheLoss() {
        QFETCH(QString, base);
        const auto hessian = sampledInputs(96, 4 * 96, 0.7);
        const auto measured = damped(*hessian, 0.01);
        const Matrix weights = gaussian(120, 96, 3);
        const std::string method = "gptq:damping=0.01,base=(" + base.toStdString() + "),rounds=";
        double before = INFINITY;
        double first = 0.0;
        for (const int rounds : {0, 1, 2, 5}) {
            const EncodedTensor encoded =
                encode(method + std::to_string(rounds), weights.view(), hessian);
            const double after = lossOf(weights.view(), encoded, measured);
            QVERIFY2(after <= before * (1.0 + 1e-7),
                     qPrintable(QStringLiteral("%1 after %2").arg(after).arg(before)));
            before = after;
            if (rounds == 0) {
                first = after;
                QVERIFY(!encoded.header.at("details").contains("refit_gain"));
                continue;
            }
            const double told = encoded.header.at("details").at("refit_gain").get<double>();
            QVERIFY2(std::abs(told - after / first) < 1e-5,
                     qPrintable(QStringLiteral("%1, told %2").arg(after / first).arg(told)));
        }
        QVERIFY2(before < 0.999 * first, qPrintable(QString::number(before / first)));
    }

    // The unit of the inputs does not matter, be it so small that squares vanish in single
    // precision.
    void sizeOfTheHessianChangesNothing_data() {
        QTest::addColumn<QString>("base");
        for (const char* base : {"scalar:bits=3", "pq:m=6,bits=4", "rvq:stages=2,bits=4,dim=4",
                                 "kmeans:bits=4,dim=4", "e8:bits=2"})
            QTest::newRow(base) << base;
    }
    void sizeOfTheHessianChangesNothing() {
        QFETCH(QString, base);
        const auto hessian = sampledInputs(24, 100, 0.5);
        std::vector<double> full = hessian->full;
        for (double& value : full)
            value *= 0x1p-140;
        const auto tiny = hessianFrom(std::move(full));
        const Matrix weights = gaussian(40, 24, 3);
        const std::string method = "gptq:base=(" + base.toStdString() + ")";
        QVERIFY(sameBits(encode(method, weights.view(), hessian),
                         encode(method, weights.view(), tiny)));
    }

    void codebooksCarryErrors_data() {
        QTest::addColumn<QString>("base");
        for (const char* base :
             {"pq:m=32,bits=6", "rvq:stages=2,bits=6,dim=4", "kmeans:bits=8,dim=4"})
            QTest::newRow(base) << base;
    }
    void codebooksCarryErrors() {
        QFETCH(QString, base);
        const auto hessian = autoregressive(128, 0.95);
        const Matrix weights = gaussian(300, 128);
        const double nearest =
            lossOf(weights.view(), encode(base.toStdString(), weights.view(), hessian), hessian);
        const std::string start = "gptq:base=(" + base.toStdString() + ")";
        const double carried =
            lossOf(weights.view(), encode(start, weights.view(), hessian), hessian);
        QVERIFY2(carried < 0.8 * nearest, qPrintable(QString::number(carried / nearest)));
    }

    // Every code is the best one given all others, which trying all of them confirms.
    void descentEndsWhereNoCodeIsBetter_data() {
        QTest::addColumn<int>("dim");
        QTest::newRow("pairs") << 2;
        QTest::newRow("triples") << 3;
        QTest::newRow("last vector cut short") << 5;
    }
    void descentEndsWhereNoCodeIsBetter() {
        QFETCH(int, dim);
        constexpr Index cols = 12;
        const auto hessian = sampledInputs(cols, 4 * cols, 0.5);
        const Matrix weights = gaussian(30, cols);
        const std::string method =
            "gptq:damping=0,base=(kmeans:bits=4,precision=fp32,dim=" + std::to_string(dim) + ")";
        const EncodedTensor start = encode(method, weights.view(), hessian);
        const EncodedTensor ended = encode(method + ",descent=100", weights.view(), hessian);
        QVERIFY(lossOf(weights.view(), ended, hessian) < lossOf(weights.view(), start, hessian));
        const QuantizedTensor tensor(ended, registry());
        const Codebook book = tensor.codebooks().front();
        const Matrix values = decoded(tensor);
        const Eigen::MatrixXd h =
            Eigen::Map<const Eigen::MatrixXd>(hessian->full.data(), cols, cols);
        for (Index r = 0; r < weights.rows(); ++r) {
            Eigen::VectorXd errors(cols);
            for (Index c = 0; c < cols; ++c)
                errors(c) = static_cast<double>(weights(r, c)) - static_cast<double>(values(r, c));
            const double loss = errors.dot(h * errors);
            for (Index first = 0; first < cols; first += dim) {
                for (std::size_t k = 0; k < book.counts.size(); ++k) {
                    Eigen::VectorXd other = errors;
                    for (Index i = 0; i < std::min<Index>(dim, cols - first); ++i) {
                        const std::size_t at =
                            k * static_cast<std::size_t>(dim) + static_cast<std::size_t>(i);
                        other(first + i) = static_cast<double>(weights(r, first + i)) -
                                           static_cast<double>(book.codewords[at]);
                    }
                    QVERIFY(other.dot(h * other) > loss - 1e-5);
                }
            }
        }
    }

    void sameBitsAtAnyThreadCount_data() {
        QTest::addColumn<QString>("base");
        for (const char* base :
             {"scalar:bits=3,granularity=group,group=32", "scalar:bits=3,granularity=column", "e8",
              "trellis:along=column,state=8,granularity=tensor", "rvq:stages=2,bits=5,dim=4",
              "pq:m=30,bits=5"})
            QTest::newRow(base) << base;
    }
    void sameBitsAtAnyThreadCount() {
        QFETCH(QString, base);
        const auto hessian = sampledInputs(150, 4 * 150, 0.5);
        const Matrix weights = gaussian(600, 150);
        std::vector<EncodedTensor> results;
        for (const int threads : {1, 2, 8}) {
            Arena(threads).execute([&] {
                results.push_back(encode("gptq:rounds=2,base=(" + base.toStdString() + ")",
                                         weights.view(), hessian));
            });
        }
        QVERIFY(sameBits(results[0], results[1]) && sameBits(results[0], results[2]));
        QVERIFY(results[0].header == results[1].header);
        QVERIFY(results[0].header == results[2].header);
    }

    void stopsSoon_data() {
        QTest::addColumn<QString>("phase");
        QTest::newRow("fitting") << "fitting";
        QTest::newRow("choosing") << "choosing";
    }
    void stopsSoon() {
        QFETCH(QString, phase);
        const auto hessian = autoregressive(1200, 0.9);
        const Matrix weights = gaussian(1200, 1200);
        bool cancelled = false;
        const auto time =
            timeToStop(0.4, phase.toStdString(), cancelled, [&](const RunContext& context) {
                encode("gptq:rounds=9,base=(scalar:bits=2,granularity=group,group=64)",
                       weights.view(), hessian, context);
            });
        QVERIFY(cancelled);
        const auto milliseconds = static_cast<double>(time.count());
        QVERIFY2(milliseconds < 200.0 * test::slowness, qPrintable(QString::number(milliseconds)));
    }
};

QTEST_GUILESS_MAIN(TestLayerRefit)
#include "tst_layer_refit.moc"
