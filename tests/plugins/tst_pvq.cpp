// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <cstdlib>
#include <map>

#include "core/base/error.h"
#include "core/base/float16.h"
#include "core/base/parallel.h"
#include "plugins/pvq/pulse_index.h"
#include "plugins/pvq/pulse_search.h"
#include "plugins/pvq/pvq_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using pvq::PulseIndex;
using pvq::Words;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const test::MethodBench& bench() {
    static const test::MethodBench made(std::make_shared<pvq::PvqMethod>());
    return made;
}

using Vectors = std::vector<std::vector<int>>;

// All vectors in the order that PulseIndex describes, by recursion.
Vectors allVectors(int dim, int pulses) {
    if (dim == 0) return pulses == 0 ? Vectors{{}} : Vectors{};
    Vectors all;
    for (int step = 0; step <= 2 * pulses; ++step) {
        const int value = step % 2 == 1 ? (step + 1) / 2 : -step / 2;
        for (const std::vector<int>& rest : allVectors(dim - 1, pulses - std::abs(value))) {
            all.push_back({value});
            all.back().insert(all.back().end(), rest.begin(), rest.end());
        }
    }
    return all;
}

double cosine(std::span<const float> x, std::span<const int> y) {
    double product = 0.0;
    double xx = 0.0;
    double yy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        product += static_cast<double>(x[i]) * y[i];
        xx += static_cast<double>(x[i]) * static_cast<double>(x[i]);
        yy += static_cast<double>(y[i]) * y[i];
    }
    return product / std::sqrt(xx * yy);
}

}  // namespace

class TestPvq : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void numbersAllVectors_data() {
        QTest::addColumn<int>("dim");
        QTest::addColumn<int>("pulses");
        for (const auto& [dim, pulses] : {std::pair{1, 1}, {1, 5}, {2, 3}, {3, 4}, {5, 3}, {6, 5}})
            QTest::addRow("%d, %d", dim, pulses) << dim << pulses;
    }
    void numbersAllVectors() {
        QFETCH(int, dim);
        QFETCH(int, pulses);
        const Vectors all = allVectors(dim, pulses);
        const PulseIndex index(dim, pulses);
        Words number;
        std::vector<int> back(static_cast<std::size_t>(dim));
        for (std::size_t i = 0; i < all.size(); ++i) {
            index.encode(all[i], number);
            QCOMPARE(std::size_t{number[0]}, i);
            index.decode(number, back);
            QVERIFY(back == all[i]);
        }
        QCOMPARE(index.bits(), std::max(1, static_cast<int>(std::ceil(std::log2(all.size())))));
        // In one dimension any number of pulses has two vectors.
        QCOMPARE(PulseIndex::mostPulses(dim, pulses, index.bits()), pulses);
        if (dim > 1 && pulses > 1) {
            QVERIFY(PulseIndex::mostPulses(dim, pulses, index.bits() - 1) < pulses);
        }
    }

    // log2 V(N,K) with whole numbers of any length (Python): 28.53, 193.61, 262.78.
    void hasRoomForLongIndices_data() {
        QTest::addColumn<int>("dim");
        QTest::addColumn<int>("pulses");
        QTest::addColumn<int>("bits");
        QTest::newRow("16, 10") << 16 << 10 << 29;
        QTest::newRow("64, 98") << 64 << 98 << 194;
        QTest::newRow("64, 215") << 64 << 215 << 263;
    }
    void hasRoomForLongIndices() {
        QFETCH(int, dim);
        QFETCH(int, pulses);
        QFETCH(int, bits);
        const PulseIndex index(dim, pulses);
        QCOMPARE(index.bits(), bits);
        Words number;
        std::vector<int> y(static_cast<std::size_t>(dim));
        std::vector<int> back(y.size());
        const Matrix x = gaussian(50, dim, 2);
        for (Index r = 0; r < x.rows(); ++r) {
            pvq::placePulses(x.view().row(r), pulses, y);
            index.encode(y, number);
            index.decode(number, back);
            QVERIFY(back == y);
        }
    }

    void searchIsNearlyTheBest() {
        const Vectors all = allVectors(5, 6);
        const Matrix x = gaussian(200, 5, 2);
        std::vector<int> y(5);
        int missed = 0;
        double worst = 1.0;
        for (Index r = 0; r < x.rows(); ++r) {
            const std::span<const float> row = x.view().row(r);
            const float gain = pvq::placePulses(row, 6, y);
            int sum = 0;
            double squares = 0.0;
            double product = 0.0;
            for (std::size_t i = 0; i < y.size(); ++i) {
                sum += std::abs(y[i]);
                squares += static_cast<double>(y[i]) * y[i];
                product += static_cast<double>(row[i]) * y[i];
            }
            QCOMPARE(sum, 6);
            QVERIFY(std::abs(static_cast<double>(gain) - product / std::sqrt(squares)) < 1e-5);
            double best = -1.0;
            for (const std::vector<int>& candidate : all)
                best = std::max(best, cosine(row, candidate));
            worst = std::min(worst, cosine(row, y) / best);
            missed += cosine(row, y) < best - 1e-9 ? 1 : 0;
        }
        // The best one is missed by single pulses, in a few of 200 vectors.
        QVERIFY2(worst > 0.98, qPrintable(QString::number(worst)));
        QVERIFY2(missed < 10, qPrintable(QString::number(missed)));
    }

    // Simulated in methods.md, gains of 4, 5 and 6 bits; indices are rounded up to whole bits here.
    void reachesTheReference_data() {
        QTest::addColumn<double>("bits");
        QTest::addColumn<double>("mse");
        QTest::newRow("pvq:n=16,pulses=10,gain=4") << 2.03 << 0.1106;
        QTest::newRow("pvq:n=64,pulses=98,gain=5") << 3.10 << 0.0217;
        QTest::newRow("pvq:n=64,pulses=215,gain=6") << 4.20 << 0.0048;
    }
    void reachesTheReference() {
        QFETCH(double, bits);
        QFETCH(double, mse);
        const Matrix x = gaussian(256, 1024, 9);
        const QuantizedTensor tensor = bench().quantize(QTest::currentDataTag(), x);
        const double error = nmse(x.view(), decoded(tensor).view());
        qInfo("%.4f bits %.5f", tensor.rate().bitsPerWeight(x.view().size()), error);
        QVERIFY(std::abs(tensor.rate().bitsPerWeight(x.view().size()) - bits) < 0.04);
        QVERIFY2(std::abs(error / mse - 1.0) < 0.02, qPrintable(QString::number(error)));
    }

    void keepsToItsBits() {
        const Matrix x = gaussian(64, 256, 9);
        double before = 1.0;
        for (const double bits : {1.0, 2.0, 3.0, 4.5}) {
            const std::string method = "pvq:n=32,bits=" + std::to_string(bits);
            const QuantizedTensor tensor = bench().quantize(method, x);
            QCOMPARE(tensor.rate(), bench().preflight(method, 64, 256).rate);
            const auto codes = static_cast<double>(tensor.rate()[RatePart::Codes] +
                                                   tensor.rate()[RatePart::Scales]);
            QVERIFY(codes / (64 * 256) <= bits && codes / (64 * 256) > bits - 0.2);
            const double error = nmse(x.view(), decoded(tensor).view());
            QVERIFY(error < 0.6 * before);
            before = error;
        }
    }

    void decodesAsDescribed() {
        constexpr Index rows = 3;
        constexpr Index cols = 11;
        const QuantizedTensor tensor =
            bench().quantize("pvq:n=4,pulses=5,gain=3", gaussian(rows, cols, 1));
        const Vectors all = allVectors(4, 5);
        const int width = static_cast<int>(std::ceil(std::log2(all.size())));
        const auto bitsAt = [&](const char* name, std::size_t first, int count) {
            const std::vector<std::uint8_t>& bytes = tensor.encoded().section(name).bytes;
            std::size_t value = 0;
            for (int i = 0; i < count; ++i) {
                const std::size_t at = first + static_cast<std::size_t>(i);
                value |= static_cast<std::size_t>(bytes[at / 8] >> (at % 8) & 1) << i;
            }
            return value;
        };
        const auto exponent = static_cast<std::int16_t>(bitsAt("codebook/exponent", 0, 16));
        const Matrix values = decoded(tensor);
        for (Index r = 0; r < rows; ++r) {
            for (Index c = 0; c < cols; ++c) {
                const auto vector = static_cast<std::size_t>(r * 3 + c / 4);
                const std::vector<int>& y =
                    all[bitsAt("codes", vector * static_cast<std::size_t>(width), width)];
                const std::size_t gainCode = bitsAt("gains", 3 * vector, 3);
                const auto half =
                    static_cast<std::uint16_t>(bitsAt("codebook/gains", 16 * gainCode, 16));
                const double gain =
                    std::ldexp(static_cast<double>(fromFloat16(half)) / 2048.0, exponent);
                double squares = 0.0;
                for (const int pulse : y)
                    squares += static_cast<double>(pulse) * pulse;
                const double expected =
                    y[static_cast<std::size_t>(c % 4)] * gain / std::sqrt(squares);
                QVERIFY(std::abs(static_cast<double>(values(r, c)) - expected) < 1e-6);
            }
        }
    }

    void sameBitsAtAnyThreadCount() {
        // Many ranges of rows, read from memory and in blocks.
        const Matrix x = gaussian(6000, 64, 4);
        const EncodedTensor one = bench().encode("pvq", ViewSource(x.view()));
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                QVERIFY(test::sameBits(one, bench().encode("pvq", test::BlockSource(x.view()))));
            });
        }
    }

    // 16 weights: 5 bits for the place and sign of one pulse, 4 for the gain.
    void judgesItsBudget() {
        const Preflight tooSmall = bench().preflight("pvq:bits=0.55", 8, 64);
        QVERIFY2(tooSmall.refusal.find("5 bits for its only pulse and 4") != std::string::npos,
                 tooSmall.refusal.c_str());
        QVERIFY(bench().preflight("pvq:bits=0.5625", 8, 64).refusal.empty());
        QVERIFY(bench().preflight("pvq:pulses=1", 8, 64).refusal.empty());
        // Two weights: V(2,K) = 4K, 11 bits for 512 pulses.
        const Preflight capped = bench().preflight("pvq:n=2,bits=8", 8, 64);
        QVERIFY(capped.refusal.empty());
        QCOMPARE(capped.warnings.size(), std::size_t{1});
        QVERIFY2(capped.warnings[0].find("take 7.50 of the 8.00 bits") != std::string::npos,
                 capped.warnings[0].c_str());
        QVERIFY(bench().preflight("pvq:n=2,bits=7.5", 8, 64).warnings.empty());
    }

    void neverDecodesToInfinity() {
        constexpr float largest = std::numeric_limits<float>::max();
        Matrix x(2, 32);
        std::ranges::fill(x.span().row(0), largest);
        x(1, 5) = -largest;
        const Matrix y = decoded(bench().quantize("pvq", x));
        for (Index i = 0; i < 64; ++i)
            QVERIFY(std::isfinite(y.data()[i]));
        // The gain itself cannot be larger than the largest float.
        QVERIFY(nmse(x.view(), y.view()) < 0.7);
    }

    void handlesZerosAndDamage() {
        Matrix x(5, 32);
        QCOMPARE(nmse(gaussian(5, 32).view(), decoded(bench().quantize("pvq", x)).view()), 1.0);
        x(2, 3) = -4.0F;
        QVERIFY(nmse(x.view(), decoded(bench().quantize("pvq", x)).view()) < 1e-5);
        QVERIFY(!bench().preflight("pvq", 0, 5).refusal.empty());
        EncodedTensor cut = bench().encode("pvq", ViewSource(x.view()));
        for (std::size_t i = 0; i < cut.sections.size(); ++i) {
            EncodedTensor damaged = cut;
            damaged.sections[i].bytes.pop_back();
            QVERIFY_EXCEPTION_THROWN(QuantizedTensor(damaged, bench().registry()), Error);
        }
    }
};

QTEST_APPLESS_MAIN(TestPvq)
#include "tst_pvq.moc"
