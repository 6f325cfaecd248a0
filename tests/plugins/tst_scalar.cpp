// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/quant/quantized_tensor.h"
#include "plugins/scalar/scalar_method.h"

using namespace quantscope;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        return made;
    }();
    return methods;
}

QuantizedTensor quantize(const std::string& method, const Matrix& weights) {
    const ViewSource source(weights.view());
    PhaseSeconds seconds;
    const auto quantizer = registry().quantizer(SweptMethod::parse(method).method);
    return {quantizer->quantize(source, {}, RunContext(), seconds), registry()};
}

Matrix decoded(const QuantizedTensor& tensor) {
    Matrix values(tensor.rows(), tensor.cols());
    tensor.decode(0, values.span());
    return values;
}

Matrix decoded(const std::string& method, const Matrix& weights) {
    return decoded(quantize(method, weights));
}

double squaredError(const Matrix& a, const Matrix& b, Index row) {
    double sum = 0.0;
    for (Index c = 0; c < a.cols(); ++c) {
        const double e = static_cast<double>(a(row, c)) - b(row, c);
        sum += e * e;
    }
    return sum;
}

double nmse(const Matrix& weights, const Matrix& values) {
    const Matrix zero(weights.rows(), weights.cols());
    double error = 0.0;
    double energy = 0.0;
    for (Index r = 0; r < weights.rows(); ++r) {
        error += squaredError(weights, values, r);
        energy += squaredError(weights, zero, r);
    }
    return error / energy;
}

Matrix gaussian(Index rows, Index cols, std::uint64_t seed = 1) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < cols; ++c)
            values(r, c) = static_cast<float>(random.normal());
    }
    return values;
}

Matrix matrix(std::initializer_list<std::initializer_list<float>> rows) {
    Matrix values(static_cast<Index>(rows.size()), static_cast<Index>(rows.begin()->size()));
    float* next = values.data();
    for (const auto& row : rows)
        next = std::copy(row.begin(), row.end(), next);
    return values;
}

/// The textbook definition of a uniform quantizer on the weights of one unit; scales are rounded to
/// float32 as the method does.
struct Textbook {
    bool asymmetric = false;
    int bits = 4;

    std::vector<float> operator()(const std::vector<float>& weights, double shrink = 1.0) const {
        double low = 0.0;
        double high = 0.0;
        for (const double w : weights) {
            low = std::min(low, w);
            high = std::max(high, w);
        }
        low *= shrink;
        high *= shrink;
        const double levels = std::exp2(bits);
        const double scale =
            static_cast<float>(asymmetric ? (high - low) / (levels - 1.0)
                                          : std::max(-low, high) / (levels / 2.0 - 1.0));
        const double zero = asymmetric && scale > 0 ? std::rint(-low / scale) : 0.0;
        const double least = asymmetric ? -zero : -levels / 2.0;
        const double most = asymmetric ? levels - 1.0 - zero : levels / 2.0 - 1.0;
        std::vector<float> values;
        for (const double w : weights) {
            const double q = scale > 0 ? std::clamp(std::rint(w / scale), least, most) : 0.0;
            values.push_back(static_cast<float>(q * scale));
        }
        return values;
    }
};

double squaredError(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    }
    return sum;
}

}  // namespace

class TestScalar : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsTheDefinition_data();
    void equalsTheDefinition();
    void findsTheBestClip_data();
    void findsTheBestClip();
    void reachesTheClosedFormsOnGaussians_data();
    void reachesTheClosedFormsOnGaussians();
    void binaryLevelsAreTheMeanMagnitude();
    void trainsTheBestTable_data();
    void trainsTheBestTable();
    void refittedScalesLowerTheError();
    void keepsAnyMagnitude_data();
    void keepsAnyMagnitude();
    void keepsItsScalesConsistentOverHugeRanges();
    void neverDecodesToInfinity();
    void namesTheBadWeight_data();
    void namesTheBadWeight();
    void pricesEverything_data();
    void pricesEverything();
    void reportsUsageHonestly();
    void levelsHoldTheDecodedValue_data();
    void levelsHoldTheDecodedValue();
    void refusesDamagedSections_data();
    void refusesDamagedSections();
};

void TestScalar::equalsTheDefinition_data() {
    QTest::addColumn<QString>("granularity");
    QTest::addColumn<bool>("asymmetric");
    QTest::addColumn<int>("bits");
    for (const char* granularity : {"tensor", "row", "column", "group,group=32", "group,group=7"}) {
        for (const bool asymmetric : {false, true}) {
            for (const int bits : {2, 3, 4, 8, 16}) {
                QTest::addRow("%s %s %d", granularity, asymmetric ? "asym" : "sym", bits)
                    << granularity << asymmetric << bits;
            }
        }
    }
}

void TestScalar::equalsTheDefinition() {
    QFETCH(QString, granularity);
    QFETCH(bool, asymmetric);
    QFETCH(int, bits);
    Matrix weights = gaussian(37, 172);
    for (Index c = 0; c < 172; ++c)
        weights(5, c) = std::abs(weights(5, c));  // one-sided
    for (Index c = 0; c < 172; ++c)
        weights(6, c) = 0.0F;
    for (Index r = 0; r < 37; ++r)
        weights(r, 11) = -2.5F;  // constant
    weights(7, 0) = 1000.0F;
    const std::string method = "scalar:scale=fp32,bits=" + std::to_string(bits) +
                               ",scheme=" + (asymmetric ? "asym" : "sym") +
                               ",granularity=" + granularity.toStdString();
    const Matrix values = decoded(method, weights);

    const Textbook textbook{asymmetric, bits};
    const Index group = granularity.startsWith("group") ? granularity.mid(12).toInt() : 172;
    const auto compare = [&](const std::vector<std::pair<Index, Index>>& unit) {
        std::vector<float> own;
        for (const auto& [r, c] : unit)
            own.push_back(weights(r, c));
        const std::vector<float> expected = textbook(own);
        for (std::size_t i = 0; i < unit.size(); ++i) {
            QCOMPARE(values(unit[i].first, unit[i].second), expected[i]);
        }
    };
    std::map<std::pair<Index, Index>, std::vector<std::pair<Index, Index>>> units;
    for (Index r = 0; r < 37; ++r) {
        for (Index c = 0; c < 172; ++c) {
            const Index unitRow = granularity == "tensor" || granularity == "column" ? 0 : r;
            const Index unitColumn = granularity == "column" ? c : c / group;
            units[{unitRow, granularity == "tensor" ? 0 : unitColumn}].push_back({r, c});
        }
    }
    for (const auto& [key, unit] : units)
        compare(unit);
}

void TestScalar::findsTheBestClip_data() {
    QTest::addColumn<bool>("asymmetric");
    QTest::addColumn<int>("bits");
    for (const bool asymmetric : {false, true}) {
        for (const int bits : {2, 3, 4, 8, 12}) {
            QTest::addRow("%s %d", asymmetric ? "asym" : "sym", bits) << asymmetric << bits;
        }
    }
}

void TestScalar::findsTheBestClip() {
    QFETCH(bool, asymmetric);
    QFETCH(int, bits);
    // Rows of different shapes and magnitudes, longer than one chunk of the search.
    Matrix weights = gaussian(24, 1100, 5);
    for (Index c = 0; c < 1100; ++c) {
        weights(1, c) *= 1e-30F;
        weights(2, c) *= 1e30F;
        weights(3, c) = std::pow(weights(3, c), 3.0F);
        weights(4, c) = std::abs(weights(4, c));
    }
    const std::string settings = ",scale=fp32,clip=mse,bits=" + std::to_string(bits) +
                                 ",scheme=" + (asymmetric ? "asym" : "sym");
    const Textbook textbook{asymmetric, bits};
    const auto best = [&](const std::vector<float>& own) {
        double least = std::numeric_limits<double>::infinity();
        for (int k = 0; k < 80; ++k) {
            least = std::min(least, squaredError(own, textbook(own, 1.0 - k / 100.0)));
        }
        return least;
    };
    const Matrix byRows = decoded("scalar:granularity=row" + settings, weights);
    for (Index r = 0; r < weights.rows(); ++r) {
        const std::span<const float> row = weights.view().row(r);
        const double least = best({row.begin(), row.end()});
        QVERIFY2(squaredError(weights, byRows, r) <= least * 1.0001,
                 qPrintable(QString("row %1").arg(r)));
    }
    // A column that spans 60 orders of magnitude tells nothing, so these two work on tamer weights.
    const Matrix tame = gaussian(200, 30, 6);
    const std::vector<float> all(tame.data(), tame.data() + tame.view().size());
    const Matrix byTensor = decoded("scalar:granularity=tensor" + settings, tame);
    QVERIFY(nmse(tame, byTensor) * squaredError(all, std::vector<float>(all.size())) <=
            best(all) * 1.0001);
    const Matrix byColumns = decoded("scalar:granularity=column" + settings, tame);
    double least = 0.0;
    for (Index c = 0; c < tame.cols(); ++c) {
        std::vector<float> column;
        for (Index r = 0; r < tame.rows(); ++r)
            column.push_back(tame(r, c));
        least += best(column);
    }
    QVERIFY(nmse(tame, byColumns) * squaredError(all, std::vector<float>(all.size())) <=
            least * 1.0001);
}

// Errors per weight of a unit-variance Gaussian: optimal uniform quantizers and Lloyd-Max (Max
// 1960; recomputed in methods.md), and block formats. Samples of four million weights vary by
// about 0.2%; those of whole tensors are held to 0.5%.
void TestScalar::reachesTheClosedFormsOnGaussians_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<double>("expected");
    const auto row = [](const char* method, double expected) {
        QTest::newRow(method) << method << expected;
    };
    row("scalar:granularity=tensor,bits=1,scheme=mid,clip=mse", 0.3634);
    row("scalar:granularity=tensor,bits=2,scheme=mid,clip=mse", 0.1188);
    row("scalar:granularity=tensor,bits=3,scheme=mid,clip=mse", 0.03744);
    row("scalar:granularity=tensor,bits=4,scheme=mid,clip=mse", 0.01154);
    row("scalar:granularity=tensor,bits=5,scheme=mid,clip=mse", 0.003495);
    row("scalar:granularity=tensor,bits=1,levels=lloyd", 0.3634);
    row("scalar:granularity=tensor,bits=2,levels=lloyd", 0.1175);
    row("scalar:granularity=tensor,bits=3,levels=lloyd", 0.03455);
    row("scalar:granularity=tensor,bits=4,levels=lloyd", 0.00950);
    row("scalar:granularity=tensor,bits=5,levels=lloyd", 0.002499);
    row("scalar:granularity=group,group=32,bits=4", 0.00940);
    row("scalar:granularity=group,group=32,bits=4,clip=mse", 0.00743);
    row("scalar:granularity=group,group=128,bits=4", 0.01374);
    row("scalar:granularity=group,group=128,bits=4,clip=mse", 0.01017);
    row("scalar:granularity=group,group=128,bits=3", 0.0749);
    row("scalar:granularity=group,group=128,bits=3,clip=mse", 0.0381);
}

void TestScalar::reachesTheClosedFormsOnGaussians() {
    QFETCH(QString, method);
    QFETCH(double, expected);
    static const Matrix weights = gaussian(2048, 2048, 3);
    const double measured = nmse(weights, decoded(method.toStdString(), weights));
    QVERIFY2(std::abs(measured / expected - 1.0) < (method.contains("tensor") ? 0.005 : 0.008),
             qPrintable(QString::number(measured)));
}

void TestScalar::binaryLevelsAreTheMeanMagnitude() {
    const Matrix weights = matrix({{1.0F, -2.0F, 4.0F, -1.0F}});
    const Matrix values = decoded("scalar:bits=1,scale=fp32", weights);
    const Matrix expected = matrix({{2.0F, -2.0F, 2.0F, -2.0F}});
    for (Index c = 0; c < 4; ++c)
        QCOMPARE(values(0, c), expected(0, c));
}

void TestScalar::trainsTheBestTable_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("bits");
    for (const QString kind : {"gaussian", "cubed", "clusters", "few values"}) {
        for (const int bits : {1, 2, 3, 4}) {
            QTest::newRow(qPrintable(QString("%1 %2").arg(kind).arg(bits))) << kind << bits;
        }
    }
}

void TestScalar::trainsTheBestTable() {
    QFETCH(QString, kind);
    QFETCH(int, bits);
    Matrix weights = gaussian(1, 300, 9);
    Random random(4);
    for (Index c = 0; c < 300; ++c) {
        float& w = weights(0, c);
        if (kind == "cubed") w = w * w * w;
        if (kind == "clusters") w = static_cast<float>(random.below(5)) + 0.01F * w;
        if (kind == "few values") w = static_cast<float>(random.below(11)) / 3.0F - 1.0F;
    }
    // Exact optimum: best[k][j], the least error of the j smallest weights with k levels.
    std::vector<double> sorted(weights.data(), weights.data() + 300);
    std::ranges::sort(sorted);
    const int levels = 1 << bits;
    std::vector<double> best(301, std::numeric_limits<double>::infinity());
    best[0] = 0.0;
    for (int k = 0; k < levels; ++k) {
        std::vector<double> next = best;
        for (std::size_t begin = 0; begin < 300; ++begin) {
            double mean = 0.0;
            double cost = 0.0;
            for (std::size_t end = begin; end < 300; ++end) {
                const double difference = sorted[end] - mean;
                mean += difference / static_cast<double>(end - begin + 1);
                cost += difference * (sorted[end] - mean);
                next[end + 1] = std::min(next[end + 1], best[begin] + cost);
            }
        }
        best = next;
    }
    const std::string method =
        "scalar:granularity=tensor,levels=lloyd,scale=fp32,bits=" + std::to_string(bits);
    const double error = squaredError(weights, decoded(method, weights), 0);
    QVERIFY2(error >= best[300] * (1.0 - 1e-6) - 1e-10, "better than the optimum?");
    QVERIFY2(error <= best[300] * 1.001 + 1e-10,
             qPrintable(QString("%1 instead of %2").arg(error).arg(best[300])));
}

void TestScalar::refittedScalesLowerTheError() {
    Matrix weights = gaussian(64, 96, 12);
    for (Index r = 0; r < 64; ++r) {
        for (Index c = 0; c < 96; ++c)
            weights(r, c) *= std::exp(0.1F * static_cast<float>(r));
    }
    for (const char* granularity : {"row", "column", "group"}) {
        const std::string method =
            std::string("scalar:bits=3,levels=lloyd,granularity=") + granularity;
        QVERIFY(nmse(weights, decoded(method + ",clip=mse", weights)) <
                0.99 * nmse(weights, decoded(method, weights)));
    }
}

void TestScalar::keepsAnyMagnitude_data() {
    QTest::addColumn<QString>("format");
    QTest::addColumn<double>("factor");
    for (const char* format : {"fp16", "fp32"}) {
        for (const double factor : {1e-36, 1e-10, 1.0, 1e10, 1e37}) {
            QTest::newRow(qPrintable(QString("%1 %2").arg(format).arg(factor))) << format << factor;
        }
    }
}

void TestScalar::keepsAnyMagnitude() {
    QFETCH(QString, format);
    QFETCH(double, factor);
    const Matrix weights = gaussian(16, 64, 2);
    Matrix scaled(16, 64);
    for (Index i = 0; i < weights.view().size(); ++i) {
        scaled.data()[i] = static_cast<float>(weights.data()[i] * factor);
    }
    for (const char* levels : {"uniform", "lloyd"}) {
        const std::string method =
            std::string("scalar:levels=") + levels + ",scale=" + format.toStdString();
        const double expected = nmse(weights, decoded(method, weights));
        QVERIFY(std::abs(nmse(scaled, decoded(method, scaled)) / expected - 1.0) < 0.01);
    }
}

// Rows whose scales are too far apart for the exponents of a binary16 number: their scales are
// rounded to what can be stored, and the codes must belong to the rounded ones.
void TestScalar::keepsItsScalesConsistentOverHugeRanges() {
    const Matrix weights = gaussian(64, 32, 8);
    Matrix spread(64, 32);
    for (Index r = 0; r < 64; ++r) {
        for (Index c = 0; c < 32; ++c) {
            spread(r, c) = static_cast<float>(std::ldexp(weights(r, c), static_cast<int>(-r)));
        }
    }
    const Matrix values = decoded("scalar:bits=8", spread);
    const Matrix zero(64, 32);
    for (Index r = 0; r < 64; ++r) {
        const double relative = squaredError(spread, values, r) / squaredError(spread, zero, r);
        // 29 binades at full precision, ten more with less and less, and zeros below.
        if (r < 24)
            QVERIFY2(relative < 1e-4, qPrintable(QString("row %1: %2").arg(r).arg(relative)));
        QVERIFY2(relative <= 1.0001, qPrintable(QString("row %1: %2").arg(r).arg(relative)));
    }
}

void TestScalar::neverDecodesToInfinity() {
    constexpr float largest = std::numeric_limits<float>::max();
    const Matrix weights = matrix({{largest, -largest, 1.0F, 0.0F},
                                   {largest, largest / 2, largest / 3, -1e-45F},
                                   {1e-45F, -3e-45F, 1e-44F, 0.0F}});
    for (const char* settings :
         {"bits=4", "bits=16", "bits=1", "scheme=asym", "scheme=mid", "levels=lloyd", "clip=mse",
          "clip=mse,scheme=asym,scale=fp32", "granularity=tensor", "granularity=column,clip=mse",
          "levels=lloyd,clip=mse", "scheme=range", "scheme=range,clip=mse,scale=fp32",
          "scheme=range,scale=fp8,granularity=column", "nested=8", "levels=exact"}) {
        const Matrix values = decoded(std::string("scalar:") + settings, weights);
        for (Index i = 0; i < values.view().size(); ++i) {
            QVERIFY2(std::isfinite(values.data()[i]), settings);
        }
    }
    // The last row lies at the bottom of float32's range, where weights are multiples of 1.4e-45.
    const Matrix tiny = matrix({{1e-45F, -3e-45F, 1e-44F, 0.0F}});
    const Matrix values = decoded("scalar:bits=4", tiny);
    for (Index c = 0; c < 4; ++c)
        QCOMPARE(values(0, c), tiny(0, c));
}

void TestScalar::namesTheBadWeight_data() {
    QTest::addColumn<QString>("settings");
    for (const char* settings :
         {"bits=4", "granularity=tensor", "granularity=column", "levels=lloyd"}) {
        QTest::newRow(settings) << settings;
    }
}

void TestScalar::namesTheBadWeight() {
    QFETCH(QString, settings);
    Matrix weights = gaussian(20, 30);
    weights(7, 19) = std::numeric_limits<float>::quiet_NaN();
    try {
        decoded("scalar:" + settings.toStdString(), weights);
        QFAIL("no error");
    } catch (const Error& error) {
        QCOMPARE(error.what(), "A weight is NaN (row 7, column 19).");
    }
    weights(7, 19) = -std::numeric_limits<float>::infinity();
    try {
        decoded("scalar:" + settings.toStdString(), weights);
        QFAIL("no error");
    } catch (const Error& error) {
        QCOMPARE(error.what(), "A weight is infinite (row 7, column 19).");
    }
}

void TestScalar::pricesEverything_data() {
    QTest::addColumn<QString>("settings");
    QTest::addColumn<qulonglong>("codes");
    QTest::addColumn<qulonglong>("scales");
    QTest::addColumn<qulonglong>("codebooks");
    QTest::addColumn<qulonglong>("padding");
    const auto row = [](const char* settings, qulonglong codes, qulonglong scales,
                        qulonglong codebooks, qulonglong padding) {
        QTest::newRow(settings) << settings << codes << scales << codebooks << padding;
    };
    // 5 x 70 = 350 weights; 32 bits for the common power of two.
    row("bits=4", 1400, 32 + 5 * 16, 0, 0);
    row("bits=3", 1050, 32 + 5 * 16, 0, 6);
    row("bits=3,scale=fp32", 1050, 32 + 5 * 32, 0, 6);
    row("bits=3,scheme=asym", 1050, 32 + 5 * (16 + 3), 0, 6 + 1);
    row("bits=4,granularity=group", 1400, 32 + 15 * 16, 0, 0);
    row("bits=4,granularity=tensor", 1400, 32 + 16, 0, 0);
    row("bits=4,granularity=column", 1400, 32 + 70 * 16, 0, 0);
    row("bits=4,levels=lloyd", 1400, 32 + 5 * 16, 16 * 16, 0);
    row("bits=4,levels=lloyd,scale=fp32", 1400, 32 + 5 * 32, 16 * 32, 0);
    row("bits=4,scale=fp8", 1400, 32 + 5 * 8, 0, 0);
    row("bits=4,levels=exact,scale=fp8", 1400, 32 + 5 * 8, 16 * 16, 0);
    row("bits=4,scheme=range", 1400, 32 + 5 * (16 + 16), 0, 0);
    row("bits=4,scheme=range,scale=fp8", 1400, 32 + 5 * (8 + 16), 0, 0);
    row("bits=4,scheme=range,scale=fp32", 1400, 32 + 5 * (32 + 32), 0, 0);
    row("bits=9,scheme=range", 3150, 32 + 5 * (16 + 32), 0, 2);
    row("bits=4,nested=8", 1400, 32 + 5 * 16, 0, 0);
}

void TestScalar::pricesEverything() {
    QFETCH(QString, settings);
    QFETCH(qulonglong, codes);
    QFETCH(qulonglong, scales);
    QFETCH(qulonglong, codebooks);
    QFETCH(qulonglong, padding);
    const std::string method = "scalar:" + settings.toStdString();
    const RateLedger rate = quantize(method, gaussian(5, 70)).rate();
    QCOMPARE(rate[RatePart::Codes], codes);
    QCOMPARE(rate[RatePart::Scales], scales);
    QCOMPARE(rate[RatePart::Codebooks], codebooks);
    QCOMPARE(rate[RatePart::Padding], padding);
    QCOMPARE(rate.totalBits(), codes + scales + codebooks + padding);
    const auto quantizer = registry().quantizer(SweptMethod::parse(method).method);
    QVERIFY(quantizer->preflight(5, 70, {}).rate == rate);
}

void TestScalar::reportsUsageHonestly() {
    const Matrix weights = gaussian(100, 100);
    const auto usage = [&](const char* settings) {
        const auto books =
            quantize(std::string("scalar:granularity=tensor,") + settings, weights).codebooks();
        const std::uint64_t total =
            std::accumulate(books[0].counts.begin(), books[0].counts.end(), std::uint64_t{0});
        return std::make_tuple(books.size(), total, codebookUsage(books[0]).used,
                               books[0].counts.size(), books[0].codewords.size());
    };
    // The full symmetric range leaves the lowest code unused.
    QVERIFY(usage("bits=3") == std::make_tuple(1U, 10000U, 7U, 8U, 8U));
    QVERIFY(usage("bits=3,clip=mse") == std::make_tuple(1U, 10000U, 8U, 8U, 8U));
    QVERIFY(usage("bits=3,scheme=asym") == std::make_tuple(1U, 10000U, 8U, 8U, 8U));
    QVERIFY(usage("bits=3,levels=lloyd") == std::make_tuple(1U, 10000U, 8U, 8U, 8U));
    QVERIFY(quantize("scalar:bits=3", weights).codebooks()[0].codewords.empty());
}

void TestScalar::levelsHoldTheDecodedValue_data() {
    QTest::addColumn<QString>("settings");
    for (const char* settings :
         {"bits=3", "bits=3,scheme=asym", "bits=3,scheme=mid", "bits=1",
          "bits=3,granularity=column", "bits=3,granularity=group,group=8",
          "bits=3,granularity=tensor", "bits=3,levels=lloyd", "bits=3,scheme=range",
          "bits=1,scheme=range", "bits=3,nested=6", "bits=3,scale=fp8", "bits=3,levels=exact"}) {
        QTest::newRow(settings) << settings;
    }
}

void TestScalar::levelsHoldTheDecodedValue() {
    QFETCH(QString, settings);
    const QuantizedTensor tensor = quantize("scalar:" + settings.toStdString(), gaussian(9, 21));
    const Matrix values = decoded(tensor);
    for (Index r = 0; r < 9; ++r) {
        for (Index c = 0; c < 21; ++c) {
            const std::vector<float> levels = tensor.levels(r, c);
            QVERIFY(std::ranges::is_sorted(levels));
            QVERIFY(std::ranges::find(levels, values(r, c)) != levels.end());
        }
    }
}

void TestScalar::refusesDamagedSections_data() {
    QTest::addColumn<QString>("damage");
    for (const char* damage :
         {"no codes", "short codes", "short scales", "infinite scale", "wild base", "short zeros",
          "rows", "bits", "negative rows", "infinite zero", "nested"}) {
        QTest::newRow(damage) << damage;
    }
}

void TestScalar::refusesDamagedSections() {
    QFETCH(QString, damage);
    const bool real = damage == "infinite zero";
    EncodedTensor encoded =
        quantize(real ? "scalar:scheme=range" : "scalar:scheme=asym", gaussian(6, 10)).encoded();
    if (real) {
        encoded.sections[2].bytes[0] = 0x00;
        encoded.sections[2].bytes[1] = 0x7C;
    }
    if (damage == "nested") {
        encoded.method.parameters["scheme"] = "sym";
        encoded.method.parameters["nested"] = 3;
    }
    auto& codes = encoded.sections[0].bytes;
    auto& scales = encoded.sections[1].bytes;
    if (damage == "no codes") encoded.sections.erase(encoded.sections.begin());
    if (damage == "short codes") codes.pop_back();
    if (damage == "short scales") scales.pop_back();
    if (damage == "infinite scale") scales[5] = 0x7C;
    if (damage == "wild base") scales[3] = 0x7F;
    if (damage == "short zeros") encoded.sections[2].bytes.clear();
    if (damage == "rows") encoded.rows = Index{1} << 60;
    if (damage == "negative rows") encoded.rows = -6;
    if (damage == "bits") encoded.method.parameters["bits"] = 77;
    QVERIFY_EXCEPTION_THROWN(QuantizedTensor(encoded, registry()), Error);
}

QTEST_APPLESS_MAIN(TestScalar)
#include "tst_scalar.moc"
