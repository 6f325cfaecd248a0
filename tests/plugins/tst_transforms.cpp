// SPDX-License-Identifier: GPL-3.0-or-later
// The transforms that fit something to the weights: what they do to them and to the Hessian, what
// they cost, and that decoding undoes them.
#include <QtTest>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/metrics/trial_metrics.h"
#include "plugins/center/center_method.h"
#include "plugins/outliers/outliers_method.h"
#include "plugins/pca/pca_method.h"
#include "plugins/permute/permute_method.h"
#include "plugins/pq/pq_method.h"
#include "plugins/scalar/scalar_method.h"
#include "plugins/smooth/smooth_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<pq::PqMethod>());
        made.add(std::make_shared<permute::PermuteMethod>());
        made.add(std::make_shared<center::CenterMethod>());
        made.add(std::make_shared<smooth::SmoothMethod>());
        made.add(std::make_shared<outliers::OutliersMethod>());
        made.add(std::make_shared<pca::PcaMethod>());
        return made;
    }();
    return methods;
}

std::unique_ptr<Quantizer> quantizer(const std::string& method) {
    return registry().quantizer(SweptMethod::parse(method).method);
}

QuantizedTensor quantize(const std::string& method, const Matrix& weights,
                         const SideInformation& side = {}) {
    PhaseSeconds seconds;
    return {quantizer(method)->quantize(ViewSource(weights.view()), side, RunContext(3), seconds),
            registry()};
}

double errorOf(const std::string& method, const Matrix& x, const SideInformation& side = {}) {
    return nmse(x.view(), decoded(quantize(method, x, side)).view());
}

std::unique_ptr<Transform> fitted(const TransformMethod& method, const Json& parameters,
                                  const Matrix& x, const SideInformation& side = {}) {
    const MethodSpec spec = registry().resolve({method.id(), parameters});
    return method.fit(ParameterValues(spec.parameters), x.view(), side, RunContext(1));
}

/// Columns of very different size.
Matrix unevenColumns(Index rows, Index cols) {
    Matrix x = gaussian(rows, cols, 5);
    Random random(8);
    for (Index c = 0; c < cols; ++c) {
        const auto size = static_cast<float>(std::exp(1.5 * random.normal()));
        for (Index r = 0; r < rows; ++r)
            x(r, c) *= size;
    }
    return x;
}

SideInformation hessianOf(const Matrix& inputs) {
    auto hessian = std::make_shared<Hessian>();
    hessian->size = inputs.cols();
    for (Index i = 0; i < inputs.cols(); ++i) {
        for (Index j = 0; j < inputs.cols(); ++j) {
            double sum = 0.0;
            for (Index r = 0; r < inputs.rows(); ++r)
                sum += static_cast<double>(inputs(r, i)) * static_cast<double>(inputs(r, j));
            hessian->full.push_back(sum);
            if (i == j) hessian->diagonal.push_back(sum);
        }
    }
    return {hessian};
}

double loss(MatrixView error, const Hessian& hessian) {
    double sum = 0.0;
    for (Index r = 0; r < error.rows; ++r) {
        for (Index i = 0; i < hessian.size; ++i) {
            for (Index j = 0; j < hessian.size; ++j) {
                sum += static_cast<double>(error(r, i)) * static_cast<double>(error(r, j)) *
                       hessian.full[static_cast<std::size_t>(i * hessian.size + j)];
            }
        }
    }
    return sum;
}

Matrix difference(const Matrix& x, const Matrix& y) {
    Matrix result(x.rows(), x.cols());
    for (Index i = 0; i < x.view().size(); ++i)
        result.data()[i] = x.data()[i] - y.data()[i];
    return result;
}

/// Covariance .9^|i-j| in 16 dimensions.
Matrix correlated(Index rows) {
    Matrix x = gaussian(rows, 16, 3);
    for (Index r = 0; r < x.rows(); ++r) {
        for (Index c = 1; c < 16; ++c)
            x(r, c) = 0.9F * x(r, c - 1) + std::sqrt(1.0F - 0.81F) * x(r, c);
    }
    return x;
}

struct NamedTransform {
    const char* method;
    double exactness;  ///< Squared error of undoing alone.
};

const std::vector<NamedTransform>& transforms() {
    static const std::vector<NamedTransform> all = {{"permute", 0.0},
                                                    {"permute:side=rows", 0.0},
                                                    {"center", 1e-13},
                                                    {"center:side=rows", 1e-13},
                                                    {"smooth", 1e-13},
                                                    {"outliers:percent=2", 1e-7},
                                                    {"outliers:percent=10,form=columns", 1e-7},
                                                    {"pca", 1e-6},
                                                    {"pca:block=8", 1e-6}};
    return all;
}

}  // namespace

class TestTransforms : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepTheirPromises_data() {
        QTest::addColumn<double>("exactness");
        for (const NamedTransform& one : transforms())
            QTest::newRow(one.method) << one.exactness;
    }
    // With 16 bits behind them, what is left is the transform's own error and that of 16 bits.
    void keepTheirPromises() {
        QFETCH(double, exactness);
        const std::string method = std::string(QTest::currentDataTag()) + " | scalar:bits=16";
        const Matrix x = unevenColumns(37, 24);
        const SideInformation side = hessianOf(gaussian(80, 24, 4));
        const QuantizedTensor tensor = quantize(method, x, side);
        QCOMPARE(tensor.rate(), quantizer(method)->preflight(37, 24, side).rate);
        const Matrix values = decoded(tensor);
        QVERIFY(nmse(x.view(), values.view()) < exactness + 3e-9);
        Matrix some(2, 24);
        tensor.decode(30, some.span());
        for (Index i = 0; i < 48; ++i)
            QCOMPARE(some.data()[i], values.data()[30 * 24 + i]);
        // The same bits at any number of threads.
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                QVERIFY(test::sameBits(quantize(method, x, side).encoded(), tensor.encoded()));
            });
        }
        // Damage is told.
        for (std::size_t i = 0; i < tensor.encoded().sections.size(); ++i) {
            EncodedTensor cut = tensor.encoded();
            if (cut.sections[i].bytes.empty()) continue;
            cut.sections[i].bytes.pop_back();
            QVERIFY_EXCEPTION_THROWN(QuantizedTensor(cut, registry()), Error);
        }
        QVERIFY(!quantizer(method)->preflight(0, 24, {}).refusal.empty());
        QVERIFY(quantizer(method)->preflight(37, 25, side).refusal.size() > 10);
    }

    // Many chunks of rows.
    void sameBitsAtAnyThreadCount_data() { keepTheirPromises_data(); }
    void sameBitsAtAnyThreadCount() {
        const std::string method = std::string(QTest::currentDataTag()) + " | scalar:bits=4";
        const Matrix x = unevenColumns(24000, 24);
        const SideInformation side = hessianOf(gaussian(80, 24, 4));
        std::vector<EncodedTensor> results;
        std::vector<Matrix> values;
        for (const int threads : {1, 2, 8}) {
            Arena(threads).execute([&] {
                const QuantizedTensor tensor = quantize(method, x, side);
                results.push_back(tensor.encoded());
                values.push_back(decoded(tensor));
            });
        }
        for (std::size_t i = 1; i < results.size(); ++i) {
            QVERIFY(test::sameBits(results[i], results[0]));
            QCOMPARE(results[i].header.dump(), results[0].header.dump());
            QVERIFY(std::ranges::equal(
                std::span(values[i].data(), static_cast<std::size_t>(x.view().size())),
                std::span(values[0].data(), static_cast<std::size_t>(x.view().size()))));
        }
    }

    // Weights of both signs near the end of the range of float.
    void neverDecodeToInfinity_data() { keepTheirPromises_data(); }
    void neverDecodeToInfinity() {
        constexpr float largest = std::numeric_limits<float>::max();
        Matrix x = gaussian(37, 24, 2);
        for (Index i = 0; i < x.view().size(); ++i)
            x.data()[i] = x.data()[i] > 0.0F ? largest : i % 3 == 0 ? -largest : -0.5F * largest;
        const Matrix y =
            decoded(quantize(std::string(QTest::currentDataTag()) + " | scalar:bits=8", x));
        for (Index i = 0; i < x.view().size(); ++i)
            QVERIFY(std::isfinite(y.data()[i]));
        QVERIFY(nmse(x.view(), y.view()) < 0.3);
    }

    // The changed Hessian costs memory and work, and only where there is one.
    void priceTheChangedHessian_data() {
        QTest::addColumn<double>("bytesPerEntry");
        QTest::newRow("permute") << 8.0;
        QTest::newRow("smooth") << 8.0;
        QTest::newRow("pca") << 16.0;
        QTest::newRow("center") << 0.0;
        QTest::newRow("outliers") << 0.0;
    }
    void priceTheChangedHessian() {
        QFETCH(double, bytesPerEntry);
        auto described = std::make_shared<Hessian>();
        described->size = 512;
        described->describesFull = true;
        const auto transform = quantizer(QTest::currentDataTag());
        const Preflight without = transform->preflight(64, 512, {});
        const Preflight with = transform->preflight(64, 512, {described});
        QCOMPARE(static_cast<double>(with.workingBytes - without.workingBytes),
                 bytesPerEntry * 512.0 * 512.0);
        QCOMPARE(with.multiplyAdds > without.multiplyAdds, bytesPerEntry > 0.0);
    }

    // A channel that is a million times larger than the others is out of bounds, and that is told.
    void smoothTellsWhatItCuts() {
        Matrix x = gaussian(32, 12, 5);
        QVERIFY(quantize("smooth", x).encoded().header.value("remarks", Json::array()).empty());
        for (Index r = 0; r < 32; ++r)
            x(r, 3) *= 1e12F;
        const Json remarks = quantize("smooth", x).encoded().header.value("remarks", Json::array());
        QCOMPARE(remarks.size(), std::size_t{1});
        QVERIFY(remarks[0].get<std::string>().find("1 of 12 input channels") != std::string::npos);
        // In front of other transforms as well.
        const Json behind =
            quantize("center | smooth", x).encoded().header.value("remarks", Json::array());
        QCOMPARE(behind.size(), std::size_t{1});
    }

    // Before the first transform and behind the last.
    void shapesAreMetrics() {
        const Matrix x = unevenColumns(200, 32);
        const SideInformation side = hessianOf(gaussian(80, 32, 4));
        const QuantizedTensor tensor =
            quantize("outliers:percent=1 | pca | scalar:bits=4", x, side);
        PhaseSeconds seconds;
        const TrialMetrics metrics =
            measure(ViewSource(x.view()), tensor, {}, RunContext(1), seconds);
        const ValueShape plain = valueShape(x.view(), {});
        QCOMPARE(metrics.incoherenceBefore.value(), plain.incoherence);
        QCOMPARE(metrics.kurtosisBefore.value(), plain.kurtosis);
        QCOMPARE(metrics.qsurBefore.value(), plain.spaceUtilization.value());
        Matrix changed(200, 32);
        std::ranges::copy(std::span(x.data(), 200 * 32), changed.data());
        const outliers::OutliersMethod kept;
        fitted(kept, Json{{"percent", 1.0}}, x, side)->apply(changed.span(), {});
        const pca::PcaMethod rotating;
        fitted(rotating, Json::object(), changed, side)->apply(changed.span(), {});
        const ValueShape after = valueShape(changed.view(), {});
        QCOMPARE(metrics.incoherenceAfter.value(), after.incoherence);
        QCOMPARE(metrics.kurtosisAfter.value(), after.kurtosis);
        QCOMPARE(metrics.qsurAfter.value(), after.spaceUtilization.value());
        QVERIFY(metrics.kurtosisAfter.value() < metrics.kurtosisBefore.value());
        // A damaged header is told.
        EncodedTensor damaged = tensor.encoded();
        damaged.header["after"] = "round";
        QVERIFY_EXCEPTION_THROWN(shapeChange(damaged), Error);
        QVERIFY(!shapeChange(quantize("scalar", x).encoded()));
    }

    // Column means and a step and offset per row (Aguerrebere et al., 2023, section 2): by hand.
    void centerAndRangesAreLvq() {
        Matrix x = gaussian(60, 32, 12);
        for (Index r = 0; r < 60; ++r) {
            for (Index c = 0; c < 32; ++c)
                x(r, c) += static_cast<float>(c);
        }
        const Matrix y = decoded(quantize("center | scalar:bits=4,scheme=range,scale=fp32", x));
        std::vector<double> means(32);
        for (Index r = 0; r < 60; ++r) {
            for (Index c = 0; c < 32; ++c)
                means[static_cast<std::size_t>(c)] += static_cast<double>(x(r, c)) / 60.0;
        }
        double error = 0.0;
        double ours = 0.0;
        for (Index r = 0; r < 60; ++r) {
            double low = INFINITY;
            double high = -INFINITY;
            for (Index c = 0; c < 32; ++c) {
                const double rest =
                    static_cast<double>(x(r, c)) - means[static_cast<std::size_t>(c)];
                low = std::min(low, rest);
                high = std::max(high, rest);
            }
            const double step = (high - low) / 15.0;
            for (Index c = 0; c < 32; ++c) {
                const double rest =
                    static_cast<double>(x(r, c)) - means[static_cast<std::size_t>(c)];
                error += std::pow(low + step * std::floor((rest - low) / step + 0.5) - rest, 2.0);
                ours += std::pow(static_cast<double>(x(r, c)) - static_cast<double>(y(r, c)), 2.0);
            }
        }
        // Means are stored in 16 bits.
        QVERIFY2(std::abs(ours / error - 1.0) < 0.01, qPrintable(QString::number(ours / error)));
    }

    // tr(E H E^T) of errors equals that of the changed errors under the changed Hessian.
    void keepTheLoss_data() {
        QTest::addColumn<QString>("id");
        for (const char* id : {"permute", "center", "smooth", "outliers", "pca"})
            QTest::newRow(id) << id;
    }
    void keepTheLoss() {
        QFETCH(QString, id);
        const Matrix x = unevenColumns(9, 20);
        const SideInformation side = hessianOf(gaussian(64, 20, 14));
        const auto& method =
            dynamic_cast<const TransformMethod&>(registry().method(id.toStdString()));
        const auto transform = fitted(method, Json::object(), x, side);
        const std::shared_ptr<const Hessian> changed = transform->applyTo(side.hessian, {});
        // An error in the changed matrix is the difference of two undone matrices.
        Matrix one = gaussian(9, 20, 15);
        Matrix two = gaussian(9, 20, 16);
        const double inside = loss(difference(one, two).view(), *changed);
        transform->invert(0, one.span());
        transform->invert(0, two.span());
        const double outside = loss(difference(one, two).view(), *side.hessian);
        // Kept weights have no error.
        if (id == "outliers") {
            QVERIFY(outside <= inside);
        } else {
            QVERIFY(std::abs(outside / inside - 1.0) < 2e-3);
        }
    }

    void permuteSorts() {
        Matrix x = unevenColumns(64, 32);
        const permute::PermuteMethod method;
        const auto transform = fitted(method, Json::object(), x);
        transform->apply(x.span(), {});
        double before = INFINITY;
        for (Index c = 0; c < 32; ++c) {
            double energy = 0.0;
            for (Index r = 0; r < 64; ++r)
                energy += static_cast<double>(x(r, c)) * static_cast<double>(x(r, c));
            QVERIFY(energy <= before);
            before = energy;
        }
        // Uniform columns of sizes 1 and 4 in turn, groups of 16. The step follows the largest of n
        // values of one size, whose mean square is n / (n + 2): of 8 at size 4 in every group, or
        // of 16 at size 4 in half of them and at size 1 in the others.
        Random random(9);
        Matrix y(512, 64);
        for (Index r = 0; r < y.rows(); ++r) {
            for (Index c = 0; c < y.cols(); ++c)
                y(r, c) = static_cast<float>((c % 2 == 0 ? 1.0 : 4.0) * (random.uniform() - 0.5));
        }
        const std::string base = "scalar:bits=5,granularity=group,group=16";
        const double ratio = errorOf("permute | " + base, y) / errorOf(base, y);
        const double expected = (16.0 / 18.0) * (1.0 + 1.0 / 16.0) / 2.0 / (8.0 / 10.0);
        QVERIFY2(std::abs(ratio / expected - 1.0) < 0.03, qPrintable(QString::number(ratio)));
        // 32 numbers of 5 bits are the price.
        QCOMPARE(quantize("permute", x).rate()[RatePart::Transforms], std::uint64_t{32 * 5});
    }

    void centerRemovesMeans() {
        Matrix x = gaussian(200, 16, 6);
        for (Index r = 0; r < 200; ++r) {
            for (Index c = 0; c < 16; ++c)
                x(r, c) += static_cast<float>(10 * c);
        }
        QVERIFY(errorOf("center | scalar:bits=4", x) < 0.01 * errorOf("scalar:bits=4", x));
        const center::CenterMethod method;
        const Matrix original = x;
        const auto transform = fitted(method, Json::object(), x);
        transform->apply(x.span(), {});
        for (Index c = 0; c < 16; ++c) {
            double before = 0.0;
            double after = 0.0;
            for (Index r = 0; r < 200; ++r) {
                before += static_cast<double>(original(r, c)) / 200.0;
                after += static_cast<double>(x(r, c)) / 200.0;
            }
            // Means are stored with 11 bits.
            QVERIFY(std::abs(after) <= std::abs(before) / 2048.0 + 1e-5);
        }
    }

    // The textbook formula, up to the common factor.
    void smoothFollowsTheFormula() {
        const Matrix x = unevenColumns(32, 12);
        const SideInformation side = hessianOf(unevenColumns(50, 12));
        const smooth::SmoothMethod method;
        for (const double alpha : {0.0, 0.3, 1.0}) {
            const auto transform = fitted(method, Json{{"alpha", alpha}}, x, side);
            Matrix ones(1, 12);
            std::fill(ones.data(), ones.data() + 12, 1.0F);
            transform->apply(ones.span(), {});
            std::vector<double> ratios;
            for (Index c = 0; c < 12; ++c) {
                double largest = 0.0;
                for (Index r = 0; r < 32; ++r)
                    largest = std::max(largest, std::abs(static_cast<double>(x(r, c))));
                const double activation =
                    std::sqrt(side.hessian->diagonal[static_cast<std::size_t>(c)]);
                ratios.push_back(static_cast<double>(ones(0, c)) /
                                 (std::pow(activation, alpha) / std::pow(largest, 1.0 - alpha)));
            }
            for (const double ratio : ratios)
                QVERIFY(std::abs(ratio / ratios.front() - 1.0) < 2e-3);
        }
        QVERIFY(QString::fromStdString(quantizer("smooth")->preflight(4, 4, {}).warnings.front())
                    .contains("No Hessian"));
    }

    void outliersKeepTheLargest() {
        Matrix x = gaussian(40, 50, 3);
        const SideInformation side = hessianOf(unevenColumns(60, 50));
        // By hand: the 20 largest of 2000.
        std::vector<std::pair<double, Index>> scores;
        for (Index i = 0; i < 2000; ++i) {
            const double weight = static_cast<double>(x.data()[i]);
            scores.emplace_back(
                weight * weight * side.hessian->diagonal[static_cast<std::size_t>(i % 50)], i);
        }
        std::ranges::sort(scores, std::greater<>());
        std::set<Index> largest;
        for (std::size_t i = 0; i < 20; ++i)
            largest.insert(scores[i].second);
        const outliers::OutliersMethod method;
        const auto transform = fitted(method, Json{{"percent", 1.0}}, x, side);
        Matrix rest(40, 50);
        std::ranges::copy(std::span(x.data(), 2000), rest.data());
        transform->apply(rest.span(), {});
        for (Index i = 0; i < 2000; ++i)
            QCOMPARE(rest.data()[i] == 0.0F, largest.contains(i));
        // 6 bits for the number in each row (0..50), 6 for a column, 16 for a value, an exponent.
        const RateLedger rate = quantize("outliers:percent=1", x, side).rate();
        QCOMPARE(rate[RatePart::Outliers], std::uint64_t{40 * 6 + 20 * (6 + 16) + 16});

        Matrix heavy = gaussian(40, 512, 3);
        for (Index r = 0; r < 40; ++r)
            heavy(r, 7 * r) = 30.0F;
        QVERIFY(errorOf("outliers:percent=0.2 | scalar:bits=4", heavy) <
                0.2 * errorOf("scalar:bits=4", heavy));
    }

    void pcaDecorrelates() {
        const Matrix x = correlated(4000);
        const pca::PcaMethod method;
        const auto transform = fitted(method, Json::object(), x);
        Matrix y(4000, 16);
        std::ranges::copy(std::span(x.data(), 64000), y.data());
        transform->apply(y.span(), {});
        std::vector<double> variances;
        for (Index i = 0; i < 16; ++i) {
            for (Index j = 0; j <= i; ++j) {
                double sum = 0.0;
                for (Index r = 0; r < 4000; ++r)
                    sum += static_cast<double>(y(r, i)) * static_cast<double>(y(r, j));
                if (i == j) {
                    variances.push_back(sum / 4000.0);
                } else {
                    QVERIFY(std::abs(sum / 4000.0) < 0.01);
                }
            }
        }
        QVERIFY(std::ranges::is_sorted(variances, std::greater<>()));
        // The covariance's own eigenvalues, by power iteration: 9.927 to 0.0563; +-3 sigma.
        QVERIFY(std::abs(variances.front() / 9.927 - 1.0) < 0.07);
        QVERIFY(std::abs(variances.back() / 0.0563 - 1.0) < 0.07);
        QCOMPARE(quantize("pca", x).rate()[RatePart::Transforms], std::uint64_t{16 * 16 * 16});
    }

    // Slices of two bits per dimension that follow the axes are as unequal as can be. Simulated in
    // double precision by another program (k-means++ and Lloyd on the same number of rows), on
    // other random numbers: .0259 and .0555 of the rows that were trained on.
    void pcaUnbalancesProducts() {
        const Matrix x = correlated(40000);
        const double plain = errorOf("pq:m=4", x);
        const double rotated = errorOf("pca | pq:m=4", x);
        qInfo("%.4f, along the axes %.4f", plain, rotated);
        QVERIFY(std::abs(plain / 0.0259 - 1.0) < 0.02);
        QVERIFY(std::abs(rotated / 0.0555 - 1.0) < 0.02);
    }
};

QTEST_APPLESS_MAIN(TestTransforms)
#include "tst_transforms.moc"
