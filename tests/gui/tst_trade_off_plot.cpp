// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <cmath>
#include <limits>
#include <set>

#include "app/plots/family_mark.h"
#include "app/plots/trade_off_plot.h"
#include "core/base/text.h"
#include "plot_samples.h"

using namespace quantscope;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// Shown offscreen, laid out and drawn once.
void present(PlotWidget& plot) {
    plot.resize(640, 420);
    plot.show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    plot.replot(QCustomPlot::rpImmediateRefresh);
}

QPoint center(const PlotWidget& plot, int mark) {
    return plot.markRect(mark).center().toPoint();
}

void wheel(PlotWidget& plot, const QPoint& position, int notches) {
    QWheelEvent event(position, plot.mapToGlobal(position), {}, QPoint(0, 120 * notches),
                      Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&plot, &event);
}

// A place with no point within reach: the front falls from upper left to lower right.
QPoint emptyPlace(const PlotWidget& plot) {
    return plot.axisRect()->rect().bottomLeft() + QPoint(20, -20);
}

const QSet<QString>& trials(const QSignalSpy& spy, int index) {
    static QSet<QString> result;
    result = spy.at(index).at(0).value<QSet<QString>>();
    return result;
}

}  // namespace

class TestTradeOffPlot : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pointsLieAtTheirValues_data() {
        QTest::addColumn<bool>("decibels");
        QTest::newRow("logarithmic NMSE") << false;
        QTest::newRow("SQNR in dB") << true;
    }
    void pointsLieAtTheirValues() {
        QFETCH(bool, decibels);
        TradeOffPlot plot;
        plot.setData(samples::tradeOff(decibels));
        present(plot);
        QCOMPARE(plot.logValues(), !decibels);
        QCOMPARE(plot.markCount(), static_cast<int>(plot.data().points.size()));
        const QRectF area(plot.axisRect()->rect());
        for (int i = 0; i < plot.markCount(); ++i) {
            const TradeOffPoint& point = plot.data().points[static_cast<std::size_t>(i)];
            const QPointF pixel = plot.markRect(i).center();
            QVERIFY2(area.contains(pixel), qPrintable(point.method));
            QVERIFY(std::abs(plot.xAxis->pixelToCoord(pixel.x()) - point.bitsPerWeight) < 1e-9);
            QVERIFY(std::abs(plot.yAxis->pixelToCoord(pixel.y()) / point.value - 1.0) < 1e-9);
        }
    }

    void axisTitlesHaveUnits() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff(true));
        QCOMPARE(plot.xAxis->label(), QStringLiteral("Bits per weight"));
        QCOMPARE(plot.yAxis->label(), QStringLiteral("SQNR (dB)"));
        plot.setData(samples::tradeOff(false));
        QCOMPARE(plot.yAxis->label(), QStringLiteral("NMSE"));
    }

    void scaleFollowsTheMetric_data() {
        QTest::addColumn<QString>("unit");
        QTest::addColumn<bool>("lowerIsBetter");
        QTest::addColumn<QList<double>>("values");
        QTest::addColumn<bool>("log");
        QTest::newRow("error over decades") << "" << true << QList{0.1, 0.001} << true;
        QTest::newRow("error within a decade") << "" << true << QList{0.1, 0.02} << false;
        QTest::newRow("one value") << "" << true << QList{0.1} << false;
        QTest::newRow("decibels") << "dB" << false << QList{1.0, 50.0} << false;
        QTest::newRow("shares up to 1") << "" << false << QList{0.01, 1.0} << false;
        QTest::newRow("perplexities") << "" << false << QList{2.0, 250.0} << true;
        QTest::newRow("mostly zeros") << "" << true << QList{0.0, 0.0, 0.0, 1.0, 90.0} << false;
        QTest::newRow("one exact result") << "" << true << QList{0.1, 0.001, 0.0} << true;
        QTest::newRow("nothing positive") << "" << true << QList{0.0, -1.0} << false;
        QTest::newRow("infinite") << "" << true << QList{infinite, infinite} << false;
    }
    void scaleFollowsTheMetric() {
        QFETCH(QString, unit);
        QFETCH(bool, lowerIsBetter);
        QFETCH(QList<double>, values);
        QFETCH(bool, log);
        const std::string unitText = unit.toStdString();
        const MetricInfo metric{
            "m", "Metric", unitText, lowerIsBetter ? Better::Lower : Better::Higher, "", ""};
        TradeOffPlot plot;
        plot.setData(samples::plainTradeOff({values.begin(), values.end()}, metric));
        QCOMPARE(plot.logValues(), log);
        present(plot);
        plot.setLogValues(!log);
        const bool possible = std::ranges::any_of(
            values, [](double value) { return std::isfinite(value) && value > 0.0; });
        QCOMPARE(plot.logValues(), possible && !log);
    }

    void valuesOffTheAxisAreTold() {
        TradeOffPlot plot;
        plot.setData(samples::plainTradeOff({0.1, 0.001, 0.0, infinite}, samples::nmse()));
        present(plot);
        QCOMPARE(plot.notes(), QStringList({"1 point of value 0 at the lower edge",
                                            "1 point without a finite value not drawn"}));
        QVERIFY(plot.axisRect()->rect().contains(center(plot, 2)));
        QVERIFY(plot.markRect(2).center().y() > plot.markRect(1).center().y());
        QVERIFY(plot.markRect(3).isNull());
    }

    void remarksAreShown() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOffOfTensors());
        QCOMPARE(plot.notes(), QStringList("2 failed trials are not shown"));
    }

    void clickSelects() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        QTest::mouseClick(&plot, Qt::LeftButton, {}, center(plot, 4));
        QCOMPARE(spy.size(), 1);
        QCOMPARE(trials(spy, 0), QSet<QString>{"t4"});
        QCOMPARE(spy[0][1].toString(), QStringLiteral("t4"));
        QTest::mouseClick(&plot, Qt::LeftButton, Qt::ControlModifier, center(plot, 9));
        QCOMPARE(trials(spy, 1), (QSet<QString>{"t4", "t9"}));
        QTest::mouseClick(&plot, Qt::LeftButton, Qt::ControlModifier, center(plot, 4));
        QCOMPARE(trials(spy, 2), QSet<QString>{"t9"});
        QCOMPARE(spy[2][1].toString(), QString());
        QTest::mouseClick(&plot, Qt::LeftButton, {}, emptyPlace(plot));
        QCOMPARE(trials(spy, 3), QSet<QString>());
        QTest::mouseClick(&plot, Qt::LeftButton, {}, emptyPlace(plot));
        QCOMPARE(spy.size(), 4);
    }

    void rubberBandSelectsWhatItHolds() {
        TradeOffPlot plot;
        plot.setData(samples::plainTradeOff({0.4, 0.1, 0.03, 0.01, 0.002}, samples::nmse()));
        present(plot);
        const auto band = [&](int from, int to, Qt::KeyboardModifiers modifiers) {
            const QPoint start = center(plot, from) + QPoint(-12, -12);
            const QPoint end = center(plot, to) + QPoint(12, 12);
            QTest::mousePress(&plot, Qt::LeftButton, modifiers, start);
            QMouseEvent move(QEvent::MouseMove, end, plot.mapToGlobal(end), Qt::NoButton,
                             Qt::LeftButton, modifiers);
            QCoreApplication::sendEvent(&plot, &move);
            QTest::mouseRelease(&plot, Qt::LeftButton, modifiers, end);
        };
        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        const QCPRange x = plot.xAxis->range();
        band(1, 3, Qt::ShiftModifier);
        QCOMPARE(spy.size(), 1);
        QCOMPARE(trials(spy, 0), (QSet<QString>{"t1", "t2", "t3"}));
        band(0, 0, Qt::ShiftModifier | Qt::ControlModifier);
        QCOMPARE(trials(spy, 1), (QSet<QString>{"t0", "t1", "t2", "t3"}));
        QCOMPARE(plot.xAxis->range(), x);
    }

    void clicksGoThroughPointsOnEachOther() {
        TradeOffData data = samples::plainTradeOff({0.4, 0.1, 0.03}, samples::nmse());
        data.points[2].bitsPerWeight = data.points[1].bitsPerWeight;
        data.points[2].value = data.points[1].value;
        TradeOffPlot plot;
        plot.setData(data);
        present(plot);
        const QString hover = plot.hoverText(center(plot, 1));
        QVERIFY2(hover.contains(plot.markText(1)) && hover.contains(plot.markText(2)),
                 qPrintable(hover));
        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        QSet<QString> seen;
        for (int click = 0; click < 2; ++click) {
            QTest::mouseClick(&plot, Qt::LeftButton, {}, center(plot, 1));
            QCOMPARE(trials(spy, click).size(), 1);
            seen += trials(spy, click);
        }
        QCOMPARE(seen, (QSet<QString>{"t1", "t2"}));
        QTest::mouseClick(&plot, Qt::LeftButton, {}, center(plot, 1));
        QCOMPARE(trials(spy, 2), trials(spy, 0));
        QTest::mouseClick(&plot, Qt::LeftButton, {}, center(plot, 0));
        QCOMPARE(trials(spy, 3), QSet<QString>{"t0"});
    }

    void aPointOfManyTensorsSelectsThemAll() {
        TradeOffData data = samples::plainTradeOff({0.4, 0.1}, samples::nmse());
        data.points[0].members = {"t0", "a", "b"};
        data.points[0].details = "scalar:bits=3\n3 tensors";
        TradeOffPlot plot;
        plot.setData(data);
        present(plot);
        const QString hover = plot.hoverText(center(plot, 0));
        QVERIFY2(hover.contains("3 tensors") && hover.contains("NMSE 0.4"), qPrintable(hover));
        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        QTest::mouseClick(&plot, Qt::LeftButton, {}, center(plot, 0));
        QCOMPARE(trials(spy, 0), (QSet<QString>{"t0", "a", "b"}));
        QCOMPARE(spy[0][1].toString(), QStringLiteral("t0"));
        QTest::mouseClick(&plot, Qt::LeftButton, Qt::ControlModifier, center(plot, 1));
        QCOMPARE(trials(spy, 1), (QSet<QString>{"t0", "a", "b", "t1"}));
        QTest::mouseClick(&plot, Qt::LeftButton, Qt::ControlModifier, center(plot, 0));
        QCOMPARE(trials(spy, 2), QSet<QString>{"t1"});
    }

    void selectionFromOutsideIsSilent() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        plot.setSelection({"t2", "t3", "unknown"});
        QCOMPARE(plot.selection(), (QSet<QString>{"t2", "t3", "unknown"}));
        plot.setData(samples::tradeOff());
        QCOMPARE(plot.selection().size(), 3);
        QCOMPARE(spy.size(), 0);
    }

    void hoverTellsTheConfiguration() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        QSignalSpy spy(&plot, &TradeOffPlot::trialHovered);
        const QString text = plot.hoverText(center(plot, 7));
        QCOMPARE(text, plot.data().points[7].details);
        QVERIFY(text.contains(QStringLiteral("seed 0")));
        QVERIFY(plot.hoverText(emptyPlace(plot)).isEmpty());
        QTest::mouseMove(&plot, emptyPlace(plot));
        QTest::mouseMove(&plot, center(plot, 7));
        QTest::mouseMove(&plot, emptyPlace(plot));
        QCOMPARE(spy.size(), 2);
        QCOMPARE(spy[0][0].toString(), QStringLiteral("t7"));
        QCOMPARE(spy[1][0].toString(), QString());
    }

    void wheelZoomsAtTheCursor() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        const QCPRange x = plot.xAxis->range();
        const QCPRange y = plot.yAxis->range();
        const QPoint cursor = center(plot, 7);
        wheel(plot, cursor, 2);
        QVERIFY(plot.xAxis->range().size() < 0.9 * x.size());
        QVERIFY(plot.viewChosen());
        QVERIFY((plot.markRect(7).center() - QPointF(cursor)).manhattanLength() < 2.0);

        plot.setData(samples::tradeOff());
        QVERIFY2(plot.xAxis->range().size() < 0.9 * x.size(), "new data keeps the chosen view");
        QTest::mouseDClick(&plot, Qt::LeftButton, {}, emptyPlace(plot));
        QVERIFY(!plot.viewChosen());
        QCOMPARE(plot.xAxis->range(), x);
        QCOMPARE(plot.yAxis->range(), y);
    }

    void draggingPans() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        const QPoint from = plot.axisRect()->rect().center();
        const QPointF before = plot.markRect(5).center();
        QTest::mousePress(&plot, Qt::LeftButton, {}, from);
        const QPoint to = from + QPoint(60, -40);
        QMouseEvent move(QEvent::MouseMove, to, plot.mapToGlobal(to), Qt::NoButton, Qt::LeftButton,
                         Qt::NoModifier);
        QCoreApplication::sendEvent(&plot, &move);
        QTest::mouseRelease(&plot, Qt::LeftButton, {}, to);
        const QPointF moved = plot.markRect(5).center() - before;
        QVERIFY((moved - QPointF(60.0, -40.0)).manhattanLength() < 2.0);
        QVERIFY(plot.viewChosen());
        QCOMPARE(spy.size(), 0);
    }

    void doubleClickKeepsTheSelection() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        plot.setSelection({"t3"});
        QTest::mouseClick(&plot, Qt::LeftButton, {}, emptyPlace(plot));
        QVERIFY(plot.selection().isEmpty());
        plot.setSelection({"t3"});
        const QPoint place = emptyPlace(plot);
        QTest::mousePress(&plot, Qt::LeftButton, {}, place);
        QTest::mouseRelease(&plot, Qt::LeftButton, {}, place);
        QTest::mouseDClick(&plot, Qt::LeftButton, {}, place);
        QCOMPARE(plot.selection(), QSet<QString>{"t3"});
    }

    void keyboardReachesEveryPoint() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        plot.setFocus();
        QTest::keyClick(&plot, Qt::Key_Home);
        QSet<int> visited;
        double bits = 0.0;
        for (int step = 0; step < plot.markCount(); ++step) {
            const int mark = plot.currentMark();
            QVERIFY(mark >= 0);
            visited.insert(mark);
            const double next = plot.data().points[static_cast<std::size_t>(mark)].bitsPerWeight;
            QVERIFY(next >= bits);
            bits = next;
            QTest::keyClick(&plot, Qt::Key_Right);
        }
        QCOMPARE(visited.size(), plot.markCount());
        QTest::keyClick(&plot, Qt::Key_Right);
        QTest::keyClick(&plot, Qt::Key_Left);
        const int current = plot.currentMark();
        QVERIFY(plot.accessibleDescription() == plot.markText(current));

        QSignalSpy spy(&plot, &TradeOffPlot::selectionRequested);
        QTest::keyClick(&plot, Qt::Key_Return);
        QCOMPARE(trials(spy, 0), QSet<QString>{plot.markTrial(current)});
        QTest::keyClick(&plot, Qt::Key_Home);
        QTest::keyClick(&plot, Qt::Key_Space);
        QCOMPARE(trials(spy, 1).size(), 2);
        QTest::keyClick(&plot, Qt::Key_Escape);
        QCOMPARE(trials(spy, 2).size(), 0);
    }

    void upMovesToTheNextHigherValue() {
        TradeOffPlot plot;
        plot.setData(samples::plainTradeOff({0.4, 0.01, 0.1}, samples::nmse()));
        present(plot);
        plot.setCurrentMark(1);
        QTest::keyClick(&plot, Qt::Key_Up);
        QCOMPARE(plot.currentMark(), 2);
        QTest::keyClick(&plot, Qt::Key_Up);
        QCOMPARE(plot.currentMark(), 0);
        QTest::keyClick(&plot, Qt::Key_Up);
        QCOMPARE(plot.currentMark(), 0);
        QTest::keyClick(&plot, Qt::Key_Down);
        QCOMPARE(plot.currentMark(), 2);
    }

    void keyboardZoomsAndBringsPointsIntoView() {
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        present(plot);
        const QCPRange x = plot.xAxis->range();
        for (int i = 0; i < 8; ++i)
            QTest::keyClick(&plot, Qt::Key_Plus);
        QVERIFY(plot.xAxis->range().size() < 0.3 * x.size());
        QTest::keyClick(&plot, Qt::Key_End);
        QVERIFY(plot.axisRect()->rect().contains(center(plot, plot.currentMark())));
        QTest::keyClick(&plot, Qt::Key_0);
        QCOMPARE(plot.xAxis->range(), x);
    }

    void manyPointsBecomeADensityMap() {
        TradeOffPlot plot;
        plot.setData(samples::crowdedTradeOff(static_cast<int>(TradeOffPlot::densityThreshold)));
        present(plot);
        QTest::qWait(100);
        QVERIFY(!plot.showsDensity());

        TradeOffData data = samples::crowdedTradeOff(60'000);
        for (TradeOffPoint& point : data.points)
            point.onFront = false;
        plot.setData(data);
        QTRY_VERIFY(plot.showsDensity());
        // The middle of the cloud says how many trials its cell holds, and where it is.
        const QPoint middle(static_cast<int>(plot.xAxis->coordToPixel(4.0)),
                            static_cast<int>(plot.yAxis->coordToPixel(std::pow(4.0, -4.0) * 2.72)));
        const QString text = plot.hoverText(middle);
        QVERIFY2(text.contains(QStringLiteral("trials")), qPrintable(text));
        QVERIFY(text.contains(QStringLiteral("bits per weight")));

        for (int i = 0; i < 12; ++i)
            wheel(plot, middle, 1);
        QTRY_VERIFY(!plot.showsDensity());
        plot.resetView();
        QTRY_VERIFY(plot.showsDensity());
        plot.setData(samples::tradeOff());
        QVERIFY(!plot.showsDensity());
    }

    void densityCountsEveryPointOnce() {
        const TradeOffData data = samples::crowdedTradeOff(5'000);
        auto points = std::make_shared<std::vector<QPointF>>();
        for (const TradeOffPoint& point : data.points) {
            points->emplace_back(point.bitsPerWeight, point.value);
        }
        points->emplace_back(std::nan(""), std::nan(""));
        const QRectF area(2.0, 0.0, 3.0, 0.05);
        const DensityMap map = countDensity({points, area, QSize(7, 5), 100'000});
        std::vector<std::uint32_t> expected(7 * 5, 0);
        std::size_t total = 0;
        for (const QPointF& point : *points) {
            const bool inside =
                point.x() >= 2.0 && point.x() <= 5.0 && point.y() >= 0.0 && point.y() <= 0.05;
            if (!inside) continue;
            const auto column = std::min<std::size_t>(6, (point.x() - 2.0) / 3.0 * 7.0);
            const auto row = std::min<std::size_t>(4, point.y() / 0.05 * 5.0);
            ++expected[row * 7 + column];
            ++total;
        }
        QVERIFY(total > 1000);
        QCOMPARE(map.total, total);
        QCOMPARE(map.inside.size(), total);
        QCOMPARE(map.counts, expected);
        QCOMPARE(map.peak, std::ranges::max(expected));
        QCOMPARE(countDensity({points, area, QSize(7, 5), total - 1}).inside.size(), 0U);
    }

    void familiesLookTheSameEverywhere() {
        // Fixed: a change would make new figures disagree with printed ones.
        QCOMPARE(familyMark("scalar").color, QColor(0x00, 0x72, 0xb2));
        QCOMPARE(familyMark("pq").shape, MarkShape::Square);
        QCOMPARE(familyMark("lattice").color, familyMark("lattice").color);
        const QStringList families = {"scalar", "pq", "rvq", "mixed"};
        for (const QString& a : families) {
            for (const QString& b : families) {
                if (a == b) continue;
                QVERIFY(familyMark(a).color != familyMark(b).color);
                QVERIFY(familyMark(a).shape != familyMark(b).shape);
            }
            for (const char* other : {"lattice", "tcq", "nf4", "opq", "lsq"}) {
                QVERIFY(familyMark(a).shape != familyMark(other).shape);
            }
        }
    }

    void familiesAreToldApart_data() {
        QTest::addColumn<QColor>("background");
        QTest::newRow("light") << QColor(Qt::white);
        QTest::newRow("dark") << QColor(0x17, 0x19, 0x1d);
    }
    void familiesAreToldApart() {
        QFETCH(QColor, background);
        const QStringList own = {"scalar",   "pq",     "rvq",    "mixed",    "gptq",
                                 "hadamard", "kquant", "format", "additive", "e8",
                                 "trellis",  "pvq",    "kmeans"};
        const QStringList inFront = {"center", "outliers", "pca", "permute",
                                     "smooth", "lowrank",  "vptq"};
        const QStringList others = {"aqlm", "awq", "hqq", "lattice", "nuq", "quarot", "spqr"};
        QPalette palette;
        palette.setColor(QPalette::Base, background);
        palette.setColor(QPalette::Text, background == Qt::white ? Qt::black : Qt::white);
        const PlotStyle style = PlotStyle::forWindow(palette, QFont());
        std::set<std::pair<QString, QByteArray>> looks;
        std::set<MarkShape> shapes;
        for (const QString& family : own + inFront + others) {
            const FamilyMark mark = familyMark(family);
            const QCPScatterStyle drawn = scatterStyle(mark, MarkState::Front, style);
            QImage image(24, 24, QImage::Format_RGB32);
            image.fill(background);
            QCPPainter painter(&image);
            drawn.applyTo(&painter, Qt::NoPen);
            drawn.drawShape(&painter, QPointF(12.0, 12.0));
            painter.end();
            const QByteArray pixels(reinterpret_cast<const char*>(image.constBits()),
                                    image.sizeInBytes());
            looks.insert({mark.color.name(), pixels});
            if (own.contains(family)) shapes.insert(mark.shape);
        }
        QCOMPARE(shapes.size(), static_cast<std::size_t>(own.size()));
        QCOMPARE(looks.size(),
                 static_cast<std::size_t>(own.size() + inFront.size() + others.size()));
    }

    void tableHasEveryPointExactly() {
        QLocale::setDefault(QLocale(QLocale::German));
        TradeOffPlot plot;
        plot.setData(samples::tradeOff());
        const std::unique_ptr<TableTwin> table = plot.makeTable();
        const QAbstractItemModelTester tester(
            table.get(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(table->rowCount(), plot.markCount());
        QCOMPARE(table->headerData(4, Qt::Horizontal).toString(), QStringLiteral("NMSE"));
        const QStringList lines = table->toCsv().split(QStringLiteral("\r\n"));
        QCOMPARE(lines.size(), plot.markCount() + 2);
        for (int row = 0; row < table->rowCount(); ++row) {
            const TradeOffPoint& point = plot.data().points[static_cast<std::size_t>(row)];
            // The method's text has commas, so it is quoted.
            QVERIFY(lines[row + 1].contains(u'"' + point.method + u'"') ||
                    !point.method.contains(u','));
            double value = 0.0;
            const QString exact = table->index(row, 4).data(Qt::ToolTipRole).toString();
            QVERIFY(parseNumber(exact.toStdString(), value));
            QCOMPARE(value, point.value);
            QVERIFY(lines[row + 1].contains(exact));
        }
        QLocale::setDefault(QLocale::c());
    }

    void emptyPlotTeaches() {
        TradeOffPlot plot;
        QAction run(QStringLiteral("Run"));
        plot.setEmptyAction(&run);
        present(plot);
        QVERIFY(plot.isEmpty());
        QVERIFY(plot.emptyText().contains(QStringLiteral("bits per weight")));
        QVERIFY(plot.hoverText(QPoint(100, 100)).isEmpty());
        QTest::keyClick(&plot, Qt::Key_Right);
        QCOMPARE(plot.currentMark(), -1);
        auto* button = plot.findChild<QPushButton*>();
        QVERIFY(button != nullptr && button->isVisible());
        QSignalSpy spy(&run, &QAction::triggered);
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(spy.size(), 1);
        plot.setData(samples::tradeOff());
        QVERIFY(!button->isVisible());
    }

    void accessibleDescriptionSumsUp() {
        TradeOffPlot plot;
        plot.setData(samples::plainTradeOff({0.1, 0.01}, samples::nmse()));
        QCOMPARE(plot.accessibleDescription(),
                 QStringLiteral("NMSE against bits per weight: 2 trials, 0 of them on the front, "
                                "from 1.00 to 2.00 bits per weight."));
    }
};

QTEST_MAIN(TestTradeOffPlot)
#include "tst_trade_off_plot.moc"
