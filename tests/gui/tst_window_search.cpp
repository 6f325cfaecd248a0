// SPDX-License-Identifier: GPL-3.0-or-later
// Plans that are searched for on the model's own loss, and what becomes of them.
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>

#include "app/gui/allocate_view.h"
#include "app/plots/plan_plot.h"
#include "core/base/text_file.h"
#include "core/run/allocation_plan.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowSearch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void aPlanIsSearchedFor();
    void aSearchKeepsItsQuestion();
    void aSearchThatCannotStartSaysWhy();
    void searchingIsCancelled();
    void sessionsMayNameOtherAllocators();

private:
    PlanFeed& feed() const { return m_fixture->bench->allocation; }
    void search(const QString& tokens, int generations) const;

    std::unique_ptr<WindowFixture> m_fixture;
};

void TestWindowSearch::initTestCase() {
    m_fixture = std::make_unique<WindowFixture>();
    QVERIFY(QTest::qWaitForWindowActive(m_fixture->window.get()));
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    Workbench& bench = *m_fixture->bench;
    ExperimentSpec spec = bench.document.spec();
    spec.data.tensors = {"model.layers.0.self_attn.*"};
    spec.methods = {SweptMethod::parse("scalar:bits=2..6")};
    bench.document.reset(spec);
    QTRY_COMPARE_WITH_TIMEOUT(bench.plan.summary().trials, 20, patienceMs);
    QVERIFY(m_fixture->runToTheEnd());
    m_fixture->press(QStringLiteral("Ctrl+3"));
    QTRY_COMPARE_WITH_TIMEOUT(m_fixture->window->allocateView().planPlot()->markCount(), 4,
                              patienceMs);
}

void TestWindowSearch::cleanupTestCase() {
    m_fixture.reset();
}

// As a person does it: the button, the file, how long, and go.
void TestWindowSearch::search(const QString& tokens, int generations) const {
    auto* button = m_fixture->visible<QPushButton>(QStringLiteral("searchPlan"));
    QVERIFY(button && button->isEnabled());
    button->click();
    auto* choose = m_fixture->visible<QPushButton>(QStringLiteral("searchTokens"));
    QVERIFY(choose);
    auto* start = m_fixture->visible<QPushButton>(QStringLiteral("startSearch"));
    m_fixture->answerFileDialog(tokens);
    choose->click();
    QVERIFY(start->isEnabled());
    m_fixture->visible<QSpinBox>(QStringLiteral("searchGenerations"))->setValue(generations);
    start->click();
    QVERIFY(m_fixture->bench->planSearch.isRunning());
}

void TestWindowSearch::aPlanIsSearchedFor() {
    QVERIFY(m_fixture->askBudget(4.0));
    // Nothing to search on yet: the dialog says what it needs.
    auto* button = m_fixture->visible<QPushButton>(QStringLiteral("searchPlan"));
    QVERIFY(button);
    button->click();
    QVERIFY(!m_fixture->visible<QPushButton>(QStringLiteral("startSearch"))->isEnabled());
    QTest::keyClick(m_fixture->visible<QSpinBox>(QStringLiteral("searchSeed")), Qt::Key_Escape);
    QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->visible<QSpinBox>(QStringLiteral("searchSeed")),
                             patienceMs);
    search(m_fixture->tokenFile(), 10);
    QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->bench->planSearch.isRunning(), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(feed().answer().plan->search.has_value(), patienceMs);
    const AllocationPlan found = *feed().answer().plan;
    QCOMPARE(found.allocator, std::string("evolution"));
    QCOMPARE(found.search->startAllocator, std::string("exact"));
    QVERIFY(found.search->result < found.search->start);
    QVERIFY(found.achievedBitsPerWeight <= 4.0 + 1e-12);
    QCOMPARE(m_fixture->window->allocateView().planPlot()->markCount(), 4);
    // It is what is saved, and stays until something else is asked for.
    const QString file = m_fixture->path(QStringLiteral("searched.json"));
    m_fixture->answerFileDialog(file);
    m_fixture->visible<QPushButton>(QStringLiteral("savePlan"))->click();
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(file), patienceMs);
    const AllocationPlan saved = AllocationPlan::fromJson(readJsonFile(file.toStdString()));
    QVERIFY(saved.search == found.search);
    QCOMPARE(saved.folder, m_fixture->bench->run.runFolder().string());
    // Another question has another plan; whoever goes back finds the one that took long.
    QVERIFY(m_fixture->askBudget(3.5));
    QVERIFY(!feed().answer().plan->search);
    m_fixture->window->undoStack().undo();
    QTRY_VERIFY_WITH_TIMEOUT(feed().answer().plan->search == found.search, patienceMs);
    QCOMPARE(feed().answer().plan->requestedBitsPerWeight, 4.0);
    m_fixture->window->undoStack().undo();
    QTRY_VERIFY_WITH_TIMEOUT(!feed().answer().plan->search, patienceMs);
    QCOMPARE(feed().answer().plan->requestedBitsPerWeight, 4.0);
    m_fixture->window->undoStack().redo();
    QTRY_VERIFY_WITH_TIMEOUT(feed().answer().plan->search == found.search, patienceMs);
}

// A search is of the question that its plan answers, and waits until the present one is answered.
void TestWindowSearch::aSearchKeepsItsQuestion() {
    QVERIFY(m_fixture->askBudget(4.0));
    PlanWish other = feed().wish();
    other.bitsPerWeight = 3.5;
    feed().setWish(other);
    QVERIFY(!m_fixture->bench->planSearch.canStart());
    QTRY_VERIFY_WITH_TIMEOUT(m_fixture->bench->planSearch.canStart(), patienceMs);
    search(m_fixture->tokenFile(), 20);
    QVERIFY(m_fixture->askBudget(4.5));
    QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->bench->planSearch.isRunning(), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(feed().answer().plan->search.has_value(), patienceMs);
    QCOMPARE(feed().answer().plan->requestedBitsPerWeight, 3.5);
    QCOMPARE(feed().wish().bitsPerWeight.value(), 3.5);
    QCOMPARE(feed().answer().plan->search->startLoss, lossMeasureText(feed().wish().loss));
}

// The dialog stays where what it would start from has gone, and says why.
void TestWindowSearch::aSearchThatCannotStartSaysWhy() {
    QVERIFY(m_fixture->askBudget(4.0));
    m_fixture->visible<QPushButton>(QStringLiteral("searchPlan"))->click();
    auto* choose = m_fixture->visible<QPushButton>(QStringLiteral("searchTokens"));
    m_fixture->answerFileDialog(m_fixture->tokenFile());
    choose->click();
    auto* start = m_fixture->visible<QPushButton>(QStringLiteral("startSearch"));
    PlanWish other = feed().wish();
    other.bitsPerWeight = 3.5;
    feed().setWish(other);
    start->click();
    QVERIFY(!m_fixture->bench->planSearch.isRunning());
    QVERIFY(start->isVisible());
    QVERIFY(m_fixture->visible<QLabel>(QStringLiteral("searchNote"))
                ->text()
                .contains(QStringLiteral("have changed")));
    QTest::keyClick(start, Qt::Key_Escape);
    QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->visible<QSpinBox>(QStringLiteral("searchSeed")),
                             patienceMs);
    QVERIFY(m_fixture->askBudget(4.0));
}

// The window has no scores to rank by.
void TestWindowSearch::sessionsMayNameOtherAllocators() {
    Json json = feed().wish().toJson();
    json["allocator"] = "ranking";
    QCOMPARE(PlanWish::fromJson(json).allocator, Allocator::Exact);
    json["allocator"] = "greedy";
    QCOMPARE(PlanWish::fromJson(json).allocator, Allocator::Greedy);
}

void TestWindowSearch::searchingIsCancelled() {
    QVERIFY(m_fixture->askBudget(4.0));
    search(QStringLiteral(QUANTSCOPE_DATASETS_DIR "/stories260k-calibration-tokens.h5"), 1000);
    auto* button = m_fixture->visible<QPushButton>(QStringLiteral("searchPlan"));
    QVERIFY(button->isEnabled());
    button->click();
    QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->bench->planSearch.isRunning(), patienceMs);
    QVERIFY(!feed().answer().plan->search);
    QVERIFY(button->isEnabled());
}

QTEST_MAIN(TestWindowSearch)
#include "tst_window_search.moc"
