// SPDX-License-Identifier: GPL-3.0-or-later
#include <QGuiApplication>
#include <QTest>
#include <cmath>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/label_placer.h"
#include "app/plots/levels_plot.h"
#include "app/plots/plot_text.h"
#include "plot_samples.h"

using namespace quantscope;

namespace {

QPalette paletteOf(const QColor& base, const QColor& text) {
    QPalette palette;
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::Highlight, QColor(0x30, 0x8c, 0xc6));
    return palette;
}

}  // namespace

class TestPlotStyle : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void contrastIsThatOfWcag() {
        QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
        QCOMPARE(contrastRatio(Qt::red, Qt::red), 1.0);
        // Relative luminance of pure red is 0.2126: (1 + 0.05) / (0.2126 + 0.05).
        QVERIFY(std::abs(contrastRatio(Qt::red, Qt::white) - 1.05 / 0.2626) < 1e-6);
    }

    void everythingIsSeen_data() {
        QTest::addColumn<QColor>("base");
        QTest::addColumn<QColor>("text");
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << QColor(Qt::white) << QColor(Qt::black) << false;
        QTest::newRow("paper") << QColor(0xf7, 0xf3, 0xe8) << QColor(0x20, 0x20, 0x20) << false;
        QTest::newRow("dark") << QColor(0x1e, 0x1f, 0x22) << QColor(0xdf, 0xe1, 0xe5) << true;
        QTest::newRow("black") << QColor(Qt::black) << QColor(Qt::white) << true;
    }
    void everythingIsSeen() {
        QFETCH(QColor, base);
        QFETCH(QColor, text);
        QFETCH(bool, dark);
        const PlotStyle style = PlotStyle::forWindow(paletteOf(base, text), QFont());
        QCOMPARE(style.dark, dark);
        QVERIFY(contrastRatio(style.text, base) > 10.0);
        QVERIFY(contrastRatio(style.secondaryText, base) >= 4.5);
        QVERIFY(contrastRatio(style.accent, base) >= 3.0);
        QVERIFY(contrastRatio(style.warning, base) >= 4.5);
        // A tenth of the way from the background to the text.
        QVERIFY(std::abs((style.grid.redF() - base.redF()) / (text.redF() - base.redF()) - 0.1) <
                0.01);
        for (const char* family : {"scalar", "pq", "rvq", "mixed", "lattice", "tcq"}) {
            const QCPScatterStyle mark = scatterStyle(familyMark(family), MarkState::Front, style);
            QVERIFY2(contrastRatio(mark.pen().color(), base) >= 3.0, family);
        }
    }

    void sizesFollowTheFont() {
        QFont large;
        large.setPixelSize(26);
        QFont small;
        small.setPixelSize(13);
        const QPalette palette = paletteOf(Qt::white, Qt::black);
        const PlotStyle big = PlotStyle::forWindow(palette, large);
        const PlotStyle little = PlotStyle::forWindow(palette, small);
        QCOMPARE(big.em, 2.0 * little.em);
        QCOMPARE(big.pixels(1.0), 2 * little.pixels(1.0));
        QVERIFY(scatterStyle(familyMark("pq"), MarkState::Front, big).size() >
                1.9 * scatterStyle(familyMark("pq"), MarkState::Front, little).size());
        QCOMPARE(PlotStyle::forFigure(9.0).em, 36.0);  // 9 pt at 288 units per inch.
    }

    void plotFollowsThePalette() {
        LevelsPlot plot;
        plot.setData(samples::levels(3));
        plot.setPalette(paletteOf(Qt::white, Qt::black));
        QVERIFY(!plot.plotStyle().dark);
        plot.setPalette(paletteOf(Qt::black, Qt::white));
        QVERIFY(plot.plotStyle().dark);
        QCOMPARE(plot.xAxis->labelColor(), QColor(Qt::white));
        QVERIFY(plot.graphCount() > 0);
    }

    void viridisGrowsLighter() {
        QCPColorGradient gradient = viridis();
        double last = -1.0;
        for (int i = 0; i <= 20; ++i) {
            const QColor color = QColor::fromRgb(gradient.color(i / 20.0, {0.0, 1.0}));
            const double lightness = contrastRatio(color, Qt::black);
            QVERIFY(lightness > last);
            last = lightness;
        }
        QCOMPARE(QColor::fromRgb(gradient.color(0.0, {0.0, 1.0})).name(),
                 QStringLiteral("#440154"));
    }

    void ticksReadWell_data() {
        QTest::addColumn<bool>("log");
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        QTest::addColumn<QStringList>("expected");  // Among the labels.
        QTest::newRow("fractions") << false << 0.0 << 2.0 << QStringList{"0", "1.00", "1.50"};
        QTest::newRow("whole") << false << 0.0 << 8.0 << QStringList{"0", "2", "4", "8"};
        QTest::newRow("small") << false << 0.0 << 0.004 << QStringList{"0", "0.0010", "0.0040"};
        QTest::newRow("huge") << false << 0.0 << 4e30 << QStringList{"1e+30", "4e+30"};
        QTest::newRow("negative") << false << -0.4 << 0.4 << QStringList{"-0.2", "0", "0.2"};
        QTest::newRow("decades") << true << 1e-6 << 1.0 << QStringList{"1e-6", "0.01", "1"};
        QTest::newRow("two decades")
            << true << 0.01 << 1.0 << QStringList{"0.01", "0.02", "0.05", "0.1", "1"};
        QTest::newRow("within a decade") << true << 2.0 << 6.0 << QStringList{"2.0", "4.0", "6.0"};
        QTest::newRow("sixty decades") << true << 1e-30 << 1e30 << QStringList{"1e-30", "1"};
    }
    void ticksReadWell() {
        QFETCH(bool, log);
        QFETCH(double, low);
        QFETCH(double, high);
        QFETCH(QStringList, expected);
        QCustomPlot plot;
        plot.setViewport(QRect(0, 0, 640, 480));
        QCPAxis* axis = plot.yAxis;
        const auto ticker =
            log ? QSharedPointer<QCPAxisTicker>(new LogTicker(axis))
                : QSharedPointer<QCPAxisTicker>(new LinearTicker(axis, LinearTicker::Values::Real));
        QVector<double> ticks;
        QVector<QString> labels;
        QVector<double> subTicks;
        ticker->generate({low, high}, QLocale(QLocale::German), 'g', 6, ticks, &subTicks, &labels);
        QCOMPARE(ticks.size(), labels.size());
        QVERIFY2(ticks.size() >= 3 && ticks.size() <= 11,
                 qPrintable(QString::number(ticks.size())));
        for (const QString& label : expected) {
            QVERIFY2(labels.contains(label), qPrintable(QStringList(labels).join(u' ')));
        }
        QCOMPARE(QSet<QString>(labels.begin(), labels.end()).size(), labels.size());
        for (int i = 0; i < ticks.size(); ++i) {
            const double read = labels[i].toDouble();
            QVERIFY2(std::abs(read - ticks[i]) <= 1e-9 * (std::abs(low) + std::abs(high)),
                     qPrintable(labels[i]));
        }
    }

    void wholeAndPercentTicks() {
        QCustomPlot plot;
        plot.setViewport(QRect(0, 0, 640, 480));
        QVector<double> ticks;
        QVector<QString> labels;
        LinearTicker whole(plot.xAxis, LinearTicker::Values::Whole);
        whole.generate({0.5, 3.5}, QLocale::c(), 'g', 6, ticks, nullptr, &labels);
        QCOMPARE(labels, (QVector<QString>{"1", "2", "3"}));
        LinearTicker percent(plot.yAxis, LinearTicker::Values::Percent);
        percent.generate({0.0, 0.04}, QLocale::c(), 'g', 6, ticks, nullptr, &labels);
        QVERIFY(labels.contains("2") || labels.contains("2.0"));
        QCOMPARE(ticks.last(), 0.04);
    }

    void labelsKeepApart() {
        LabelPlacer placer(QRectF(0, 0, 200, 100));
        const QSizeF size(60, 12);
        const QRectF mark(95, 45, 10, 10);
        placer.block(mark);
        std::vector<QRectF> placed;
        while (const auto place = placer.placeBeside(mark, size, 3.0, true)) {
            QRectF box(QPointF(), size);
            box.moveCenter(place->center);
            QVERIFY(QRectF(0, 0, 200, 100).contains(box));
            QVERIFY(!box.intersects(mark));
            for (const QRectF& other : placed)
                QVERIFY(!box.intersects(other));
            placed.push_back(box);
        }
        QVERIFY(placed.size() >= 3);
    }

    void labelFollowsItsLine() {
        LabelPlacer placer(QRectF(0, 0, 300, 300));
        const std::vector<QPointF> line = {{0, 0}, {300, 300}};
        placer.blockLine(line, 1.0);
        const auto place = placer.placeAlong(line, QSizeF(80, 12), 2.0, true);
        QVERIFY(place.has_value());
        QVERIFY(std::abs(place->degrees - 45.0) < 1e-9);
        // Below a line that falls to the right is where y exceeds x; 8 px away from it.
        const double distance = (place->center.y() - place->center.x()) / std::sqrt(2.0);
        QVERIFY(std::abs(distance - 8.0) < 1e-9);
        LabelPlacer full(QRectF(0, 0, 300, 300));
        full.block(QRectF(0, 0, 300, 300));
        QVERIFY(!full.placeAlong(line, QSizeF(80, 12), 2.0, true).has_value());
    }

    void textsAreForPeople() {
        QCOMPARE(countText(4096), QStringLiteral("4,096"));
        QCOMPARE(countText(1, "trial", "trials"), QStringLiteral("1 trial"));
        QCOMPARE(countText(20'000, "trial", "trials"), QStringLiteral("20,000 trials"));
        QCOMPARE(percentText(0.0123456), QStringLiteral("1.23 %"));
        QCOMPARE(axisTitle("SQNR", "dB"), QStringLiteral("SQNR (dB)"));
        QCOMPARE(axisTitle("NMSE", ""), QStringLiteral("NMSE"));
        QCOMPARE(axisTitle("Entropy-coded bits per weight", "bits per weight"),
                 QStringLiteral("Entropy-coded bits per weight"));
    }
};

QTEST_MAIN(TestPlotStyle)
#include "tst_plot_style.moc"
