// SPDX-License-Identifier: GPL-3.0-or-later
// A budget dealt to tensors: plans follow the budget, locks and ties, and can be saved.
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QMenu>
#include <QPushButton>
#include <QSlider>
#include <QTabWidget>
#include <QToolButton>

#include "app/gui/allocate_view.h"
#include "app/gui/perplexity_page.h"
#include "app/gui/plot_page.h"
#include "app/gui/window_actions.h"
#include "app/plots/budget_plot.h"
#include "app/plots/gain_plot.h"
#include "app/plots/perplexity_plot.h"
#include "app/plots/plan_plot.h"
#include "app/plots/sensitivity_plot.h"
#include "core/base/csv_text.h"
#include "core/base/text_file.h"
#include "core/run/allocation_plan.h"
#include "core/store/evaluation_records.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowAllocate : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void showsNothingWithoutResults();
    void theBudgetIsKept();
    void theCurveIsTheOptimumOfEveryBudget();
    void draggingABarLocksIt();
    void whatIsAskedCanBeUndone();
    void tiedTensorsGetOneMethod();
    void aPlanIsSaved();
    void aPlanIsExported();
    void whatCannotBeExportedIsSaid();
    void theModelIsEvaluated();
    void evaluatingIsCancelled();
    void damagedEvaluationsAreSaid();
    void sensitivityFollowsItsMethod();
    void trainingIsShown();

private:
    PlanFeed& feed() const { return m_fixture->bench->allocation; }
    PlanPlot& plan() const { return *m_fixture->window->allocateView().planPlot(); }
    bool ask(double bits) const { return m_fixture->askBudget(bits); }
    void exportPlan(const QString& format, const QString& file) const;
    void chooseTokens(const QString& file) const;
    QString tokenFile() const { return m_fixture->tokenFile(); }

    std::unique_ptr<WindowFixture> m_fixture;
};

void TestWindowAllocate::initTestCase() {
    m_fixture = std::make_unique<WindowFixture>();
    QVERIFY(QTest::qWaitForWindowActive(m_fixture->window.get()));
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    showsNothingWithoutResults();
    Workbench& bench = *m_fixture->bench;
    ExperimentSpec spec = bench.document.spec();
    spec.data.tensors = {"model.layers.[01].self_attn.*"};
    spec.methods = {SweptMethod::parse("scalar:bits=2..6"),
                    SweptMethod::parse("rvq:stages=[1,2],bits=4,dim=4")};
    bench.document.reset(spec);
    QTRY_COMPARE_WITH_TIMEOUT(bench.plan.summary().trials, 56, patienceMs);
    QVERIFY(m_fixture->runToTheEnd());
    m_fixture->press(QStringLiteral("Ctrl+3"));
    QTRY_COMPARE_WITH_TIMEOUT(plan().markCount(), 8, patienceMs);
}

void TestWindowAllocate::cleanupTestCase() {
    m_fixture.reset();
}

// Called before there are any.
void TestWindowAllocate::showsNothingWithoutResults() {
    if (m_fixture->bench->results.count() > 0) return;
    m_fixture->press(QStringLiteral("Ctrl+3"));
    QVERIFY(m_fixture->window->allocateView().isVisible());
    QVERIFY(m_fixture->window->allocateView().currentPage() == nullptr);
    QVERIFY(!m_fixture->visible<QDoubleSpinBox>(QStringLiteral("budget")));
}

void TestWindowAllocate::theBudgetIsKept() {
    double before = std::numeric_limits<double>::infinity();
    for (const double bits : {3.0, 4.0, 5.5}) {
        QVERIFY(ask(bits));
        const AllocationPlan& answer = *feed().answer().plan;
        QVERIFY(answer.achievedBitsPerWeight <= bits + 1e-12);
        QVERIFY(answer.isOptimal);
        QVERIFY(answer.loss < before);
        before = answer.loss;
        // The bars add up to the budget.
        double sum = 0.0;
        double weights = 0.0;
        for (const PlannedTensor& tensor : answer.tensors) {
            sum += static_cast<double>(tensor.option.bits);
            weights += static_cast<double>(tensor.weights);
        }
        QVERIFY(std::abs(sum / weights - answer.achievedBitsPerWeight) < 1e-9);
        for (int mark = 0; mark < plan().markCount(); ++mark) {
            const PlanBar& bar = plan().data().bars[static_cast<std::size_t>(mark)];
            const auto at = static_cast<std::size_t>(mark);
            QCOMPARE(bar.tensor.toStdString(), answer.tensors[at].tensor);
            QVERIFY(std::abs(bar.choice().bitsPerWeight - answer.tensors[at].bitsPerWeight()) <
                    1e-9);
        }
    }
    // The slider asks as well.
    auto* slider = m_fixture->visible<QSlider>(QStringLiteral("budgetSlider"));
    QVERIFY(slider);
    slider->setFocus();
    QTest::keyClick(slider, Qt::Key_PageDown);
    QTRY_COMPARE_WITH_TIMEOUT(feed().answer().plan->requestedBitsPerWeight, 5.0, patienceMs);
}

void TestWindowAllocate::theCurveIsTheOptimumOfEveryBudget() {
    QVERIFY(ask(4.0));
    const BudgetCurveData& curve = feed().answer().curve;
    QTRY_VERIFY_WITH_TIMEOUT(feed().answer().hasCurve && curve.plans.size() > 10, patienceMs);
    for (std::size_t i = 1; i < curve.plans.size(); ++i) {
        QVERIFY(curve.plans[i].bitsPerWeight > curve.plans[i - 1].bitsPerWeight);
        QVERIFY(curve.plans[i].loss <= curve.plans[i - 1].loss);
    }
    // Single methods that cost more and lose no less than another are no baselines.
    QVERIFY(curve.uniform.size() >= 5);
    // Of no more bits than a single method, a plan loses no more.
    const std::vector<BudgetPoint> uniform = curve.uniform;
    for (const BudgetPoint& single : uniform) {
        const double budget = std::ceil(100.0 * single.bitsPerWeight) / 100.0;
        QVERIFY(ask(budget));
        const double loss = feed().answer().plan->loss;
        QVERIFY2(loss <= single.loss * (1.0 + 1e-9), qPrintable(QStringLiteral("%1: %2 > %3 of %4")
                                                                    .arg(budget)
                                                                    .arg(loss)
                                                                    .arg(single.loss)
                                                                    .arg(single.label)));
    }
    // A click on a plan takes its budget.
    BudgetPlot& plot = *m_fixture->window->allocateView().budgetPlot();
    const int mark = static_cast<int>(plot.data().plans.size()) / 2;
    const double wanted = plot.data().plans[static_cast<std::size_t>(mark)].bitsPerWeight;
    QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier,
                      plot.markRect(mark).center().toPoint());
    QTRY_VERIFY_WITH_TIMEOUT(std::abs(feed().answer().plan->achievedBitsPerWeight - wanted) < 0.011,
                             patienceMs);
}

void TestWindowAllocate::draggingABarLocksIt() {
    QVERIFY(ask(4.0));
    const int mark = 2;
    const PlanBar bar = plan().data().bars[mark];
    const int other = bar.chosen > 0 ? bar.chosen - 1 : bar.chosen + 1;
    const PlanChoice wanted = bar.choices[static_cast<std::size_t>(other)];
    const QPointF end(plan().markRect(mark).right(), plan().markRect(mark).center().y());
    const QPoint there(qRound(plan().xAxis->coordToPixel(wanted.bitsPerWeight)), qRound(end.y()));
    QTest::mousePress(&plan(), Qt::LeftButton, Qt::NoModifier, end.toPoint());
    QTest::mouseMove(&plan(), there);
    QTest::mouseRelease(&plan(), Qt::LeftButton, Qt::NoModifier, there);
    QTRY_VERIFY_WITH_TIMEOUT(plan().data().bars[mark].locked, patienceMs);
    QCOMPARE(plan().data().bars[mark].choice().method, wanted.method);
    QVERIFY(feed().answer().plan->achievedBitsPerWeight <= 4.0 + 1e-12);
    QCOMPARE(feed().wish().locks.at(bar.tensor), wanted.method);

    // The others stay free, a session keeps the lock, and L takes it away.
    QCOMPARE(PlanWish::fromJson(feed().wish().toJson()), feed().wish());
    QVERIFY(plan().markText(mark).contains(QStringLiteral("locked")));
    plan().setFocus();
    plan().setCurrentMark(mark);
    QTest::keyClick(&plan(), Qt::Key_L);
    QTRY_VERIFY_WITH_TIMEOUT(!plan().data().bars[mark].locked, patienceMs);
    QVERIFY(feed().wish().locks.empty());
}

// Locks and budgets are undone like edits of the experiment, and saved automatically.
void TestWindowAllocate::whatIsAskedCanBeUndone() {
    QVERIFY(ask(4.0));
    QVERIFY(ask(3.5));
    m_fixture->press(QStringLiteral("Ctrl+Z"));
    QCOMPARE(feed().wish().bitsPerWeight.value(), 4.0);
    const QString tensor = plan().data().bars[1].tensor;
    plan().setFocus();
    plan().setCurrentMark(1);
    QTest::keyClick(&plan(), Qt::Key_L);
    QVERIFY(feed().wish().locks.contains(tensor));
    const QDir folder(m_fixture->path(QStringLiteral("autosave")));
    const auto isSaved = [&] {
        const QStringList files = folder.entryList({QStringLiteral("*.json")}, QDir::Files);
        return std::ranges::any_of(files, [&](const QString& file) {
            const Json session = readJsonFile(folder.filePath(file).toStdString());
            return session["window"]["allocation"]["locks"].contains(tensor.toStdString());
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSaved(), patienceMs);
    m_fixture->press(QStringLiteral("Ctrl+Z"));
    QVERIFY(feed().wish().locks.empty());
    QTRY_VERIFY_WITH_TIMEOUT(!plan().data().bars[1].locked, patienceMs);
    m_fixture->window->undoStack().redo();
    QVERIFY(feed().wish().locks.contains(tensor));
    m_fixture->window->undoStack().undo();
}

void TestWindowAllocate::tiedTensorsGetOneMethod() {
    QVERIFY(ask(3.7));
    auto* tied = m_fixture->visible<QCheckBox>(QStringLiteral("tied"));
    QVERIFY(tied);
    const double free = feed().answer().plan->loss;
    QTest::mouseClick(tied, Qt::LeftButton, Qt::NoModifier, QPoint(8, tied->height() / 2));
    QVERIFY(feed().wish().tied);
    QVERIFY(QTest::qWaitFor(
        [&] {
            std::map<QString, std::set<QString>> methods;
            for (const PlanBar& bar : plan().data().bars) {
                if (bar.tensor.contains(QStringLiteral("o_proj"))) continue;
                methods[bar.tensor.section(u'.', 0, 2)].insert(bar.choice().method);
            }
            return methods.size() == 2 &&
                   std::ranges::all_of(methods, [](auto& part) { return part.second.size() == 1; });
        },
        patienceMs));
    // Fewer choices cannot lose less. A lock of one holds for those that are tied to it.
    QVERIFY(feed().answer().plan->loss >= free * (1.0 - 1e-12));
    const auto query = std::ranges::find_if(plan().data().bars, [](const PlanBar& bar) {
        return bar.tensor.contains(QStringLiteral("q_proj"));
    });
    QCOMPARE(query->tiedWith.size(), 2);
    plan().setFocus();
    plan().setCurrentMark(static_cast<int>(query - plan().data().bars.begin()));
    QTest::keyClick(&plan(), Qt::Key_L);
    QTRY_COMPARE_WITH_TIMEOUT(feed().wish().locks.size(), std::size_t{3}, patienceMs);
    m_fixture->visible<QPushButton>(QStringLiteral("unlockAll"))->click();
    QVERIFY(feed().wish().locks.empty());
    tied->click();
}

void TestWindowAllocate::aPlanIsSaved() {
    QVERIFY(ask(4.25));
    const QString file = m_fixture->path(QStringLiteral("plan.json"));
    m_fixture->answerFileDialog(file);
    m_fixture->visible<QPushButton>(QStringLiteral("savePlan"))->click();
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(file), patienceMs);
    const AllocationPlan saved = AllocationPlan::fromJson(readJsonFile(file.toStdString()));
    QCOMPARE(saved.requestedBitsPerWeight, 4.25);
    QCOMPARE(saved.tensors.size(), std::size_t{8});
    QCOMPARE(saved.folder, m_fixture->bench->run.runFolder().string());
    QCOMPARE(saved.loss, feed().answer().plan->loss);
}

// As a person does it: the entry of the menu, then the name of the file.
void TestWindowAllocate::exportPlan(const QString& format, const QString& file) const {
    auto* button = m_fixture->visible<QPushButton>(QStringLiteral("exportPlan"));
    QVERIFY(button);
    auto* action = button->menu()->findChild<QAction*>(format);
    QVERIFY(action);
    m_fixture->answerFileDialog(file);
    action->trigger();
}

void TestWindowAllocate::aPlanIsExported() {
    QVERIFY(ask(4.25));
    const QString file = m_fixture->path(QStringLiteral("plan.csv"));
    exportPlan(QStringLiteral("csv"), file);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(file), patienceMs);
    const auto lines = parseCsv(readTextFile(file.toStdString()));
    const AllocationPlan& shown = *feed().answer().plan;
    QCOMPARE(lines.size(), shown.tensors.size() + 1);
    for (std::size_t i = 0; i < shown.tensors.size(); ++i)
        QCOMPARE(lines[i + 1][1], shown.tensors[i].option.method);
}

void TestWindowAllocate::whatCannotBeExportedIsSaid() {
    const QString file = m_fixture->path(QStringLiteral("types.txt"));
    MessageModel& messages = m_fixture->bench->messages;
    const int before = messages.rowCount();
    exportPlan(QStringLiteral("llama.cpp"), file);
    QTRY_VERIFY_WITH_TIMEOUT(messages.rowCount() > before, patienceMs);
    QString said;
    for (int row = 0; row < messages.rowCount(); ++row)
        said += messages.message(row).text();
    QVERIFY2(said.contains(QStringLiteral("llama.cpp has no type")), qPrintable(said));
    QVERIFY(!QFile::exists(file));
}

// As a person does it: the tab, the file, the button.
void TestWindowAllocate::chooseTokens(const QString& file) const {
    auto* tabs = m_fixture->visible<QTabWidget>(QStringLiteral("allocateTabs"));
    QVERIFY(tabs);
    tabs->setCurrentWidget(m_fixture->window->allocateView().perplexityPage());
    m_fixture->answerFileDialog(file);
    m_fixture->visible<QToolButton>(QStringLiteral("chooseTokens"))->click();
    QCOMPARE(m_fixture->bench->perplexity.tokens().string(), file.toStdString());
}

void TestWindowAllocate::theModelIsEvaluated() {
    chooseTokens(tokenFile());
    PerplexityFeed& perplexity = m_fixture->bench->perplexity;
    auto* evaluate = m_fixture->visible<QPushButton>(QStringLiteral("evaluateRun"));
    QVERIFY(evaluate->isEnabled());
    evaluate->click();
    QVERIFY(perplexity.isRunning());
    QTRY_VERIFY_WITH_TIMEOUT(!perplexity.isRunning(), patienceMs);
    // Seven methods and the plan, beside the model as it is.
    const PerplexityPlot& plot =
        m_fixture->window->allocateView().perplexityPage()->perplexityPlot();
    QCOMPARE(plot.markCount(), 8);
    QVERIFY(plot.data().reference.has_value());
    QCOMPARE(
        std::ranges::count(plot.data().points, PerplexityPoint::Kind::Plan, &PerplexityPoint::kind),
        1);
    const auto finest = std::ranges::find(plot.data().points, QStringLiteral("scalar:bits=6"),
                                          &PerplexityPoint::label);
    const auto coarsest = std::ranges::find(plot.data().points, QStringLiteral("scalar:bits=2"),
                                            &PerplexityPoint::label);
    QVERIFY(finest->divergence < 0.1 * coarsest->divergence);
    QVERIFY(finest->divergence > 0.0 && finest->error > 0.0);
    // They stay with the run.
    const std::filesystem::path folder = m_fixture->bench->run.runFolder();
    QCOMPARE(readEvaluations(folder).size(), std::size_t{9});
    m_fixture->bench->run.close();
    QTRY_COMPARE_WITH_TIMEOUT(plot.markCount(), 0, patienceMs);
    m_fixture->bench->run.openRun(folder);
    QTRY_COMPARE_WITH_TIMEOUT(plot.markCount(), 8, patienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(plan().markCount(), 8, patienceMs);
    // What is known is not evaluated again.
    evaluate->click();
    QTRY_VERIFY_WITH_TIMEOUT(!perplexity.isRunning(), patienceMs);
    QCOMPARE(readEvaluations(folder).size(), std::size_t{9});
}

void TestWindowAllocate::evaluatingIsCancelled() {
    chooseTokens(QStringLiteral(QUANTSCOPE_DATASETS_DIR "/stories260k-evaluation-tokens.h5"));
    PerplexityFeed& perplexity = m_fixture->bench->perplexity;
    auto* evaluate = m_fixture->visible<QPushButton>(QStringLiteral("evaluateRun"));
    evaluate->click();
    QVERIFY(perplexity.isRunning());
    QTRY_VERIFY_WITH_TIMEOUT(m_fixture->bench->jobs.jobs().back().progress.fraction > 0.05,
                             patienceMs);
    QCOMPARE(evaluate->text(), QStringLiteral("Cancel"));
    evaluate->click();
    QVERIFY(!perplexity.isRunning());
    QCOMPARE(evaluate->text(), QStringLiteral("Evaluate"));
    const std::filesystem::path folder = m_fixture->bench->run.runFolder();
    QVERIFY(readEvaluations(folder).size() < std::size_t{18});
}

void TestWindowAllocate::damagedEvaluationsAreSaid() {
    m_fixture->bench->perplexity.setTokens(tokenFile().toStdString());
    const std::filesystem::path folder = m_fixture->bench->run.runFolder();
    const std::string whole = readTextFile(evaluationsPath(folder));
    writeTextFile(evaluationsPath(folder), whole.substr(0, whole.size() / 2));
    m_fixture->bench->run.close();
    m_fixture->bench->run.openRun(folder);
    const PerplexityPlot& plot =
        m_fixture->window->allocateView().perplexityPage()->perplexityPlot();
    QTRY_VERIFY_WITH_TIMEOUT(plot.emptyText().contains(QStringLiteral("evaluations.json")),
                             patienceMs);
    QVERIFY(plot.isEmpty());
    writeTextFile(evaluationsPath(folder), whole);
    m_fixture->bench->run.close();
    m_fixture->bench->run.openRun(folder);
    QTRY_COMPARE_WITH_TIMEOUT(plot.markCount(), 8, patienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(plan().markCount(), 8, patienceMs);
}

void TestWindowAllocate::sensitivityFollowsItsMethod() {
    SensitivityPlot& plot = *m_fixture->window->allocateView().sensitivityPlot();
    QTRY_COMPARE_WITH_TIMEOUT(plot.markCount(), 8, patienceMs);
    auto* tabs = m_fixture->visible<QTabWidget>(QStringLiteral("allocateTabs"));
    tabs->setCurrentIndex(2);
    auto* probe = m_fixture->visible<QComboBox>(QStringLiteral("probe"));
    QVERIFY(probe);
    QVERIFY(probe->count() >= 5);
    const int other = probe->currentIndex() == 0 ? 1 : 0;
    const QString method = probe->itemText(other);
    probe->setFocus();
    QTest::keyClick(probe, other == 0 ? Qt::Key_Home : Qt::Key_Down);
    QTRY_COMPARE_WITH_TIMEOUT(plot.data().method, method, patienceMs);
    for (const SensitivityBar& bar : plot.data().bars) {
        const RecordPointer record = m_fixture->bench->results.find(bar.trialId);
        QVERIFY(record);
        QCOMPARE(record->methodText, method.toStdString());
        QCOMPARE(bar.loss, *record->metrics.nmse * *record->metrics.weightEnergy);
    }
    // Without gptq nothing was expected.
    QVERIFY(m_fixture->window->allocateView().gainPlot()->isEmpty());
}

// The curves of a trained trial, as recorded.
void TestWindowAllocate::trainingIsShown() {
    Workbench& bench = *m_fixture->bench;
    for (const RecordPointer& record : bench.results.records()) {
        QCOMPARE(record->training.empty(), record->method.id == "scalar");
        if (record->method.id != "rvq") continue;
        bench.selection.selectTrial(QString::fromStdString(record->trialId));
        const auto stages = static_cast<std::size_t>(record->codebooks.size());
        QTRY_COMPARE_WITH_TIMEOUT(bench.plots.training().series.size(), stages + 1, patienceMs);
        QCOMPARE(bench.plots.training().series.back().name, QStringLiteral("stage %1").arg(stages));
        break;
    }
}

QTEST_MAIN(TestWindowAllocate)
#include "tst_window_allocate.moc"
