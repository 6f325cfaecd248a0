// SPDX-License-Identifier: GPL-3.0-or-later
// What must not go wrong over a day: undo, crashes, broken files, layouts.
#include <QDir>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>
#include <QTreeView>
#include <QUndoStack>

#include "app/gui/command_palette.h"
#include "app/gui/window_actions.h"
#include "app/gui/workspace.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowSession : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void editsAreUndoneAndRedone();
    void aNonsenseSettingIsSaidAndStopsTheRun();
    void workOfACrashedProgramIsRecovered();
    void aBrokenFileIsSaidInTheBar();
    void theThemeIsSwitched();
    void theLayoutIsReset();
    void thePaletteFindsTensorsAndActions();

private:
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

QTEST_MAIN(TestWindowSession)
#include "tst_window_session.moc"
