// SPDX-License-Identifier: GPL-3.0-or-later
// Real zero points, 8-bit scales, nested codes, importance and the best tables.
#include <QtTest>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "core/base/error.h"
#include "plugins/scalar/scalar_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using test::gaussian;

namespace {

const test::MethodBench& bench() {
    static const test::MethodBench made(std::make_shared<scalar::ScalarMethod>());
    return made;
}

Matrix decoded(const std::string& method, const Matrix& weights) {
    return test::decoded(bench().quantize(method, weights));
}

double nmse(const Matrix& x, const Matrix& y) {
    return test::nmse(x.view(), y.view());
}

}  // namespace

class TestScalarSettings : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void coversTheRange_data();
    void coversTheRange();
    void keepsUnitsFarFromZero();
    void storesScalesInEightBits();
    void readsAWiderCodeWithFewerBits();
    void weighsByImportance();
    void findsTheBestTableBySearch();
    void refusesTablesThatAreTooLarge();
    void remarksOnPointlessSettings();
};

// min + code x (max - min) / (2^b - 1) by unit, in double precision; scale and zero point are
// stored as float32, so the result differs by their last digits.
void TestScalarSettings::coversTheRange_data() {
    QTest::addColumn<QString>("granularity");
    QTest::addColumn<int>("bits");
    for (const QString granularity : {"row", "column", "tensor", "group,group=16"}) {
        for (const int bits : {1, 4, 8, 12})
            QTest::addRow("%s %d", qPrintable(granularity), bits) << granularity << bits;
    }
}

void TestScalarSettings::coversTheRange() {
    QFETCH(QString, granularity);
    QFETCH(int, bits);
    Matrix weights = gaussian(48, 32, 4);
    for (Index r = 0; r < 48; ++r) {
        for (Index c = 0; c < 32; ++c)
            weights(r, c) = 20.0F + static_cast<float>(c % 3) + 0.5F * weights(r, c);
    }
    const std::string settings =
        "scheme=range,bits=" + std::to_string(bits) + ",granularity=" + granularity.toStdString();
    const Matrix values = decoded("scalar:scale=fp32," + settings, weights);
    const auto unitOf = [&](Index r, Index c) -> Index {
        if (granularity == "tensor") return 0;
        if (granularity == "row") return r;
        return granularity == "column" ? c : 2 * r + c / 16;
    };
    std::map<Index, std::pair<double, double>> ranges;
    for (Index r = 0; r < 48; ++r) {
        for (Index c = 0; c < 32; ++c) {
            const double w = weights(r, c);
            auto& [low, high] = ranges.try_emplace(unitOf(r, c), w, w).first->second;
            low = std::min(low, w);
            high = std::max(high, w);
        }
    }
    double largest = 0.0;
    for (Index r = 0; r < 48; ++r) {
        for (Index c = 0; c < 32; ++c) {
            const auto [low, high] = ranges[unitOf(r, c)];
            const double step = (high - low) / (std::exp2(bits) - 1.0);
            const double expected = low + std::rint((weights(r, c) - low) / step) * step;
            const double off = std::abs(values(r, c) - expected);
            // Where a weight lies halfway between levels, either is right.
            if (off < 0.01 * step + 1e-5) continue;
            QVERIFY(std::abs(off / step - 1.0) < 0.05);
            QVERIFY(std::abs(std::abs(values(r, c) - weights(r, c)) / step - 0.5) < 0.02);
            largest += 1.0;
        }
    }
    QVERIFY(largest < 48.0 * 32.0 * 0.02);
    // Half as many bits for scales and zero points cost little.
    QVERIFY(nmse(weights, decoded("scalar:" + settings, weights)) <
            1.15 * nmse(weights, values) + 1e-7);
}

// Weights that hardly differ, or not at all, keep their digits.
void TestScalarSettings::keepsUnitsFarFromZero() {
    Matrix weights(3, 8);
    for (Index c = 0; c < 8; ++c) {
        weights(0, c) = 1000.0F + 0.001F * static_cast<float>(c);
        weights(1, c) = -7.25F;
        weights(2, c) = static_cast<float>(c) - 3.0F;
    }
    for (const char* scale : {"fp8", "fp16", "fp32"}) {
        const Matrix values =
            decoded(std::string("scalar:bits=8,scheme=range,scale=") + scale, weights);
        const double precision = std::string_view(scale) == "fp32" ? 1e-6 : 1.0 / 1024.0;
        for (Index c = 0; c < 8; ++c) {
            QVERIFY2(std::abs(values(0, c) - weights(0, c)) < 1000.0 * precision, scale);
            QVERIFY2(std::abs(values(1, c) - weights(1, c)) < 7.25 * precision, scale);
            QVERIFY2(std::abs(values(2, c) - weights(2, c)) < 0.025, scale);
        }
    }
}

// Scales in 8 bits are at most 1/16 larger than asked for, and codes belong to the larger ones.
void TestScalarSettings::storesScalesInEightBits() {
    Matrix weights = gaussian(64, 256, 31);
    for (Index r = 0; r < 64; ++r) {
        for (Index c = 0; c < 256; ++c)
            weights(r, c) *= std::exp2(static_cast<float>(r) / 8.0F);
    }
    const QuantizedTensor tensor = bench().quantize("scalar:bits=4,scale=fp8", weights);
    const std::vector<std::uint8_t>& bytes = tensor.encoded().section("scales").bytes;
    QCOMPARE(bytes.size(), std::size_t{4 + 64});
    std::int32_t base = 0;
    std::memcpy(&base, bytes.data(), 4);
    const Matrix values = test::decoded(tensor);
    for (Index r = 0; r < 64; ++r) {
        const int byte = bytes[4 + static_cast<std::size_t>(r)];
        const double relative = byte < 16 ? byte / 16.0 * std::exp2(-7)
                                          : (1.0 + byte % 16 / 16.0) * std::exp2(byte / 16 - 8);
        const double scale = std::ldexp(relative, base);
        double largest = 0.0;
        for (Index c = 0; c < 256; ++c)
            largest = std::max(largest, std::abs(static_cast<double>(weights(r, c))));
        QVERIFY(scale >= largest / 7.0 && scale <= largest / 7.0 * (1.0 + 1.0 / 16.0));
        for (Index c = 0; c < 256; ++c)
            QCOMPARE(values(r, c), static_cast<float>(std::rint(weights(r, c) / scale) * scale));
    }
}

// Codes of 8 bits, rounded again to 4: by hand.
void TestScalarSettings::readsAWiderCodeWithFewerBits() {
    const Matrix weights = gaussian(20, 100, 13);
    const Matrix values = decoded("scalar:bits=4,nested=8,scale=fp32", weights);
    for (Index r = 0; r < 20; ++r) {
        double largest = 0.0;
        for (Index c = 0; c < 100; ++c)
            largest = std::max(largest, std::abs(static_cast<double>(weights(r, c))));
        const double scale = static_cast<float>(largest / 127.0);
        for (Index c = 0; c < 100; ++c) {
            const double wide = std::clamp(std::rint(weights(r, c) / scale), -128.0, 127.0);
            const double narrow = std::clamp(std::rint(wide / 16.0), -8.0, 7.0);
            QCOMPARE(values(r, c), static_cast<float>(narrow * 16.0 * scale));
        }
    }
    // The full range of 8 bits is a little wider than that of 4, and rounding twice adds to it.
    QVERIFY(nmse(weights, values) < 1.3 * nmse(weights, decoded("scalar:bits=4", weights)));
    for (const char* impossible : {"bits=4,nested=4", "bits=4,nested=2", "bits=1,nested=8"}) {
        QVERIFY_EXCEPTION_THROWN(
            bench().registry().quantizer(
                SweptMethod::parse(std::string("scalar:") + impossible).method),
            Error);
    }
    QVERIFY(!bench().registry().quantizer(SweptMethod::parse("scalar:nested=8").method)->hasGrid());
}

// An exhaustive search over the clips, tables compared with those of repeated weights.
void TestScalarSettings::weighsByImportance() {
    const Matrix weights = gaussian(40, 24, 21);
    auto hessian = std::make_shared<Hessian>();
    hessian->size = 24;
    for (Index c = 0; c < 24; ++c)
        hessian->diagonal.push_back(c % 3 == 0 ? 5.0 : c % 3 == 1 ? 1.0 : 0.0);
    const SideInformation side{hessian};
    const auto values = [&](const std::string& method) {
        PhaseSeconds seconds;
        const auto quantizer = bench().registry().quantizer(SweptMethod::parse(method).method);
        return test::decoded(QuantizedTensor(
            quantizer->quantize(ViewSource(weights.view()), side, RunContext(1), seconds),
            bench().registry()));
    };
    const auto loss = [&](const Matrix& quantized, Index row) {
        double sum = 0.0;
        for (Index c = 0; c < 24; ++c) {
            const double error = static_cast<double>(weights(row, c)) - quantized(row, c);
            sum += error * error * hessian->diagonal[static_cast<std::size_t>(c)];
        }
        return sum;
    };
    const Matrix clipped = values("scalar:bits=3,clip=mse,importance=true,scale=fp32");
    for (Index r = 0; r < 40; ++r) {
        double largest = 0.0;
        for (Index c = 0; c < 24; ++c)
            largest = std::max(largest, std::abs(static_cast<double>(weights(r, c))));
        double least = std::numeric_limits<double>::infinity();
        for (int k = 0; k < 80; ++k) {
            const double scale = static_cast<float>(largest / 3.0 * (1.0 - k / 100.0));
            Matrix tried(40, 24);
            for (Index c = 0; c < 24; ++c) {
                const double code = std::clamp(std::rint(weights(r, c) / scale), -4.0, 3.0);
                tried(r, c) = static_cast<float>(code * scale);
            }
            least = std::min(least, loss(tried, r));
        }
        QVERIFY(loss(clipped, r) <= least * 1.0001);
    }
    // Weights that count five times are five weights; those that count nothing are none.
    Matrix repeated(40, 6 * 8);
    for (Index r = 0; r < 40; ++r) {
        for (Index i = 0; i < 8; ++i) {
            for (Index k = 0; k < 5; ++k)
                repeated(r, 6 * i + k) = weights(r, 3 * i);
            repeated(r, 6 * i + 5) = weights(r, 3 * i + 1);
        }
    }
    const auto table = [](const EncodedTensor& encoded) { return encoded.section("levels").bytes; };
    for (const char* levels : {"lloyd", "exact"}) {
        const std::string method =
            std::string("scalar:bits=3,granularity=tensor,scale=fp32,levels=") + levels;
        PhaseSeconds seconds;
        // The same scale, so that the tables have the same unit.
        double largest = 0.0;
        for (Index i = 0; i < repeated.view().size(); ++i)
            largest = std::max(largest, std::abs(static_cast<double>(repeated.data()[i])));
        Matrix bounded = weights;
        for (Index i = 0; i < bounded.view().size(); ++i) {
            bounded.data()[i] = std::clamp(bounded.data()[i], -static_cast<float>(largest),
                                           static_cast<float>(largest));
        }
        const auto weighed =
            bench()
                .registry()
                .quantizer(SweptMethod::parse(method + ",importance=true").method)
                ->quantize(ViewSource(bounded.view()), side, RunContext(1), seconds);
        const auto plain = bench()
                               .registry()
                               .quantizer(SweptMethod::parse(method).method)
                               ->quantize(ViewSource(repeated.view()), {}, RunContext(1), seconds);
        const auto left = table(weighed);
        const auto right = table(plain);
        QCOMPARE(left.size(), right.size());
        for (std::size_t i = 0; i < left.size(); i += 4) {
            float a = 0.0F;
            float b = 0.0F;
            std::memcpy(&a, left.data() + i, 4);
            std::memcpy(&b, right.data() + i, 4);
            QVERIFY2(std::abs(a - b) < 1e-5F, qPrintable(QString("%1 %2").arg(a).arg(b)));
        }
    }
    const auto quantizer =
        bench().registry().quantizer(SweptMethod::parse("scalar:importance=true").method);
    QVERIFY(quantizer->preflight(8, 24, side).warnings.size() == 1);
    QVERIFY(!quantizer->preflight(8, 23, side).refusal.empty());
}

// The exhaustive search is never worse than the iteration, and better where that gets stuck.
void TestScalarSettings::findsTheBestTableBySearch() {
    Matrix weights = gaussian(64, 512, 40);
    for (Index i = 0; i < weights.view().size(); ++i)
        weights.data()[i] *= weights.data()[i] * weights.data()[i];
    for (const int bits : {2, 4, 6}) {
        const std::string method =
            "scalar:granularity=tensor,scale=fp32,bits=" + std::to_string(bits);
        QVERIFY(nmse(weights, decoded(method + ",levels=exact", weights)) <=
                nmse(weights, decoded(method + ",levels=lloyd", weights)) * (1.0 + 1e-6));
    }
}

void TestScalarSettings::refusesTablesThatAreTooLarge() {
    try {
        bench().registry().quantizer(SweptMethod::parse("scalar:bits=9,levels=lloyd").method);
        QFAIL("no error");
    } catch (const Error& error) {
        QVERIFY(QString(error.what()).contains("512 levels"));
        QVERIFY(QString::fromStdString(error.remedy()).contains("bits <= 8"));
    }
}

void TestScalarSettings::remarksOnPointlessSettings() {
    const auto warnings = [](const char* method, Index rows, Index cols) {
        return bench()
            .registry()
            .quantizer(SweptMethod::parse(method).method)
            ->preflight(rows, cols, {})
            .warnings;
    };
    QVERIFY(warnings("scalar", 64, 64).empty());
    QCOMPARE(warnings("scalar:granularity=group,group=64", 64, 50).size(), std::size_t{1});
    QCOMPARE(warnings("scalar:bits=8,levels=lloyd", 8, 64).size(), std::size_t{1});
    const auto quantizer = bench().registry().quantizer(MethodSpec{"scalar", Json::object()});
    QVERIFY(!quantizer->preflight(0, 64, {}).refusal.empty());
    QVERIFY(!quantizer->preflight(64, 0, {}).refusal.empty());
}

QTEST_APPLESS_MAIN(TestScalarSettings)
#include "tst_scalar_settings.moc"
