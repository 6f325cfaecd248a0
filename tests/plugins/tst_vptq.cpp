// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <numeric>

#include "core/base/parallel.h"
#include "core/hessian/feedback_factor.h"
#include "core/quant/nearest_rounding.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/kmeans/kmeans_method.h"
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
        made.add(std::make_shared<vptq::VptqMethod>());
        made.add(std::make_shared<kmeans::KmeansMethod>());
        made.add(std::make_shared<gptq::GptqMethod>());
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
              const std::shared_ptr<const Hessian>& hessian) {
    return lossBetween(weights.view(), decoded(quantize(method, weights, hessian)).view(),
                       hessian.get());
}

double errorOf(const std::string& method, const Matrix& weights) {
    return nmse(weights.view(), decoded(quantize(method, weights)).view());
}

Matrix transposed(const Matrix& matrix) {
    Matrix result(matrix.cols(), matrix.rows());
    for (Index r = 0; r < matrix.rows(); ++r) {
        for (Index c = 0; c < matrix.cols(); ++c)
            result(c, r) = matrix(r, c);
    }
    return result;
}

std::unique_ptr<CodeGrid> fittedGrid(const std::string& method, const Matrix& weights) {
    PhaseSeconds seconds;
    return quantizer(method)->fitGrid(ViewSource(weights.view()), {}, RunContext(1), seconds);
}

}  // namespace

class TestVptq : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Errors of vector quantizers of that dimension and rate on normal values.
    void reachesTheErrorOfItsVectors_data() {
        QTest::addColumn<QString>("parameters");
        QTest::addColumn<double>("error");
        QTest::addColumn<double>("tolerance");
        QTest::newRow("2 rows, 2 bits") << "bits=4,dim=2" << 0.1087 << 0.01;
        // .0988 by 25 iterations.
        QTest::newRow("4 rows, 2 bits") << "bits=8,dim=4" << 0.0975 << 0.02;
        // Between a beam search (.0978) and books that are also fitted together (.0931).
        QTest::newRow("8 rows, 2 bits in two books") << "bits=8,dim=8,residual=8" << 0.0960 << 0.03;
        QTest::newRow("1 row, 3 bits") << "bits=3,dim=1" << 0.03455 << 0.015;
    }
    void reachesTheErrorOfItsVectors() {
        if (slowness > 1.0) QSKIP(figuresElsewhere);
        QFETCH(QString, parameters);
        QFETCH(double, error);
        QFETCH(double, tolerance);
        // Codewords fit the vectors they were trained on: of 512 or more each, by about a
        // hundredth.
        const Matrix weights = gaussian(8192, 128);
        const double ours = errorOf(
            "vptq:granularity=tensor,train=0,iterations=60," + parameters.toStdString(), weights);
        QVERIFY2(std::abs(ours / error - 1.0) < tolerance, qPrintable(QString::number(ours)));
    }

    // Without a Hessian it is k-means of the columns' pieces.
    void isKMeansOfColumns() {
        const Matrix weights = gaussian(512, 32);
        const Matrix columns = transposed(weights);
        for (const char* parameters : {"bits=4,dim=2", "bits=6,dim=4", "bits=5,dim=3"}) {
            const double ours =
                errorOf(std::string("vptq:granularity=tensor,") + parameters, weights);
            const double theirs = errorOf(std::string("kmeans:") + parameters, columns);
            QVERIFY2(std::abs(ours / theirs - 1.0) < 0.02,
                     qPrintable(QString::number(ours / theirs)));
        }
    }

    void rowsAreScaledAlike() {
        Matrix weights = gaussian(256, 64);
        for (Index r = 0; r < 256; ++r) {
            for (float& weight : weights.span().row(r))
                weight *= std::exp2(static_cast<float>(r % 11 - 5));
        }
        // The error of each row over its energy, which the large rows do not decide.
        const auto error = [&](const std::string& method) {
            const Matrix values = decoded(quantize(method, weights));
            double sum = 0.0;
            for (Index r = 0; r < 256; ++r)
                sum += nmse(weights.view().middleRows(r, 1), values.view().middleRows(r, 1));
            return sum / 256.0;
        };
        const double scaled = error("vptq:bits=6,dim=2");
        QVERIFY2(scaled < 0.032, qPrintable(QString::number(scaled)));
        QVERIFY(scaled < 0.5 * error("vptq:bits=6,dim=2,granularity=tensor"));
    }

    // The loss of rounding with feedback over that to nearest is tr D / tr H for errors of equal
    // size: (1 + (n - 1) (1 - rho^2)) / n for these inputs.
    void feedbackGainsWhatItShould() {
        const Matrix weights = gaussian(1024, 64, 3);
        const auto hessian = autoregressive(64, 0.9);
        const std::string method = "vptq:bits=8,dim=2,damping=0";
        const double gain = lossOf(method, weights, hessian) /
                            lossOf("vptq:bits=8,dim=2,feedback=false", weights, hessian);
        const double expected = (1.0 + 63.0 * (1.0 - 0.81)) / 64.0;
        QVERIFY2(std::abs(gain / expected - 1.0) < 0.06, qPrintable(QString::number(gain)));
        const QuantizedTensor tensor = quantize(method, weights, hessian);
        const Json& details = tensor.encoded().header.at("details");
        QVERIFY(std::abs(details.at("expected_gain").get<double>() / expected - 1.0) < 1e-6);
        QVERIFY(std::abs(details.at("obtained_gain").get<double>() / expected - 1.0) < 0.1);
        const auto promised = quantizer(method)->preflight(1024, 64, {hessian}).expectedGain;
        QVERIFY(promised && std::abs(*promised / expected - 1.0) < 1e-6);
    }

    // The same rounding, with its own feedback and as a base of gptq, on grids that random numbers
    // tell apart.
    // But for the random numbers of k-means: gptq hands on a stream of its own, so that codebooks
    // end in another local optimum.
    void isAsGoodAsABaseOfGptq() {
        const Matrix weights = gaussian(200, 48, 3);
        const auto hessian = sampledInputs(48, 200, 1.0);
        const Matrix own = decoded(quantize("vptq:bits=6,dim=2", weights, hessian));
        const Matrix asBase = decoded(quantize("gptq:base=(vptq:bits=6,dim=2)", weights, hessian));
        const double ratio = lossBetween(weights.view(), own.view(), hessian.get()) /
                             lossBetween(weights.view(), asBase.view(), hessian.get());
        QVERIFY2(std::abs(ratio - 1.0) < 0.1, qPrintable(QString::number(ratio)));
        const double before = lossOf("gptq:base=(vptq:bits=6,dim=2)", weights, hessian);
        const double after = lossOf("gptq:descent=5,base=(vptq:bits=6,dim=2)", weights, hessian);
        QVERIFY2(after < before, qPrintable(QString::number(after / before)));
    }

    void weighsColumns() {
        // Columns that matter are larger, so that a codebook for all of them serves them badly.
        Matrix weights = gaussian(512, 32);
        auto hessian = autoregressive(32, 0.0);
        for (Index c = 0; c < 32; ++c) {
            if (c % 8 != 0) continue;
            hessian->diagonal[static_cast<std::size_t>(c)] = 100.0;
            hessian->full[static_cast<std::size_t>(33 * c)] = 100.0;
            for (Index r = 0; r < 512; ++r)
                weights(r, c) *= 2.5F;
        }
        const auto diagonal = diagonalOf(*hessian);
        const Matrix unaware = decoded(quantize("vptq:bits=4,dim=2", weights));
        const double without = lossBetween(weights.view(), unaware.view(), diagonal.get());
        const double with = lossOf("vptq:bits=4,dim=2", weights, diagonal);
        QVERIFY2(with < 0.75 * without, qPrintable(QString::number(with / without)));
        // And with a codebook of their own the others are served well again.
        const double apart = lossOf("vptq:bits=4,dim=2,outliers=12.5,outlier_bits=6,outlier_dim=2",
                                    weights, diagonal);
        QVERIFY2(apart < 0.5 * with, qPrintable(QString::number(apart / with)));
    }

    void secondBookCodesWhatIsLeft() {
        const Matrix weights = gaussian(512, 64);
        const auto hessian = sampledInputs(64, 300, 0.5);
        const double one = lossOf("vptq:bits=6,dim=4", weights, hessian);
        const double two = lossOf("vptq:bits=6,dim=4,residual=6", weights, hessian);
        const double wide = lossOf("vptq:bits=6,dim=2", weights, hessian);
        QVERIFY2(two < 0.3 * one, qPrintable(QString::number(two / one)));
        QVERIFY2(std::abs(two / wide - 1.0) < 0.35, qPrintable(QString::number(two / wide)));
    }

    void costsWhatItStores() {
        const Matrix weights = gaussian(50, 40);
        const auto hessian = sampledInputs(40, 100, 1.0);
        const std::string method =
            "vptq:bits=5,dim=4,residual=3,outliers=10,outlier_bits=6,outlier_dim=3";
        const RateLedger rate = quantize(method, weights, hessian).rate();
        // 36 columns of 13 vectors and 4 of 17; a gain per row, an exponent of gains, a bit per
        // column; books and their exponent.
        QCOMPARE(rate[RatePart::Codes], std::uint64_t{36 * 13 * 8 + 4 * 17 * 6});
        QCOMPARE(rate[RatePart::Scales], std::uint64_t{50 * 16 + 32 + 40});
        QCOMPARE(rate[RatePart::Codebooks], std::uint64_t{16 * (32 * 4 + 8 * 4 + 64 * 3) + 16});
        QVERIFY(quantizer(method)->preflight(50, 40, {hessian}).rate == rate);
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix weights = gaussian(301, 40);
        const auto hessian = sampledInputs(40, 100, 1.0);
        for (const char* method :
             {"vptq:bits=5,dim=3,residual=4,outliers=10,outlier_dim=5,outlier_bits=4",
              "vptq:bits=5,dim=3,feedback=false"}) {
            std::unique_ptr<QuantizedTensor> first;
            for (const int threads : {1, 2, 8}) {
                Arena(threads).execute([&] {
                    QuantizedTensor tensor = quantize(method, weights, hessian);
                    if (!first) {
                        first = std::make_unique<QuantizedTensor>(std::move(tensor));
                    } else {
                        QVERIFY(sameBits(first->encoded(), tensor.encoded()));
                    }
                });
            }
        }
    }

    // Values are linear in the codewords: the picture of a set of them, its transpose, and storing.
    void codewordsCanBeFitted() {
        const Matrix weights = gaussian(60, 20);
        const std::string method = "vptq:bits=4,dim=4,residual=3";
        const auto grid = fittedGrid(method, weights);
        roundToNearest(ViewSource(weights.view()), *grid, RunContext(1));
        const auto fit = grid->fit();
        QVERIFY(fit != nullptr);
        const std::vector<double> stored = fit->coefficients();
        QCOMPARE(stored.size(), std::size_t{(16 + 8) * 4});
        Random random(4);
        std::vector<double> other;
        for (std::size_t i = 0; i < stored.size(); ++i)
            other.push_back(random.normal());
        const Matrix gradient = gaussian(60, 20, 8);
        Matrix image(60, 20);
        fit->decode(other, 0, image.span());
        std::vector<double> sums(stored.size());
        fit->addTransposed(gradient.view().middleRows(0, 24), 0, sums);
        fit->addTransposed(gradient.view().middleRows(24, 36), 24, sums);
        double left = 0.0;
        for (Index i = 0; i < 1200; ++i)
            left += static_cast<double>(image.data()[i]) * static_cast<double>(gradient.data()[i]);
        const double right = std::inner_product(sums.begin(), sums.end(), other.begin(), 0.0);
        QVERIFY2(std::abs(left / right - 1.0) < 1e-4, qPrintable(QString::number(left / right)));

        fit->decode(stored, 0, image.span());
        fit->store(other);
        const std::vector<double> rounded = fit->coefficients();
        for (std::size_t i = 0; i < other.size(); ++i)
            QVERIFY(std::abs(rounded[i] - other[i]) <= std::abs(other[i]) * 0x1p-10);
        const auto twin = fittedGrid(method, weights);
        roundToNearest(ViewSource(weights.view()), *twin, RunContext(1));
        const Matrix before = decoded(QuantizedTensor(twin->finish(), registry()));
        QVERIFY(nmse(image.view(), before.view()) < 1e-12);
        Matrix expected(60, 20);
        fit->decode(rounded, 0, expected.span());
        const Matrix after = decoded(QuantizedTensor(grid->finish(), registry()));
        QVERIFY(nmse(expected.view(), after.view()) < 1e-12);
    }

    void saysWhatItDoesNotKnow() {
        const Matrix weights = gaussian(64, 24);
        const auto hessian = autoregressive(24, 0.5);
        const auto remarks = [&](const std::shared_ptr<const Hessian>& given) {
            return quantize("vptq:bits=3,dim=2", weights, given).encoded().header.dump();
        };
        QVERIFY(remarks({}).find("There is no Hessian") != std::string::npos);
        QVERIFY(remarks(diagonalOf(*hessian)).find("Only the diagonal") != std::string::npos);
        QVERIFY(remarks(hessian).find("remarks") == std::string::npos);
        const auto refusal = [&](const std::string& method, Index rows) {
            return QString::fromStdString(quantizer(method)->preflight(rows, 24, {}).refusal);
        };
        QVERIFY(refusal("vptq:bits=3,dim=2,outliers=10", 64).contains("choose outliers=0"));
        QVERIFY(refusal("vptq:bits=12,dim=4", 64).contains("Choose bits <= 8"));
        QVERIFY(refusal("vptq:bits=3,dim=4,residual=12", 64).contains("Choose residual <= 8"));
    }

    void damageIsNoticed() {
        const EncodedTensor good = quantize("vptq:bits=4,dim=2,outliers=10,outlier_bits=3",
                                            gaussian(64, 24), autoregressive(24, 0.5))
                                       .encoded();
        for (std::size_t i = 0; i < good.sections.size(); ++i) {
            EncodedTensor bad = good;
            bad.sections[i].bytes.pop_back();
            QVERIFY_EXCEPTION_THROWN(QuantizedTensor(bad, registry()), Error);
        }
        EncodedTensor bad = good;
        for (Section& section : bad.sections) {
            if (section.name == "columns") section.bytes[0] ^= 1U;
        }
        QVERIFY_EXCEPTION_THROWN(QuantizedTensor(bad, registry()), Error);
    }
};

QTEST_GUILESS_MAIN(TestVptq)
#include "tst_vptq.moc"
