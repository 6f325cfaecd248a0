// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <cmath>
#include <limits>

#include "app/plots/budget_plot.h"
#include "app/plots/error_map_plot.h"
#include "app/plots/gain_plot.h"
#include "app/plots/levels_plot.h"
#include "app/plots/perplexity_plot.h"
#include "app/plots/plan_plot.h"
#include "app/plots/rate_bars_plot.h"
#include "app/plots/sensitivity_plot.h"
#include "app/plots/shares_plot.h"
#include "app/plots/training_plot.h"
#include "app/plots/utilization_plot.h"
#include "plot_samples.h"

using namespace quantscope;

namespace {

void present(PlotWidget& plot) {
    plot.resize(640, 420);
    plot.show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    plot.replot(QCustomPlot::rpImmediateRefresh);
}

void checkTable(const PlotWidget& plot) {
    const std::unique_ptr<TableTwin> table = plot.makeTable();
    const QAbstractItemModelTester tester(table.get(),
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(table->rowCount(), plot.markCount());
}

}  // namespace

class TestPlots : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void trainingMapsIterations() {
        TrainingPlot plot;
        plot.setData(samples::training(3, 25));
        QCOMPARE(plot.markCount(), 25 + 22 + 19);
        QCOMPARE(plot.currentCurve(), 2);
        QVERIFY(plot.yAxis->scaleType() == QCPAxis::stLogarithmic);
        present(plot);
        checkTable(plot);
        for (const int mark : {0, 24, 30, 65})
            QCOMPARE(plot.markAt(plot.markRect(mark).center()), mark);
        QVERIFY(plot.markText(26).contains(QStringLiteral("stage 2")));
        QVERIFY(plot.markText(26).contains(QStringLiteral("iteration 2")));
        const auto table = plot.makeTable();
        QCOMPARE(table->rowCount(), plot.markCount());
        QCOMPARE(table->index(26, 0).data().toString(), QStringLiteral("stage 2"));
        QCOMPARE(table->index(26, 1).data().toInt(), 2);
        // What grows keeps the curve that is looked at.
        plot.setCurrentCurve(0);
        plot.setData(samples::training(3, 26));
        QCOMPARE(plot.currentCurve(), 0);
        plot.setData(TrainingData());
        QVERIFY(plot.isEmpty());
    }

    void sharesMapSlices() {
        SharesPlot plot;
        plot.setData(samples::shares(8, true));
        present(plot);
        checkTable(plot);
        QCOMPARE(plot.markCount(), 16);
        for (const int mark : {0, 1, 7, 15})
            QCOMPARE(plot.markAt(plot.markRect(mark).center()), mark);
        // Bars of a slice stand side by side, and those of unequal shares differ in height.
        QVERIFY(plot.markRect(0).right() <= plot.markRect(1).left() + 1.0);
        QVERIFY(plot.markRect(0).height() > 1.3 * plot.markRect(2).height());
        QVERIFY(std::abs(plot.markRect(1).height() - plot.markRect(15).height()) < 1.0);
        QVERIFY(plot.markText(3).contains(QStringLiteral("slice 2")));
        QVERIFY(plot.markText(3).contains(QStringLiteral("Rotated rows")));
        const auto table = plot.makeTable();
        QCOMPARE(table->index(3, 0).data().toString(), QStringLiteral("slice 2"));
        QCOMPARE(table->index(3, 2).data().toString(), QStringLiteral("12.5"));
        plot.setData({});
        QVERIFY(plot.isEmpty());
    }

    void planMapsTensors() {
        PlanPlot plot;
        plot.setData(samples::plan(12));
        present(plot);
        checkTable(plot);
        QCOMPARE(plot.markCount(), 12);
        for (int mark = 0; mark < 12; ++mark) {
            QCOMPARE(plot.markAt(plot.markRect(mark).center()), mark);
            const PlanBar& bar = plot.data().bars[static_cast<std::size_t>(mark)];
            QCOMPARE(plot.markTrial(mark), bar.choice().trialId);
            const double end = plot.xAxis->pixelToCoord(plot.markRect(mark).right());
            QVERIFY(std::abs(end - bar.choice().bitsPerWeight) < 0.05);
        }
        const auto table = plot.makeTable();
        QCOMPARE(table->rowCount(), 12);
        QCOMPARE(table->index(5, 6).data().toString(), QStringLiteral("yes"));
        // The dearest result has no dearer one.
        QVERIFY(!table->index(4, 4).data().isValid() ||
                table->index(4, 4).data().toString().isEmpty());
    }

    void budgetMapsPlansAndMethods() {
        BudgetPlot plot;
        plot.setData(samples::budgetCurve());
        present(plot);
        checkTable(plot);
        QCOMPARE(plot.markCount(), 26);
        QVERIFY(plot.markText(0).contains(QStringLiteral("plan")));
        QVERIFY(plot.markText(21).contains(QStringLiteral("scalar:bits=2")));
        QSignalSpy asked(&plot, &BudgetPlot::budgetRequested);
        QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier,
                          plot.markRect(10).center().toPoint());
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked.at(0).at(0).toDouble(), 4.0);
        QCOMPARE(plot.makeTable()->rowCount(), 26);
    }

    void perplexityMapsSettings() {
        PerplexityPlot plot;
        plot.setData(samples::perplexity());
        present(plot);
        checkTable(plot);
        QCOMPARE(plot.markCount(), 9);
        QVERIFY(plot.yAxis->scaleType() == QCPAxis::stLogarithmic);
        for (int mark = 0; mark < 9; ++mark) {
            const PerplexityPoint& point = plot.data().points[static_cast<std::size_t>(mark)];
            const QPointF pixel = plot.markRect(mark).center();
            QVERIFY(std::abs(plot.xAxis->pixelToCoord(pixel.x()) - point.bitsPerWeight) < 1e-9);
            QVERIFY(std::abs(plot.yAxis->pixelToCoord(pixel.y()) / point.perplexity - 1.0) < 1e-9);
            // All of it is in view, error bars included.
            QVERIFY(plot.yAxis->range().contains(point.perplexity + point.error));
            QVERIFY(plot.yAxis->range().contains(point.perplexity - point.error));
        }
        QVERIFY(plot.yAxis->range().contains(4.0));
        int errorBars = 0;
        for (int i = 0; i < plot.plottableCount(); ++i) {
            const auto* bars = qobject_cast<QCPErrorBars*>(plot.plottable(i));
            if (bars) errorBars += bars->dataCount();
        }
        QCOMPARE(errorBars, 9);
        QVERIFY(plot.markText(1).contains(QStringLiteral("setting 1")));
        plot.setData(PerplexityData());
        QVERIFY(plot.isEmpty());
    }

    void sensitivityMapsTensors() {
        SensitivityPlot plot;
        SensitivityData data = samples::sensitivity(12);
        data.bars[3].loss = 0.0;
        plot.setData(data);
        present(plot);
        checkTable(plot);
        QCOMPARE(plot.markCount(), 12);
        for (const int mark : {0, 1, 2, 4, 11}) {
            const QPointF pixel = plot.markRect(mark).center();
            const double loss = data.bars[static_cast<std::size_t>(mark)].loss;
            QVERIFY(std::abs(plot.xAxis->pixelToCoord(pixel.x()) / loss - 1.0) < 1e-9);
            QVERIFY(std::abs(plot.yAxis->pixelToCoord(pixel.y()) - mark) < 1e-9);
            QCOMPARE(plot.markTrial(mark), QStringLiteral("t%1").arg(mark));
        }
        QVERIFY(plot.xAxis->range().contains(100.0) && plot.xAxis->range().contains(0.01));
    }

    void gainMapsTrials() {
        GainPlot plot;
        plot.setData(samples::gains());
        present(plot);
        checkTable(plot);
        QCOMPARE(plot.markCount(), 30);
        const GainPoint& last = plot.data().points.back();
        const QPointF pixel = plot.markRect(29).center();
        QVERIFY(std::abs(plot.xAxis->pixelToCoord(pixel.x()) - last.expected) < 1e-9);
        QVERIFY(std::abs(plot.yAxis->pixelToCoord(pixel.y()) - last.obtained) < 1e-9);
        QCOMPARE(plot.markTrial(29), QStringLiteral("t29"));
    }

    void utilizationMapsCodewords() {
        UtilizationPlot plot;
        plot.setData(samples::utilization(3, 64, 10, 0.8));
        present(plot);
        QCOMPARE(plot.markCount(), 3 * 64);
        QCOMPARE(plot.xAxis->label(), QStringLiteral("Codeword, most used first"));
        QCOMPARE(plot.yAxis->label(), QStringLiteral("Share of codes (%)"));
        QCOMPARE(plot.title(), plot.data().title);
        const QPointF pixel = plot.markRect(64 + 5).center();
        QVERIFY(std::abs(plot.xAxis->pixelToCoord(pixel.x()) - 6.0) < 1e-9);
        QVERIFY(std::abs(plot.yAxis->pixelToCoord(pixel.y()) - plot.data().codebooks[1].shares[5]) <
                1e-12);
        checkTable(plot);
    }

    void utilizationSaysWhatIsDead() {
        UtilizationPlot plot;
        plot.setData(samples::utilization(3, 64, 10, 0.8));
        present(plot);
        // Stage 3 has 20 dead codewords, the last ones.
        const QString text = plot.markText(2 * 64 + 63);
        QVERIFY2(text.contains(QStringLiteral("stage 3")) &&
                     text.contains(QStringLiteral("20 dead")) &&
                     text.contains(QStringLiteral("dead: no code uses it")),
                 qPrintable(text));
        QVERIFY(plot.markText(0).contains(QStringLiteral("equal use: 1.56 %")));
    }

    void utilizationAxisIsLogarithmicWhenNeeded_data() {
        QTest::addColumn<double>("exponent");
        QTest::addColumn<bool>("log");
        QTest::newRow("even") << 0.5 << false;
        QTest::newRow("steep") << 4.0 << true;
    }
    void utilizationAxisIsLogarithmicWhenNeeded() {
        QFETCH(double, exponent);
        QFETCH(bool, log);
        UtilizationPlot plot;
        plot.setData(samples::utilization(2, 256, 0, exponent));
        QCOMPARE(plot.logShares(), log);
        QCOMPARE(plot.yAxis->scaleType(), log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    }

    void currentCodebookIsTheWorstUntilChosen() {
        UtilizationData data = samples::utilization(16, 64, 0, 0.0);
        data.codebooks[6].perplexity = 5.0;
        UtilizationPlot plot;
        plot.setData(data);
        present(plot);
        QCOMPARE(plot.currentCurve(), 6);
        plot.setCurrentMark(6 * 64);
        QTest::keyClick(&plot, Qt::Key_Down);
        QCOMPARE(plot.currentCurve(), 7);
        QCOMPARE(plot.currentMark(), 7 * 64);
        plot.setCurrentCurve(99);
        QCOMPARE(plot.currentCurve(), 7);
    }

    void clickOnACurveChoosesItsCodebook() {
        UtilizationPlot plot;
        plot.setData(samples::utilization(4, 64, 0, 1.5));
        present(plot);
        const int mark = 2 * 64;
        QTest::mouseClick(&plot, Qt::LeftButton, {}, plot.markRect(mark).center().toPoint());
        QCOMPARE(plot.currentCurve(), 2);
    }

    void barsEndAtTheirTotals() {
        RateBarsPlot plot;
        plot.setData(samples::rateBars(7, false));
        present(plot);
        QCOMPARE(plot.xAxis->label(), QStringLiteral("Bits per weight"));
        for (int i = 0; i < plot.markCount(); ++i) {
            double total = 0.0;
            for (const double part : plot.data().bars[static_cast<std::size_t>(i)].bitsPerWeight) {
                total += part;
            }
            const QRectF rect = plot.markRect(i);
            QVERIFY(std::abs(plot.xAxis->pixelToCoord(rect.right()) - total) < 1e-9);
            QVERIFY(std::abs(plot.xAxis->pixelToCoord(rect.left())) < 1e-9);
            if (i > 0) QVERIFY(rect.top() > plot.markRect(i - 1).bottom());
        }
        checkTable(plot);
    }

    void barsTellTheirParts() {
        RateBarsPlot plot;
        plot.setData(samples::rateBars(1, false));
        const QString text = plot.markText(0);
        QVERIFY2(text.startsWith(QStringLiteral("scalar:2\n1.69 bits per weight")),
                 qPrintable(text));
        QVERIFY(text.contains(QStringLiteral("Outliers: 0.320 (18.9 %)")));
        QVERIFY(!text.contains(QStringLiteral("Codebooks")));
    }

    void barsSelectBothWays() {
        RateBarsPlot plot;
        plot.setData(samples::rateBars(6, true));
        present(plot);
        QSignalSpy spy(&plot, &RateBarsPlot::selectionRequested);
        plot.setSelection({"t1"});
        QCOMPARE(spy.size(), 0);
        QTest::mouseClick(&plot, Qt::LeftButton, {}, plot.markRect(3).center().toPoint());
        QCOMPARE(spy.size(), 1);
        QCOMPARE(spy[0][0].value<QSet<QString>>(), QSet<QString>{"t3"});
        QCOMPARE(plot.selection(), QSet<QString>{"t3"});
    }

    void longListsOfBarsSayHowManyAreInView() {
        RateBarsPlot plot;
        plot.setData(samples::rateBars(200, true));
        present(plot);
        QCOMPARE(plot.notes().size(), 1);
        QVERIFY2(plot.notes()[0].endsWith(QStringLiteral(" of 200 trials in view")),
                 qPrintable(plot.notes()[0]));
        QTest::keyClick(&plot, Qt::Key_End);
        QCOMPARE(plot.currentMark(), 199);
        QVERIFY(plot.axisRect()->rect().contains(plot.markRect(199).center().toPoint()));
        plot.setData(samples::rateBars(3, true));
        plot.resetView();
        QVERIFY(plot.notes().isEmpty());
    }

    void decodedValuesOnFewLevelsAreStems_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("stems");
        QTest::newRow("2 bits") << 2 << true;
        QTest::newRow("8 bits") << 8 << false;
    }
    void decodedValuesOnFewLevelsAreStems() {
        QFETCH(int, bits);
        QFETCH(bool, stems);
        LevelsPlot plot;
        plot.setData(samples::levels(bits));
        present(plot);
        QCOMPARE(plot.decodedAsStems(), stems);
        QCOMPARE(plot.yAxis2->visible(), stems);
        QCOMPARE(plot.yAxis->label(), QStringLiteral("Weights per bin (%)"));
        QCOMPARE(plot.xAxis->label(), QStringLiteral("Weight"));
        checkTable(plot);
    }

    void hoverFindsBinAndLevel() {
        LevelsPlot plot;
        plot.setData(samples::levels(2));
        present(plot);
        const double level = plot.data().levels[1];
        const QPointF place(plot.xAxis->coordToPixel(level + 1e-6),
                            plot.axisRect()->rect().center().y());
        const QString text = plot.hoverText(place);
        QVERIFY2(text.contains(QStringLiteral("level 2 of 4: -0.0750")), qPrintable(text));
        QVERIFY(text.contains(QStringLiteral("of weights")));
        QVERIFY(text.contains(QStringLiteral("of decoded values")));
        const int bin = plot.markAt(place);
        QVERIFY(plot.data().low + bin * plot.data().binWidth <= level);
        QVERIFY(plot.data().low + (bin + 1) * plot.data().binWidth > level);
    }

    void sampleIsSaidAndStaleIsDimmed() {
        LevelsPlot plot;
        LevelsData data = samples::levels(4);
        data.note = QStringLiteral("sample of 4,096 rows");
        plot.setData(data);
        QCOMPARE(plot.notes(), QStringList("sample of 4,096 rows"));
        plot.setStale(true);
        QVERIFY(plot.isStale());
        plot.setData(samples::levels(4));
        QVERIFY(!plot.isStale());
        QVERIFY(plot.notes().isEmpty());
    }

    void zoomKeepsDensitiesAtZero() {
        LevelsPlot plot;
        plot.setData(samples::levels(4));
        present(plot);
        const QCPRange y = plot.yAxis->range();
        QTest::keyClick(&plot, Qt::Key_Plus);
        QCOMPARE(plot.yAxis->range(), y);
        QCOMPARE(y.lower, 0.0);
        plot.setLogDensity(true);
        QCOMPARE(plot.yAxis->scaleType(), QCPAxis::stLogarithmic);
        QVERIFY(plot.yAxis->range().lower > 0.0);
    }

    void errorMapRunsDownwards() {
        ErrorMapPlot plot;
        plot.setData(samples::errorMap(16, 24, false));
        present(plot);
        QCOMPARE(plot.xAxis->label(), QStringLiteral("Column"));
        QCOMPARE(plot.yAxis->label(), QStringLiteral("Row"));
        QVERIFY(plot.markRect(24).top() > plot.markRect(0).top());
        QVERIFY(plot.markRect(1).left() > plot.markRect(0).left());
        const int mark = 5 * 24 + 7;
        QCOMPARE(plot.markAt(plot.markRect(mark).center()), mark);
        const QString text = plot.hoverText(plot.markRect(mark).center());
        QVERIFY2(text.startsWith(QStringLiteral("row 40 to 47\ncolumn 28 to 31")),
                 qPrintable(text));
        checkTable(plot);
    }

    void errorMapColorsFollowTheSpread_data() {
        QTest::addColumn<bool>("spike");
        QTest::newRow("smooth") << false;
        QTest::newRow("spike") << true;
    }
    void errorMapColorsFollowTheSpread() {
        QFETCH(bool, spike);
        ErrorMapPlot plot;
        plot.setData(samples::errorMap(16, 24, spike));
        QCOMPARE(plot.logColors(), spike);
        const std::vector<double>& values = plot.data().values;
        QCOMPARE(plot.colorRange().upper, std::ranges::max(values));
        if (!spike) QCOMPARE(plot.colorRange().lower, 0.0);
    }

    void errorMapArrowsMoveByCell() {
        ErrorMapPlot plot;
        plot.setData(samples::errorMap(16, 24, true));
        present(plot);
        QTest::keyClick(&plot, Qt::Key_Home);
        QCOMPARE(plot.currentMark(), 24 + 2);  // The cell that is off most.
        QTest::keyClick(&plot, Qt::Key_Down);
        QCOMPARE(plot.currentMark(), 2 * 24 + 2);
        QTest::keyClick(&plot, Qt::Key_Left);
        QTest::keyClick(&plot, Qt::Key_Left);
        QTest::keyClick(&plot, Qt::Key_Left);
        QCOMPARE(plot.currentMark(), 2 * 24);
    }

    void oddValuesAreSurvived() {
        ErrorMapData data = samples::errorMap(2, 2, false);
        data.values = {std::nan(""), 0.0, std::numeric_limits<double>::infinity(), 0.0};
        ErrorMapPlot map;
        map.setData(data);
        present(map);
        QTest::keyClick(&map, Qt::Key_Home);
        ErrorMapPlot cell;
        cell.setData(samples::errorMap(1, 1, false));
        present(cell);
        QCOMPARE(cell.markCount(), 1);

        UtilizationPlot usage;
        usage.setData(samples::utilization(1, 1, 0, 1.0));
        present(usage);
        QTest::keyClick(&usage, Qt::Key_Right);
        QCOMPARE(usage.currentMark(), 0);

        LevelsPlot constant;
        LevelsData flat;
        flat.weightDensity = {1.0};
        flat.binWidth = 1e-9;
        flat.low = 3.0;
        constant.setData(flat);
        present(constant);
        QVERIFY(!constant.isEmpty());
    }

    void emptyPlotsTeach() {
        UtilizationPlot utilization;
        RateBarsPlot bars;
        LevelsPlot levels;
        ErrorMapPlot map;
        for (PlotWidget* plot :
             std::initializer_list<PlotWidget*>{&utilization, &bars, &levels, &map}) {
            present(*plot);
            QVERIFY(plot->isEmpty());
            QVERIFY(plot->emptyText().size() > 40);
            QVERIFY(!plot->accessibleName().isEmpty());
            QCOMPARE(plot->markCount(), 0);
            QVERIFY(plot->hoverText(QPoint(300, 200)).isEmpty());
            QTest::keyClick(plot, Qt::Key_Right);
            QTest::mouseClick(plot, Qt::LeftButton, {}, QPoint(300, 200));
            QCOMPARE(plot->makeTable()->rowCount(), 0);
        }
    }
};

QTEST_MAIN(TestPlots)
#include "tst_plots.moc"
