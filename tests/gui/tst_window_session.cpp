// SPDX-License-Identifier: GPL-3.0-or-later
// What must not go wrong over a day: undo, sessions, crashes, broken files, cancelling, layouts.
#include <QAccessible>
#include <QDir>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTabBar>
#include <QToolButton>
#include <QTreeView>
#include <QUndoStack>
#include <algorithm>
#include <ctime>

#include "app/gui/command_palette.h"
#include "app/gui/explore_view.h"
#include "app/gui/window_actions.h"
#include "app/gui/workspace.h"
#include "core/base/text_file.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowSession : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void editsAreUndoneAndRedone();
    void aNonsenseSettingIsSaidAndStopsTheRun();
    void theSessionIsSavedAndOpenedAgain();
    void anAllocatorThatIsNotOfferedIsSaid();
    void workOfACrashedProgramIsRecovered();
    void aBrokenFileIsSaidInTheBar();
    void escapeCancelsTheRun();
    void theThemeIsSwitched();
    void theLayoutIsReset();
    void thePaletteFindsTensorsAndActions();
    void everythingInTheFocusChainHasAName();
    void theWindowStaysResponsive();

private:
    /// What the keyboard reaches and a screen reader could not say, one a line.
    QString namelessWidgets() const;
    std::string methodText(int row) const {
        return m_fixture->bench->document.spec().methods[static_cast<std::size_t>(row)].toText();
    }

    std::unique_ptr<WindowFixture> m_fixture;
};

void TestWindowSession::init() {
    m_fixture = std::make_unique<WindowFixture>();
    QVERIFY(QTest::qWaitForWindowActive(m_fixture->window.get()));
}

void TestWindowSession::cleanup() {
    m_fixture.reset();
}

void TestWindowSession::editsAreUndoneAndRedone() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("2..6")));
    QCOMPARE(methodText(0), std::string("scalar:bits=2..6"));
    m_fixture->window->setFocus();
    QAction* undo = m_fixture->window->actions().undo;
    while (undo->isEnabled() && !m_fixture->bench->document.spec().methods.empty()) {
        QVERIFY(!undo->text().isEmpty());
        undo->trigger();
    }
    QVERIFY(m_fixture->bench->document.spec().methods.empty());
    QCOMPARE(m_fixture->bench->methods.rowCount(), 0);
    while (m_fixture->window->actions().redo->isEnabled()) {
        m_fixture->window->actions().redo->trigger();
    }
    QCOMPARE(methodText(0), std::string("scalar:bits=2..6"));
    // The keys do the same as the menu.
    m_fixture->press(QStringLiteral("Ctrl+Z"));
    QVERIFY(methodText(0) != std::string("scalar:bits=2..6"));
    m_fixture->press(QStringLiteral("Ctrl+Shift+Z"));
    QCOMPARE(methodText(0), std::string("scalar:bits=2..6"));
}

void TestWindowSession::aNonsenseSettingIsSaidAndStopsTheRun() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    QTRY_VERIFY_WITH_TIMEOUT(m_fixture->window->actions().run->isEnabled(), patienceMs);
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("2..banana")));
    const auto* problem = m_fixture->visible<QLabel>(QStringLiteral("bits_problem"));
    QVERIFY(problem && !problem->text().isEmpty());
    QVERIFY(!m_fixture->window->actions().run->isEnabled());
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("3")));
    QVERIFY(!m_fixture->visible<QLabel>(QStringLiteral("bits_problem")));
    QTRY_VERIFY_WITH_TIMEOUT(m_fixture->window->actions().run->isEnabled(), patienceMs);
}

void TestWindowSession::theSessionIsSavedAndOpenedAgain() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("2, 4")));
    QVERIFY(m_fixture->runToTheEnd());
    QCOMPARE(m_fixture->bench->results.count(), 2);
    const QString trial =
        QString::fromStdString(m_fixture->bench->results.records().back()->trialId);
    m_fixture->bench->selection.selectTrial(trial);
    const QString file = m_fixture->path(QStringLiteral("work.qscope.json"));
    m_fixture->answerFileDialog(file);
    m_fixture->press(QStringLiteral("Ctrl+S"));
    QVERIFY(QFile::exists(file));
    QVERIFY(!m_fixture->window->isWindowModified());

    // Another window, as after a new start.
    WindowFixture other;
    other.window->open(file);
    QTRY_COMPARE_WITH_TIMEOUT(other.bench->results.count(), 2, patienceMs);
    QCOMPARE(other.bench->document.spec(), m_fixture->bench->document.spec());
    QTRY_COMPARE_WITH_TIMEOUT(other.bench->selection.currentTrial(), trial, patienceMs);
    QCOMPARE(other.bench->recentFiles.paths().contains(file), true);
}

// Rankings need a score, and the window has none.
void TestWindowSession::anAllocatorThatIsNotOfferedIsSaid() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    const QString file = m_fixture->path(QStringLiteral("work.qscope.json"));
    m_fixture->answerFileDialog(file);
    m_fixture->press(QStringLiteral("Ctrl+S"));
    QVERIFY(QFile::exists(file));
    Json session = readJsonFile(file.toStdString());
    session.at("window").at("allocation")["allocator"] = "ranking";
    writeTextFile(file.toStdString(), session.dump());
    WindowFixture other;
    other.window->open(file);
    const MessageModel& messages = other.bench->messages;
    const auto isSaid = [&] {
        for (int row = 0; row < messages.rowCount(); ++row) {
            if (messages.message(row).why.contains(QStringLiteral("\"ranking\""))) return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSaid(), patienceMs);
    QCOMPARE(other.bench->allocation.wish().allocator, Allocator::Exact);
}

void TestWindowSession::workOfACrashedProgramIsRecovered() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("pq")));
    const ExperimentSpec spec = m_fixture->bench->document.spec();
    const QDir folder(m_fixture->path(QStringLiteral("autosave")));
    const QStringList pattern{QStringLiteral("*.json")};
    QTRY_VERIFY_WITH_TIMEOUT(!folder.entryList(pattern).isEmpty(), patienceMs);

    // What a program that was killed leaves: its file, and nobody who holds the lock.
    WindowFixture other;
    QVERIFY(QDir().mkpath(other.path(QStringLiteral("autosave"))));
    QVERIFY(QFile::copy(folder.filePath(folder.entryList(pattern).front()),
                        other.path(QStringLiteral("autosave/dead.json"))));
    other.window->workspace().offerRecovery();
    auto* recover = other.visible<QPushButton>(QStringLiteral("errorBarAction"));
    QVERIFY(recover);
    QTest::mouseClick(recover, Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(other.bench->document.spec().methods, spec.methods, patienceMs);
    QCOMPARE(other.bench->document.spec().data.file, spec.data.file);
    QVERIFY(other.window->isWindowModified());
    QVERIFY(!QFile::exists(other.path(QStringLiteral("autosave/dead.json"))));
}

void TestWindowSession::aBrokenFileIsSaidInTheBar() {
    const auto* bar = m_fixture->window->findChild<QWidget*>(QStringLiteral("errorBar"));
    QVERIFY(!bar->isVisible());
    m_fixture->drop(QStringLiteral(QUANTSCOPE_TEST_DATA_DIR "/h5files/bad-truncated-50pc.h5"));
    QTRY_VERIFY_WITH_TIMEOUT(bar->isVisible(), patienceMs);
    const auto* what = m_fixture->visible<QLabel>(QStringLiteral("errorBarWhat"));
    QVERIFY(what && what->text().contains(QStringLiteral("bad-truncated-50pc.h5")));
    const auto* details = m_fixture->visible<QLabel>(QStringLiteral("errorBarDetails"));
    QVERIFY(details && details->text().contains(QStringLiteral("cut off")));
    QTest::mouseClick(m_fixture->visible<QToolButton>(QStringLiteral("errorBarDismiss")),
                      Qt::LeftButton);
    QVERIFY(!bar->isVisible());
    // The window lives, and a good file opens after the bad one.
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
}

void TestWindowSession::escapeCancelsTheRun() {
    QVERIFY(m_fixture->openSample(QStringLiteral("glove-50-angular.hdf5")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("pq")));
    QVERIFY(m_fixture->typeParameter(QStringLiteral("m"), QStringLiteral("5, 10, 25")));
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("2..8")));
    QTRY_VERIFY_WITH_TIMEOUT(
        !m_fixture->bench->plan.isStale() && m_fixture->window->actions().run->isEnabled(),
        patienceMs);
    m_fixture->press(QStringLiteral("F5"));
    QTRY_VERIFY_WITH_TIMEOUT(m_fixture->bench->run.isRunning(), patienceMs);
    QTRY_VERIFY(m_fixture->visible<QPushButton>(QStringLiteral("cancelButton")));
    m_fixture->press(QStringLiteral("Esc"));
    QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->bench->run.isRunning(), patienceMs);
    QVERIFY(m_fixture->bench->results.count() < 21);
    QTRY_VERIFY_WITH_TIMEOUT(m_fixture->window->actions().run->isEnabled(), patienceMs);
}

void TestWindowSession::theThemeIsSwitched() {
    const auto lightness = [this] {
        return m_fixture->window->palette().color(QPalette::Window).lightness();
    };
    QVERIFY(lightness() > 200);
    for (QAction* theme : m_fixture->window->actions().themes->actions()) {
        if (theme->data().toString() == QStringLiteral("dark")) theme->trigger();
    }
    QTRY_VERIFY(lightness() < 60);
    QCOMPARE(m_fixture->settings.value(QStringLiteral("theme")).toString(), QStringLiteral("dark"));
}

void TestWindowSession::theLayoutIsReset() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    m_fixture->press(QStringLiteral("Ctrl+2"));
    auto* data = m_fixture->window->findChild<QDockWidget*>(QStringLiteral("dataDock"));
    auto* methods = m_fixture->window->findChild<QDockWidget*>(QStringLiteral("methodsDock"));
    QTRY_VERIFY(data->isVisible() && methods->isVisible());
    data->close();
    methods->setFloating(true);
    QVERIFY(!data->isVisible());
    m_fixture->window->actions().resetLayout->trigger();
    QTRY_VERIFY(data->isVisible());
    QVERIFY(!methods->isFloating());
    QCOMPARE(m_fixture->window->dockWidgetArea(data), Qt::LeftDockWidgetArea);
    QCOMPARE(m_fixture->window->dockWidgetArea(methods), Qt::RightDockWidgetArea);
}

void TestWindowSession::thePaletteFindsTensorsAndActions() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    m_fixture->press(QStringLiteral("Ctrl+K"));
    const auto* palette = m_fixture->visible<QWidget>(QStringLiteral("commandPalette"));
    QVERIFY(palette);
    auto* field = palette->findChild<QLineEdit*>();
    QTest::keyClicks(field, QStringLiteral("layers.3 k_proj"));
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(!palette->isVisible());
    QCOMPARE(m_fixture->bench->selection.currentTensor(),
             QStringLiteral("model.layers.3.self_attn.k_proj.weight"));
}

QString TestWindowSession::namelessWidgets() const {
    QStringList nameless;
    for (QWidget* widget = m_fixture->window->nextInFocusChain(); widget != m_fixture->window.get();
         widget = widget->nextInFocusChain()) {
        if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus)) continue;
        const QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
        if (!face || !face->text(QAccessible::Name).isEmpty()) continue;
        nameless << QString::fromLatin1(widget->metaObject()->className()) + QLatin1Char(' ') +
                        widget->objectName();
    }
    return nameless.join(QLatin1Char('\n'));
}

void TestWindowSession::everythingInTheFocusChainHasAName() {
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    for (const QString& perspective : {QStringLiteral("Ctrl+1"), QStringLiteral("Ctrl+2")}) {
        m_fixture->press(perspective);
        QTRY_COMPARE(namelessWidgets(), QString());
    }
    // The tabs of the panels are among them.
    QVERIFY(std::ranges::any_of(m_fixture->window->findChildren<QTabBar*>(), [](QTabBar* bar) {
        return bar->accessibleName() == QStringLiteral("Panels") && bar->count() > 1 &&
               bar->focusPolicy() == Qt::TabFocus;
    }));
}

// Between two turns of the event loop the thread of the window may draw, but not compute. Its
// processor time says so whatever else the machine does; the time of the clock, with room for that
// machine, says that it did not wait either.
void TestWindowSession::theWindowStaysResponsive() {
    constexpr double mostCpuMs = 250.0;
    constexpr qint64 mostWallMs = 5'000;
    const auto cpuMs = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
    };
    m_fixture->window->open(QStringLiteral(QUANTSCOPE_DATASETS_DIR "/experiments/tour.json"));
    double worstCpu = 0.0;
    qint64 worstWall = 0;
    double lastCpu = cpuMs();
    QElapsedTimer wall;
    wall.start();
    QTimer pulse;
    pulse.setInterval(0);
    connect(&pulse, &QTimer::timeout, this, [&] {
        worstCpu = std::max(worstCpu, cpuMs() - lastCpu);
        worstWall = std::max(worstWall, wall.restart());
        lastCpu = cpuMs();
    });
    pulse.start();
    QVERIFY(QTest::qWaitFor(
        [this] {
            return !m_fixture->bench->plan.isStale() &&
                   m_fixture->window->actions().run->isEnabled();
        },
        patienceMs));
    m_fixture->window->actions().run->trigger();
    QVERIFY(
        QTest::qWaitFor([this] { return m_fixture->bench->results.count() >= 100; }, patienceMs));
    m_fixture->window->open(QStringLiteral(QUANTSCOPE_DATASETS_DIR "/glove-50-angular.hdf5"));
    QVERIFY(QTest::qWaitFor(
        [this] {
            return m_fixture->bench->data.state() == DataLoader::State::Open &&
                   m_fixture->bench->tensors.tensors().size() == 6;
        },
        patienceMs));
    m_fixture->bench->run.cancel();
    qInfo("longest turn of the event loop: %.0f ms of processor time, %lld ms of the clock",
          worstCpu, static_cast<long long>(worstWall));
    QVERIFY2(worstCpu < mostCpuMs, qPrintable(QString::number(worstCpu)));
    QVERIFY2(worstWall < mostWallMs, qPrintable(QString::number(worstWall)));
}

QTEST_MAIN(TestWindowSession)
#include "tst_window_session.moc"
