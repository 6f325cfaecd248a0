// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>

#include "core/base/error.h"
#include "core/base/float16.h"
#include "plugins/kquant/kquant_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

const test::MethodBench& bench() {
    static const test::MethodBench made(std::make_shared<kquant::KquantMethod>());
    return made;
}

std::uint32_t bitsAt(const EncodedTensor& tensor, const char* section, std::size_t index,
                     int width) {
    const std::vector<std::uint8_t>& bytes = tensor.section(section).bytes;
    std::uint32_t value = 0;
    for (int i = 0; i < width; ++i) {
        const std::size_t at =
            index * static_cast<std::size_t>(width) + static_cast<std::size_t>(i);
        value |= (bytes[at / 8] >> (at % 8) & 1U) << i;
    }
    return value;
}

double halfAt(const EncodedTensor& tensor, std::size_t index) {
    return static_cast<double>(
        fromFloat16(static_cast<std::uint16_t>(bitsAt(tensor, "superblocks", index, 16))));
}

/// The value of one weight by the formulas of ggml's dequantize functions.
double plainValue(const EncodedTensor& tensor, const QString& layout, std::size_t weight) {
    constexpr int table[] = {-127, -104, -83, -65, -49, -35, -22, -10,
                             1,    13,   25,  38,  53,  69,  89,  113};
    const auto exponent = static_cast<std::int16_t>(bitsAt(tensor, "exponent", 0, 16));
    const bool isSuper = layout.endsWith("_k") || layout == "iq4_xs";
    const std::size_t super = weight / (isSuper ? 256 : 32);
    double value = 0.0;
    if (layout == "q4_0" || layout == "q5_0" || layout == "q8_0") {
        const int bits = layout.mid(1, 1).toInt();
        const int code = static_cast<int>(bitsAt(tensor, "codes", weight, bits));
        value = (code - (1 << (bits - 1))) * halfAt(tensor, super);
    } else if (layout == "q4_1" || layout == "q5_1") {
        const int bits = layout.mid(1, 1).toInt();
        value = bitsAt(tensor, "codes", weight, bits) * halfAt(tensor, 2 * super) -
                halfAt(tensor, 2 * super + 1);
    } else if (layout == "iq4_nl") {
        value = table[bitsAt(tensor, "codes", weight, 4)] * halfAt(tensor, super);
    } else if (layout == "iq4_xs") {
        const int scale = static_cast<int>(bitsAt(tensor, "scales", weight / 32, 6)) - 32;
        value = table[bitsAt(tensor, "codes", weight, 4)] * scale * halfAt(tensor, super);
    } else if (layout == "q3_k" || layout == "q6_k") {
        const int bits = layout.mid(1, 1).toInt();
        const int scaleBits = bits == 3 ? 6 : 8;
        const int scale = static_cast<int>(bitsAt(tensor, "scales", weight / 16, scaleBits)) -
                          (1 << (scaleBits - 1));
        const int code = static_cast<int>(bitsAt(tensor, "codes", weight, bits));
        value = (code - (1 << (bits - 1))) * scale * halfAt(tensor, super);
    } else {
        const int bits = layout.mid(1, 1).toInt();
        const std::size_t part = weight / (bits == 2 ? 16 : 32);
        const int width = bits == 2 ? 4 : 6;
        value = bitsAt(tensor, "codes", weight, bits) * halfAt(tensor, 2 * super) *
                    bitsAt(tensor, "scales", part, width) -
                halfAt(tensor, 2 * super + 1) * bitsAt(tensor, "minima", part, width);
    }
    return std::ldexp(value, exponent);
}

double weightedError(MatrixView x, MatrixView y, const std::vector<double>& importance) {
    double error = 0.0;
    for (Index r = 0; r < x.rows; ++r) {
        for (Index c = 0; c < x.cols; ++c) {
            const double difference = static_cast<double>(x(r, c)) - static_cast<double>(y(r, c));
            error += importance[static_cast<std::size_t>(c)] * difference * difference;
        }
    }
    return error;
}

}  // namespace

class TestKquant : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Bits from the sizes of llama.cpp's structs; errors of ggml's own quantizers on N(0,1) without
    // importance (peers' measurements), which ours must not exceed. Sampling noise: +-0.3 %.
    void isNoWorseThanGgml_data() {
        QTest::addColumn<double>("bits");
        QTest::addColumn<double>("ggml");
        const auto row = [](const char* layout, double bits, double ggml) {
            QTest::newRow(layout) << bits << ggml;
        };
        row("q2_k", 2.625, 0.08744);
        row("q3_k", 3.4375, 0.02278);
        row("q4_k", 4.5, 0.00509);
        row("q5_k", 5.5, 0.001306);
        row("q6_k", 6.5625, 0.0003145);
        row("iq4_xs", 4.25, 0.005882);
        row("iq4_nl", 4.5, 0.005792);
        row("q4_0", 4.5, 0.007378);
        row("q4_1", 5.0, 0.006116);
        row("q5_0", 5.5, 0.001823);
        row("q5_1", 6.0, 0.001434);
        row("q8_0", 8.5, 2.86e-05);
    }
    void isNoWorseThanGgml() {
        QFETCH(double, bits);
        QFETCH(double, ggml);
        const std::string method = std::string("kquant:layout=") + QTest::currentDataTag();
        const Matrix x = gaussian(512, 1024, 4);
        const QuantizedTensor tensor = bench().quantize(method, x);
        const double error = nmse(x.view(), decoded(tensor).view());
        qInfo("%.4g, ggml %.4g", error, ggml);
        QVERIFY2(error <= 1.003 * ggml, qPrintable(QString::number(error)));
        // The exponent that all superblocks share comes on top.
        const RateLedger rate = tensor.rate();
        QCOMPARE(rate.totalBits() - 16,
                 static_cast<std::uint64_t>(bits * static_cast<double>(x.view().size())));
        QCOMPARE(rate, bench().preflight(method, 512, 1024).rate);
    }

    void decodesAsDescribed_data() {
        QTest::addColumn<QString>("layout");
        QTest::addColumn<int>("cols");
        for (const char* layout : {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_xs", "iq4_nl",
                                   "q4_0", "q4_1", "q5_0", "q5_1", "q8_0"}) {
            for (const int cols : {1, 50, 256})
                QTest::newRow(qPrintable(QString("%1, %2").arg(layout).arg(cols)))
                    << layout << cols;
        }
    }
    void decodesAsDescribed() {
        QFETCH(QString, layout);
        QFETCH(int, cols);
        constexpr Index rows = 11;
        Matrix x = gaussian(rows, cols, 7);
        for (Index i = 0; i < x.view().size(); ++i)
            x.data()[i] *= 1e-12F;
        const QuantizedTensor tensor = bench().quantize("kquant:layout=" + layout.toStdString(), x);
        const Matrix values = decoded(tensor);
        for (Index r = 0; r < rows; ++r) {
            for (Index c = 0; c < cols; ++c) {
                const double expected =
                    plainValue(tensor.encoded(), layout, static_cast<std::size_t>(r * cols + c));
                QVERIFY(std::abs(static_cast<double>(values(r, c)) - expected) <= 1e-17);
                const std::vector<float> levels = tensor.levels(r, c);
                QVERIFY(std::ranges::find(levels, values(r, c)) != levels.end());
            }
        }
        QVERIFY(nmse(x.view(), values.view()) < (layout == "q2_k" ? 0.2 : 0.05));
    }

    // Uneven importance pays where it is used: the weighted error falls, the plain one rises.
    void weighsWithTheHessian_data() {
        QTest::addColumn<QString>("layout");
        for (const char* layout : {"q2_k", "q3_k", "q4_k", "q4_0", "iq4_xs"})
            QTest::newRow(layout) << layout;
    }
    void weighsWithTheHessian() {
        QFETCH(QString, layout);
        const Matrix x = gaussian(64, 512, 21);
        auto hessian = std::make_shared<Hessian>();
        hessian->size = 512;
        Random random(3);
        for (Index c = 0; c < 512; ++c)
            hessian->diagonal.push_back(std::exp(1.5 * random.normal()));
        const auto quantized = [&](const QString& rest) {
            PhaseSeconds seconds;
            const auto quantizer =
                bench().quantizer("kquant:layout=" + layout.toStdString() + rest.toStdString());
            return QuantizedTensor(
                quantizer->quantize(ViewSource(x.view()), {hessian}, RunContext(), seconds),
                bench().registry());
        };
        const Matrix with = decoded(quantized(""));
        const Matrix without = decoded(quantized(",importance=false"));
        QVERIFY(weightedError(x.view(), with.view(), hessian->diagonal) <
                0.97 * weightedError(x.view(), without.view(), hessian->diagonal));
        QVERIFY(nmse(x.view(), with.view()) > nmse(x.view(), without.view()));
    }

    void handlesZeros() {
        Matrix x(3, 256);
        x(2, 17) = -3.0F;
        for (const char* layout : {"q2_k", "q4_k", "q6_k", "iq4_xs", "q4_1", "q8_0"}) {
            const Matrix y = decoded(bench().quantize(std::string("kquant:layout=") + layout, x));
            for (Index c = 0; c < 256; ++c) {
                QCOMPARE(y(0, c), 0.0F);
                if (c / 32 != 0) QCOMPARE(y(2, c), 0.0F);
            }
            QVERIFY2(std::abs(y(2, 17) + 3.0F) < 0.05F, layout);
        }
    }

    void refusesInWords() {
        QVERIFY(!bench().preflight("kquant", 0, 8).refusal.empty());
        QVERIFY(QString::fromStdString(bench().preflight("kquant", 8, 8).warnings.front())
                    .contains("no multiple of 256"));
        const EncodedTensor good = bench().encode("kquant", ViewSource(gaussian(4, 64).view()));
        for (std::size_t i = 0; i < good.sections.size(); ++i) {
            EncodedTensor cut = good;
            cut.sections[i].bytes.pop_back();
            QString message;
            try {
                const QuantizedTensor tensor(cut, bench().registry());
            } catch (const Error& error) {
                message = QString::fromStdString(error.fullText());
            }
            QVERIFY(message.contains("damaged"));
        }
    }
};

QTEST_APPLESS_MAIN(TestKquant)
#include "tst_kquant.moc"
