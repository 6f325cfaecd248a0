// SPDX-License-Identifier: GPL-3.0-or-later
// Outliers that are picked by the layer loss, in turn with the codes of the others.
#include <QtTest>
#include <set>

#include "core/base/parallel.h"
#include "core/base/text.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/outliers/outliers_method.h"
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
        made.add(std::make_shared<outliers::OutliersMethod>());
        return made;
    }();
    return methods;
}

std::unique_ptr<Quantizer> quantizer(const std::string& method) {
    return registry().quantizer(SweptMethod::parse(method).method);
}

QuantizedTensor quantize(const std::string& method, const Matrix& weights,
                         std::shared_ptr<const Hessian> hessian) {
    PhaseSeconds seconds;
    return {quantizer(method)->quantize(ViewSource(weights.view()), {std::move(hessian)},
                                        RunContext(1), seconds),
            registry()};
}

double lossOf(const std::string& method, const Matrix& weights,
              const std::shared_ptr<const Hessian>& hessian) {
    return lossBetween(weights.view(), decoded(quantize(method, weights, hessian)).view(),
                       hessian.get());
}

// Normal weights, of which one in fifty is six times as large.
Matrix withOutliers(Index rows, Index cols) {
    Matrix weights = gaussian(rows, cols, 4);
    Random random(9);
    for (Index i = 0; i < rows * cols / 50; ++i)
        weights.data()[random.below(rows * cols)] *= 6.0F;
    return weights;
}

}  // namespace

class TestOutlierPicking : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void neverEndsAboveItsStart_data() {
        QTest::addColumn<QString>("base");
        QTest::addColumn<double>("percent");
        for (const std::string& base :
             std::vector<std::string>{"scalar:bits=3", "gptq:base=(scalar:bits=3)",
                                      "gptq:base=(scalar:bits=2,granularity=group,group=16)"}) {
            for (const double percent : {0.0, 0.5, 2.0, 10.0, 50.0})
                QTest::addRow("%s, %g%%", base.c_str(), percent)
                    << QString::fromStdString(base) << percent;
        }
    }
    void neverEndsAboveItsStart() {
        QFETCH(QString, base);
        QFETCH(double, percent);
        const Matrix weights = withOutliers(60, 48);
        const auto hessian = sampledInputs(48, 200, 1.0);
        const std::string share = "outliers:percent=" + formatNumber(percent);
        const std::string rest = ",base=(" + base.toStdString() + ")";
        const double start = lossOf(share + rest, weights, hessian);
        double before = start * (1.0 + 1e-6);
        for (const int rounds : {1, 2, 4}) {
            const std::string method = share + ",pick=loss,rounds=" + std::to_string(rounds) + rest;
            const double loss = lossOf(method, weights, hessian);
            QVERIFY2(loss <= before, qPrintable(QString::number(loss / before, 'g', 10)));
            before = loss * (1.0 + 1e-9);
        }
        if (percent >= 2.0) {
            QVERIFY2(before < 0.98 * start, qPrintable(QString::number(before / start)));
        }
        // The same is stored, so it costs the same.
        const auto rate = [&](const std::string& method) {
            return quantize(method, weights, hessian).rate();
        };
        QVERIFY(rate(share + ",pick=loss" + rest) == rate(share + rest));
    }

    // All weights lie on the grid of the base but for some small ones half a step beside it.
    void findsTheWeightsThatDoNotFit() {
        const Index rows = 32;
        const Index cols = 40;
        Random random(2);
        Matrix weights(rows, cols);
        for (Index i = 0; i < rows * cols; ++i)
            weights.data()[i] = static_cast<float>(random.below(7) - 3);
        for (Index r = 0; r < rows; ++r)
            weights(r, 0) = 3.0F;
        std::set<Index> planted;
        while (planted.size() < 26) {  // 2% of 1280
            const Index at = random.below(rows * cols);
            if (at % cols != 0) planted.insert(at);
        }
        for (const Index at : planted)
            weights.data()[at] = 0.5F;
        const auto hessian = autoregressive(cols, 0.5);
        const std::string base = ",base=(scalar:bits=3)";
        const double bySize = lossOf("outliers:percent=2.03125" + base, weights, hessian);
        const double byLoss =
            lossOf("outliers:percent=2.03125,pick=loss,start=none" + base, weights, hessian);
        QVERIFY(bySize > 5.0);
        QVERIFY2(byLoss < 1e-9, qPrintable(QString::number(byLoss)));
    }

    // With the codes and the places given, the values are the best ones: no change of one lowers
    // the loss.
    void keptValuesAreTheBest() {
        const Matrix weights = withOutliers(24, 32);
        const auto hessian = sampledInputs(32, 200, 0.5);
        const std::string base = ",base=(scalar:bits=3)";
        const QuantizedTensor tensor =
            quantize("outliers:percent=5,pick=loss,rounds=1" + base, weights, hessian);
        const QuantizedTensor start = quantize("outliers:percent=5" + base, weights, hessian);
        const Matrix values = decoded(tensor);
        const Matrix coded = decoded(start);
        int kept = 0;
        for (Index r = 0; r < 24; ++r) {
            for (Index c = 0; c < 32; ++c) {
                // The base coded the same in both, so what differs is kept.
                if (values(r, c) == coded(r, c)) continue;
                ++kept;
                double gradient = 0.0;
                for (Index k = 0; k < 32; ++k) {
                    gradient += static_cast<double>(weights(r, k) - values(r, k)) *
                                hessian->full[static_cast<std::size_t>(k * 32 + c)];
                }
                const double change = gradient / hessian->diagonal[static_cast<std::size_t>(c)];
                QVERIFY2(std::abs(change) < 0.01, qPrintable(QString::number(change)));
            }
        }
        QVERIFY(kept > 30);
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix weights = withOutliers(100, 48);
        const auto hessian = sampledInputs(48, 200, 1.0);
        std::unique_ptr<QuantizedTensor> first;
        for (const int threads : {1, 2, 8}) {
            Arena(threads).execute([&] {
                QuantizedTensor tensor =
                    quantize("outliers:percent=3,pick=loss,base=(gptq:base=(scalar:bits=3))",
                             weights, hessian);
                if (!first) {
                    first = std::make_unique<QuantizedTensor>(std::move(tensor));
                } else {
                    QVERIFY(sameBits(first->encoded(), tensor.encoded()));
                }
            });
        }
    }

    void asksForTheFullHessian() {
        const auto refusal = [](const SideInformation& side) {
            return QString::fromStdString(
                quantizer("outliers:pick=loss")->preflight(24, 16, side).refusal);
        };
        const auto hessian = autoregressive(16, 0.5);
        QVERIFY(refusal({}).contains("needs the Hessian"));
        QVERIFY(refusal({diagonalOf(*hessian)}).contains("Only the diagonal"));
        QCOMPARE(refusal({hessian}), QString());
        PhaseSeconds seconds;
        const Matrix weights = gaussian(24, 16);
        QVERIFY_EXCEPTION_THROWN(
            quantizer("outliers:pick=loss")
                ->quantize(ViewSource(weights.view()), {}, RunContext(1), seconds),
            Error);
        // Whole columns are picked by size whatever is asked for, and that is said.
        const Preflight columns =
            quantizer("outliers:form=columns,pick=loss")->preflight(24, 16, {});
        QCOMPARE(columns.refusal, std::string());
        QVERIFY(QString::fromStdString(columns.warnings.front()).contains("no effect"));
    }
};

QTEST_GUILESS_MAIN(TestOutlierPicking)
#include "tst_outlier_picking.moc"
