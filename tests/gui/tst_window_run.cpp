// SPDX-License-Identifier: GPL-3.0-or-later
// A person's first session: open, add methods, run, look at a point, take something away.
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QStatusBar>
#include <QTableView>
#include <QToolButton>
#include <QTreeView>

#include "app/gui/compare_view.h"
#include "app/gui/explore_view.h"
#include "app/gui/plot_page.h"
#include "app/gui/window_actions.h"
#include "app/plots/export_figure_dialog.h"
#include "app/plots/levels_plot.h"
#include "app/plots/plot_widget.h"
#include "core/base/text.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowRun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void theRunHasATrialForEachSettingOfEachMethod();
    void aPointSelectedInThePlotIsSelectedEverywhere();
    void aRowSelectedInTheTableIsSelectedInThePlot();
    void exploreGoesToTheSelectedTrial();
    void theFilterNarrowsTheTable();
    void theTableIsCopiedAsCsv();
    void aFigureIsExported_data();
    void aFigureIsExported();
    void everyPlotHasATable();
    void theCommandLineRepeatsTheTrial();

private:
    PlotPage& tradeOffPage() const { return *m_fixture->window->compareView().currentPage(); }
    /// A mark that a click in its middle hits.
    int clickableMark() const;
    RecordPointer currentRecord() const;

    std::unique_ptr<WindowFixture> m_fixture;
};

void TestWindowRun::initTestCase() {
    m_fixture = std::make_unique<WindowFixture>();
    WindowFixture& fixture = *m_fixture;
    QVERIFY(QTest::qWaitForWindowActive(fixture.window.get()));
    QVERIFY(fixture.visible<QPushButton>(QStringLiteral("startOpenButton")));
    fixture.drop(QStringLiteral(QUANTSCOPE_DATASETS_DIR "/stories260k.h5"));
    QTRY_COMPARE_WITH_TIMEOUT(fixture.bench->data.state(), DataLoader::State::Open, patienceMs);
    QTRY_VERIFY(fixture.visible<QTreeView>(QStringLiteral("tensorTree")));
    QCOMPARE(fixture.bench->tensors.quantizableCount(), 47);
    QCOMPARE(fixture.bench->tensors.chosenCount(), 1);

    QVERIFY(fixture.addMethod(QStringLiteral("scalar")));
    QVERIFY(fixture.typeParameter(QStringLiteral("bits"), QStringLiteral("2..5")));
    QVERIFY(fixture.addMethod(QStringLiteral("scalar")));
    QVERIFY(fixture.typeParameter(QStringLiteral("bits"), QStringLiteral("3, 4")));
    QVERIFY(fixture.typeParameter(QStringLiteral("granularity"), QStringLiteral("group")));
    QVERIFY(fixture.addMethod(QStringLiteral("pq")));
    QVERIFY(fixture.typeParameter(QStringLiteral("bits"), QStringLiteral("4")));
    QCOMPARE(fixture.bench->methods.rowCount(), 3);
    fixture.press(QStringLiteral("Ctrl+2"));
    QVERIFY(fixture.window->compareView().isVisible());
    QVERIFY(fixture.runToTheEnd());
}

void TestWindowRun::cleanupTestCase() {
    m_fixture.reset();
}

int TestWindowRun::clickableMark() const {
    const PlotWidget& plot = tradeOffPage().plot();
    for (int mark = 0; mark < plot.markCount(); ++mark) {
        if (plot.markAt(plot.markRect(mark).center()) == mark) return mark;
    }
    return -1;
}

RecordPointer TestWindowRun::currentRecord() const {
    return m_fixture->bench->results.find(m_fixture->bench->selection.currentTrial());
}

void TestWindowRun::theRunHasATrialForEachSettingOfEachMethod() {
    QCOMPARE(m_fixture->bench->results.count(), 4 + 2 + 1);
    QTRY_COMPARE_WITH_TIMEOUT(tradeOffPage().plot().markCount(), 7, patienceMs);
    QCOMPARE(m_fixture->bench->filteredResults.rowCount(), 7);
    QVERIFY(
        m_fixture->window->statusBar()->currentMessage().startsWith(QStringLiteral("7 trials in")));
}

void TestWindowRun::aPointSelectedInThePlotIsSelectedEverywhere() {
    PlotWidget& plot = tradeOffPage().plot();
    const int mark = clickableMark();
    QVERIFY(mark >= 0);
    QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier,
                      plot.markRect(mark).center().toPoint());
    const QString trial = plot.markTrial(mark);
    QCOMPARE(m_fixture->bench->selection.currentTrial(), trial);

    const auto* table = m_fixture->visible<QTableView>(QStringLiteral("resultTable"));
    QVERIFY(table);
    const QModelIndexList rows = table->selectionModel()->selectedRows();
    QCOMPARE(rows.size(), 1);
    QCOMPARE(rows.front().data(ResultTableModel::TrialIdRole).toString(), trial);
    const auto* method = m_fixture->visible<QLabel>(QStringLiteral("selectedMethod"));
    QVERIFY(method);
    QCOMPARE(method->text().remove(QChar(0x200B)),
             QString::fromStdString(currentRecord()->methodText));
    // What is under the mouse tells its whole configuration.
    const QString hover = plot.hoverText(plot.markRect(mark).center());
    QVERIFY2(hover.contains(QString::fromStdString(currentRecord()->methodText)),
             qPrintable(hover));
    QVERIFY2(hover.contains(QStringLiteral("seed")), qPrintable(hover));
}

void TestWindowRun::aRowSelectedInTheTableIsSelectedInThePlot() {
    auto* table = m_fixture->visible<QTableView>(QStringLiteral("resultTable"));
    const QModelIndex index =
        table->model()->index(5, table->horizontalHeader()->logicalIndexAt(4));
    table->scrollTo(index);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::NoModifier,
                      table->visualRect(index).center());
    const QString trial = index.data(ResultTableModel::TrialIdRole).toString();
    QCOMPARE(m_fixture->bench->selection.currentTrial(), trial);
    QCOMPARE(tradeOffPage().plot().selection(), QSet<QString>{trial});
}

void TestWindowRun::exploreGoesToTheSelectedTrial() {
    const RecordPointer record = currentRecord();
    m_fixture->press(QStringLiteral("Ctrl+1"));
    const ExploreView& explore = m_fixture->window->exploreView();
    QVERIFY(explore.isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(explore.isExact(), patienceMs);
    QCOMPARE(m_fixture->bench->selection.currentTrial(), QString::fromStdString(record->trialId));
    QTRY_COMPARE_WITH_TIMEOUT(explore.levelsPlot()->title(),
                              QString::fromStdString(record->methodText + " on " + record->tensor),
                              patienceMs);
    m_fixture->press(QStringLiteral("Ctrl+2"));
    QCOMPARE(m_fixture->bench->selection.currentTrial(), QString::fromStdString(record->trialId));
}

void TestWindowRun::theFilterNarrowsTheTable() {
    auto* filter = m_fixture->visible<QLineEdit>(QStringLiteral("resultFilter"));
    filter->setFocus();
    QTest::keyClicks(filter, QStringLiteral("granularity=group"));
    const auto* table = m_fixture->visible<QTableView>(QStringLiteral("resultTable"));
    QCOMPARE(table->model()->rowCount(), 2);
    filter->selectAll();
    QTest::keyClick(filter, Qt::Key_Delete);
    QCOMPARE(table->model()->rowCount(), 7);
}

void TestWindowRun::theTableIsCopiedAsCsv() {
    auto* copy = m_fixture->visible<QToolButton>(QStringLiteral("copyCsvButton"));
    QTest::mouseClick(copy, Qt::LeftButton);
    const QStringList lines =
        QGuiApplication::clipboard()->text().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 1 + 7);
    const qsizetype bits =
        lines.front().split(QLatin1Char(',')).indexOf(QStringLiteral("bits_per_weight"));
    QVERIFY(bits > 0);
    std::multiset<double> copied;
    for (const QString& line : lines.mid(1)) {
        // Methods of several parameters are quoted; no quoted field holds a quote here.
        const QString plain = QString(line).replace(
            QRegularExpression(QStringLiteral("\"[^\"]*\"")), QStringLiteral("method"));
        copied.insert(plain.split(QLatin1Char(','))[bits].toDouble());
    }
    std::multiset<double> recorded;
    for (const RecordPointer& record : m_fixture->bench->results.records()) {
        recorded.insert(record->bitsPerWeight());
    }
    QVERIFY(copied == recorded);
}

void TestWindowRun::aFigureIsExported_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("beginning");
    QTest::newRow("SVG") << QStringLiteral("figure.svg") << QByteArray("<?xml");
    QTest::newRow("PDF") << QStringLiteral("figure.pdf") << QByteArray("%PDF-");
    QTest::newRow("PNG") << QStringLiteral("figure.png") << QByteArray("\x89PNG");
}

void TestWindowRun::aFigureIsExported() {
    QFETCH(QString, name);
    QFETCH(QByteArray, beginning);
    m_fixture->press(QStringLiteral("Ctrl+E"));
    ExportFigureDialog* dialog = nullptr;
    QTRY_VERIFY_WITH_TIMEOUT(
        (dialog = qobject_cast<ExportFigureDialog*>(QApplication::activeWindow())), patienceMs);
    dialog->setPath(m_fixture->path(name));
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("save")), Qt::LeftButton);
    QFile file(m_fixture->path(name));
    QTRY_VERIFY_WITH_TIMEOUT(file.exists(), patienceMs);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.read(beginning.size()), beginning);
    m_fixture->window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_fixture->window.get()));
}

void TestWindowRun::everyPlotHasATable() {
    auto* tabs = m_fixture->visible<QTabWidget>(QStringLiteral("plotTabs"));
    // One that trains codebooks has something to show in every plot.
    for (const RecordPointer& record : m_fixture->bench->results.records()) {
        if (record->training.empty()) continue;
        m_fixture->bench->selection.selectTrial(QString::fromStdString(record->trialId));
        break;
    }
    for (int tab = 0; tab < tabs->count(); ++tab) {
        tabs->setCurrentIndex(tab);
        PlotPage& page = tradeOffPage();
        QTRY_VERIFY_WITH_TIMEOUT(!page.plot().isEmpty(), patienceMs);
        m_fixture->press(QStringLiteral("Ctrl+T"));
        QVERIFY(page.showsTable());
        const auto* table = page.findChild<QTableView*>();
        QVERIFY2(table->isVisible() && table->model()->rowCount() > 0,
                 qPrintable(tabs->tabText(tab)));
        m_fixture->press(QStringLiteral("Ctrl+T"));
        QVERIFY(!page.showsTable());
    }
    tabs->setCurrentIndex(0);
}

void TestWindowRun::theCommandLineRepeatsTheTrial() {
    const RecordPointer record = currentRecord();
    QVERIFY(record);
    m_fixture->press(QStringLiteral("Ctrl+Shift+C"));
    const QString command = QGuiApplication::clipboard()->text();
    QVERIFY2(command.startsWith(QStringLiteral("quantscope-cli quantize ")), qPrintable(command));

    QProcess shell;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PATH"), QStringLiteral(QUANTSCOPE_BUILD_DIR "/bin:") +
                                                   environment.value(QStringLiteral("PATH")));
    shell.setProcessEnvironment(environment);
    shell.start(QStringLiteral("/bin/sh"),
                {QStringLiteral("-c"), command + QStringLiteral(" --json")});
    QTRY_COMPARE_WITH_TIMEOUT(shell.state(), QProcess::NotRunning, patienceMs);
    QCOMPARE(shell.exitCode(), 0);
    const Json trials = Json::parse(shell.readAllStandardOutput().toStdString());
    QCOMPARE(trials.size(), std::size_t{1});
    QCOMPARE(trials[0]["bits_per_weight"].get<double>(), record->bitsPerWeight());
    QCOMPARE(trials[0]["nmse"].get<double>(), record->metrics.nmse.value());
}

QTEST_MAIN(TestWindowRun)
#include "tst_window_run.moc"
