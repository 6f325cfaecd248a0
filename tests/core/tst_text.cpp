// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <clocale>

#include "core/base/text.h"

using namespace quantscope;

class TextTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void significantDigits_data() {
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("text");
        QTest::newRow("zero") << 0.0 << "0";
        QTest::newRow("one") << 1.0 << "1.00";
        QTest::newRow("small") << 0.0119075 << "0.0119";
        QTest::newRow("tiny") << 3.63077e-05 << "3.63e-05";
        QTest::newRow("rounds up") << 0.9996 << "1.00";
        QTest::newRow("negative") << -12.345 << "-12.3";
        QTest::newRow("hundreds") << 512.0 << "512";
        QTest::newRow("large") << 1048576.0 << "1048576";
        QTest::newRow("huge") << 1.5e9 << "1.50e+09";
        QTest::newRow("infinite") << std::numeric_limits<double>::infinity() << "inf";
    }
    void significantDigits() {
        QFETCH(double, value);
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(formatSignificant(value)), text);
    }

    void bytes() {
        QCOMPARE(formatBytes(0), std::string("0 B"));
        QCOMPARE(formatBytes(999), std::string("999 B"));
        QCOMPARE(formatBytes(1040000), std::string("1.04 MB"));
        QCOMPARE(formatBytes(999'999), std::string("1.00 MB"));
        QCOMPARE(formatBytes(~std::uint64_t{0}), std::string("18447 PB"));
    }

    void bytesAreReadAsPeopleWriteThem_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("valid");
        QTest::addColumn<quint64>("bytes");
        QTest::newRow("plain") << "65536" << true << quint64{65536};
        QTest::newRow("decimal") << "4GB" << true << quint64{4'000'000'000};
        QTest::newRow("space and case") << "1.5 mb" << true << quint64{1'500'000};
        QTest::newRow("binary") << "2GiB" << true << quint64{2} * 1024 * 1024 * 1024;
        QTest::newRow("no B") << "3k" << true << quint64{3000};
        QTest::newRow("bytes") << "7 B" << true << quint64{7};
        QTest::newRow("negative") << "-1GB" << false << quint64{0};
        QTest::newRow("unknown unit") << "4XB" << false << quint64{0};
        QTest::newRow("two units") << "4GMB" << false << quint64{0};
        QTest::newRow("no number") << "GB" << false << quint64{0};
        QTest::newRow("comma") << "1,5GB" << false << quint64{0};
        QTest::newRow("too large") << "99999PB" << false << quint64{0};
        QTest::newRow("empty") << "" << false << quint64{0};
    }

    void bytesAreReadAsPeopleWriteThem() {
        QFETCH(QString, text);
        QFETCH(bool, valid);
        QFETCH(quint64, bytes);
        std::uint64_t read = 0;
        QCOMPARE(parseBytes(text.toStdString(), read), valid);
        if (valid) QCOMPARE(quint64{read}, bytes);
    }

    void numbersReadBack() {
        for (const double value : {0.1, 1.0 / 3.0, 6.02e23, -5e-324, 3.0}) {
            double read = 0.0;
            QVERIFY(parseNumber(formatNumber(value), read));
            QCOMPARE(read, value);
        }
        double value = 0.0;
        std::int64_t whole = 0;
        QVERIFY(!parseNumber("1,5", value));
        QVERIFY(!parseNumber("1.5x", value));
        QVERIFY(!parseNumber("", value));
        QVERIFY(!parseNumber("1.5", whole));
        QVERIFY(parseNumber("+4", whole));
        QCOMPARE(whole, 4);
    }

    // CTest runs this twice, the second time in a locale with a decimal comma; here it is taken on.
    void numbersIgnoreTheDesktopsLocale() {
        QVERIFY(std::setlocale(LC_ALL, "") != nullptr);
        if (qEnvironmentVariableIsSet("QUANTSCOPE_DECIMAL_COMMA")) {
            QCOMPARE(std::localeconv()->decimal_point, ",");
        }
        const std::string text = formatNumber(0.5) + " " + formatSignificant(1.25);
        double value = 0.0;
        const bool parsed = parseNumber("2.5", value);
        double ignored = 0.0;
        const bool comma = parseNumber("2,5", ignored);
        std::setlocale(LC_ALL, "C");
        QCOMPARE(text, std::string("0.5 1.25"));
        QVERIFY(parsed && !comma);
        QCOMPARE(value, 2.5);
    }

    void globs_data() {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("matches");
        QTest::newRow("all") << "*"
                             << "a/b" << true;
        QTest::newRow("middle") << "*.down_proj.*"
                                << "model.layers.2.mlp.down_proj.weight" << true;
        QTest::newRow("last part") << "kernel:0"
                                   << "dense/dense/kernel:0" << true;
        QTest::newRow("path") << "dense/*:0"
                              << "dense/dense/kernel:0" << true;
        QTest::newRow("other path") << "conv/*"
                                    << "dense/conv/kernel:0" << false;
        QTest::newRow("one character") << "layer?"
                                       << "layer12" << false;
        QTest::newRow("set") << "layers.[0-2].w"
                             << "layers.1.w" << true;
        QTest::newRow("outside set") << "layers.[0-2].w"
                                     << "layers.3.w" << false;
        QTest::newRow("open bracket") << "a[b"
                                      << "a[b" << true;
        QTest::newRow("prefix only") << "model"
                                     << "model.weight" << false;
    }
    void globs() {
        QFETCH(QString, pattern);
        QFETCH(QString, text);
        QFETCH(bool, matches);
        QCOMPARE(matchesGlob(pattern.toStdString(), text.toStdString()), matches);
    }

    void nearestWordFindsTypos() {
        const std::vector<std::string> words = {"scalar", "pq", "rvq", "mixed"};
        QCOMPARE(nearestWord("scaler", words), std::string("scalar"));
        QCOMPARE(nearestWord("rqv", words), std::string("rvq"));
        QCOMPARE(nearestWord("trellis", words), std::string());
        QCOMPARE(editDistance("kitten", "sitting"), 3);
    }
};

QTEST_APPLESS_MAIN(TextTest)
#include "tst_text.moc"
