// SPDX-License-Identifier: GPL-3.0-or-later
// Results over several tensors: what a mark, a row and their menus offer.
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTableView>

#include "app/gui/compare_view.h"
#include "app/gui/plot_page.h"
#include "app/gui/window_actions.h"
#include "app/models/result_columns.h"
#include "app/plots/plot_widget.h"
#include "core/base/text.h"
#include "core/store/result_summary.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowResults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void aMarkIsAMethodOverAllTensors();
    void aPointHasAMenu();
    void aRowHasAMenu();
    void actionsWithoutAnObjectAreOff();
    void theMenuOfMethodsFindsWhatIsTyped();
    void vectorsAreChosenBeforeQueries();

private:
    PlotWidget& plot() const { return m_fixture->window->compareView().currentPage()->plot(); }
    /// The texts of the menu that pops up where `widget` is right-clicked; closes it.
    QStringList menuAt(QWidget* widget, const QPoint& position) const;

    std::unique_ptr<WindowFixture> m_fixture;
};

void TestWindowResults::initTestCase() {
    m_fixture = std::make_unique<WindowFixture>();
    QVERIFY(QTest::qWaitForWindowActive(m_fixture->window.get()));
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    Workbench& bench = *m_fixture->bench;
    ExperimentSpec spec = bench.document.spec();
    spec.data.tensors = {"*q_proj*", "*k_proj*"};
    spec.methods = {SweptMethod::parse("scalar:bits=2..4")};
    bench.document.reset(spec);
    m_fixture->press(QStringLiteral("Ctrl+2"));
    QTRY_COMPARE_WITH_TIMEOUT(bench.plan.summary().trials, 30, patienceMs);
    QVERIFY(m_fixture->runToTheEnd());
    QTRY_COMPARE_WITH_TIMEOUT(plot().markCount(), 3, patienceMs);
    // Until the last records are reduced, a mark may stand for fewer tensors.
    QTRY_COMPARE_WITH_TIMEOUT(plot().markTrials(0).size(),
                              static_cast<qsizetype>(bench.tensors.chosenCount()), patienceMs);
}

void TestWindowResults::cleanupTestCase() {
    m_fixture.reset();
}

QStringList TestWindowResults::menuAt(QWidget* widget, const QPoint& position) const {
    QTest::mouseClick(widget, Qt::RightButton, Qt::NoModifier, position);
    QContextMenuEvent event(QContextMenuEvent::Mouse, position, widget->mapToGlobal(position));
    QCoreApplication::sendEvent(widget, &event);
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    if (!menu) return {};
    QStringList texts;
    for (const QAction* action : menu->actions())
        texts << QString(action->text()).remove(QLatin1Char('&'));
    menu->close();
    return texts;
}

void TestWindowResults::aMarkIsAMethodOverAllTensors() {
    Workbench& bench = *m_fixture->bench;
    const auto tensors = static_cast<qsizetype>(bench.tensors.chosenCount());
    QVERIFY(tensors > 2);
    // The labels tell the swept value, the default one as well.
    std::set<std::string> labels;
    for (const RecordPointer& record : bench.results.records())
        labels.insert(record->methodText);
    QCOMPARE(labels, (std::set<std::string>{"scalar:bits=2", "scalar:bits=3", "scalar:bits=4"}));

    const QPointF center = plot().markRect(1).center();
    QTest::mouseClick(&plot(), Qt::LeftButton, Qt::NoModifier, center.toPoint());
    QCOMPARE(bench.selection.trials().size(), tensors);
    const auto* table = m_fixture->visible<QTableView>(QStringLiteral("resultTable"));
    QVERIFY(table);
    QCOMPARE(table->selectionModel()->selectedRows().size(), tensors);

    const QString method =
        QString::fromStdString(bench.results.find(bench.selection.currentTrial())->methodText);
    std::vector<const TrialRecord*> members;
    for (const RecordPointer& record : bench.results.records()) {
        if (QString::fromStdString(record->methodText) == method) members.push_back(record.get());
    }
    const MethodSummary total = summarizeMethod(members);
    const QString shown = m_fixture->visible<QLabel>(QStringLiteral("selectedTensor"))->text();
    QVERIFY2(shown.startsWith(QStringLiteral("%1 tensors together").arg(tensors)),
             qPrintable(shown));
    const QString hover = plot().hoverText(center);
    QVERIFY2(hover.contains(method), qPrintable(hover));
    const std::string metric = bench.plots.tradeOffOptions().metric.toStdString();
    const QString value = QString::fromStdString(formatSignificant(*total.metrics.value(metric)));
    QVERIFY2(hover.contains(value), qPrintable(hover + u'|' + value));
}

void TestWindowResults::aPointHasAMenu() {
    const QStringList menu = menuAt(&plot(), plot().markRect(0).center().toPoint());
    for (const char* text : {"Copy as CLI command", "Use these settings", "Show in Explore",
                             "Copy image", "Export figure..."}) {
        QVERIFY2(menu.contains(QLatin1String(text)), qPrintable(menu.join(u'|')));
    }
    // Where there is no point, there is nothing to copy the command of.
    const QStringList beside = menuAt(&plot(), plot().axisRect()->rect().bottomRight());
    QVERIFY(!beside.contains(QStringLiteral("Copy as CLI command")));
    QVERIFY(beside.contains(QStringLiteral("Copy image")));
}

void TestWindowResults::aRowHasAMenu() {
    auto* table = m_fixture->visible<QTableView>(QStringLiteral("resultTable"));
    QVERIFY(table);
    const QModelIndex index =
        table->model()->index(1, table->horizontalHeader()->logicalIndexAt(4));
    const QPoint position = table->visualRect(index).center();
    QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::NoModifier, position);
    const QStringList menu = menuAt(table->viewport(), position);
    for (const char* text : {"Copy as CLI command", "Use these settings", "Show in Explore",
                             "Copy selected rows as CSV"}) {
        QVERIFY2(menu.contains(QLatin1String(text)), qPrintable(menu.join(u'|')));
    }
    QGuiApplication::clipboard()->clear();
    m_fixture->window->actions().copyCommand->trigger();
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("quantscope-cli")));
    const int before = m_fixture->bench->methods.rowCount();
    m_fixture->window->actions().useSettings->trigger();
    QCOMPARE(m_fixture->bench->methods.rowCount(), before + 1);
    const std::string label =
        m_fixture->bench->results.find(m_fixture->bench->selection.currentTrial())->methodText;
    QCOMPARE(m_fixture->bench->document.spec().methods.back().toText(), label);
}

void TestWindowResults::actionsWithoutAnObjectAreOff() {
    WindowActions& actions = m_fixture->window->actions();
    QVERIFY(!actions.retryFailed->isEnabled());
    QVERIFY(!actions.discardRecovered->isEnabled());
    QVERIFY(actions.useSettings->isEnabled());
    m_fixture->bench->selection.clear();
    QVERIFY(!actions.useSettings->isEnabled());
    QVERIFY(!actions.copyCommand->isEnabled());
    // Nothing was weighted by a Hessian.
    const auto* table = m_fixture->visible<QTableView>(QStringLiteral("resultTable"));
    QVERIFY(table->isColumnHidden(resultColumn(QStringLiteral("hessian_error"))));
    QVERIFY(!table->isColumnHidden(resultColumn(QStringLiteral("nmse"))));
    QVERIFY(!table->isColumnHidden(resultColumn(QStringLiteral("shannon_percent"))));
    QVERIFY(table->isColumnHidden(resultColumn(QStringLiteral("qsur_after"))));
}

void TestWindowResults::theMenuOfMethodsFindsWhatIsTyped() {
    const int before = m_fixture->bench->methods.rowCount();
    m_fixture->press(QStringLiteral("Ctrl+M"));
    QTRY_VERIFY(QApplication::activePopupWidget());
    QTest::keyClicks(QApplication::activePopupWidget(), QStringLiteral("rvq"));
    QTest::keyClick(QApplication::activePopupWidget(), Qt::Key_Return);
    QCOMPARE(m_fixture->bench->methods.rowCount(), before + 1);
    QCOMPARE(m_fixture->bench->document.spec().methods.back().method.id, std::string("rvq"));
}

void TestWindowResults::vectorsAreChosenBeforeQueries() {
    WindowFixture other;
    QVERIFY(other.openSample(QStringLiteral("glove-50-angular.hdf5")));
    QTRY_COMPARE_WITH_TIMEOUT(other.bench->document.spec().data.tensors,
                              std::vector<std::string>{"train"}, patienceMs);
    // Ticked is chosen, queries or not.
    QCOMPARE(other.bench->tensors.chosen(), std::set<std::string>{"train"});
}

QTEST_MAIN(TestWindowResults)
#include "tst_window_results.moc"
