// SPDX-License-Identifier: GPL-3.0-or-later
#include "window_fixture.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QSignalSpy>
#include <QTimer>
#include <cmath>

#include "app/gui/window_actions.h"
#include "app/gui/workspace.h"
#include "plugins/sdk/plugin_loader.h"
#include "tests/core/hdf5_fixture.h"

namespace quantscope {

namespace {

const QString buildFolder = QStringLiteral(QUANTSCOPE_BUILD_DIR);

// Looks for the dialog until it is there: it comes in an event loop of its own.
void fillFileDialog(const QString& file) {
    auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
    auto* name = dialog ? dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit")) : nullptr;
    if (!name) {
        QTimer::singleShot(20, qApp, [file] { fillFileDialog(file); });
        return;
    }
    name->setText(file);
    QTest::keyClick(name, Qt::Key_Return);
}

}  // namespace

WindowFixture::WindowFixture()
    : settings(folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat) {
    theme.setChoice(ThemeChoice::Light);
    bench = std::make_unique<Workbench>(
        loadPlugins({buildFolder + QStringLiteral("/lib/quantscope/plugins")}),
        (buildFolder + QStringLiteral("/tests/quantscope-probe-test")).toStdString(), &settings);
    bench->run.setRunsFolder(path(QStringLiteral("runs")).toStdString());
    for (QAbstractItemModel* model : std::initializer_list<QAbstractItemModel*>{
             &bench->tensors, &bench->filteredTensors, &bench->methods, &bench->resultTable,
             &bench->filteredResults, &bench->jobList, &bench->messages, &bench->plugins,
             &bench->recentFiles}) {
        m_testers.push_back(std::make_unique<QAbstractItemModelTester>(model));
    }
    window = std::make_unique<MainWindow>(*bench, theme, settings,
                                          path(QStringLiteral("autosave")).toStdString());
    window->resize(1440, 900);
    window->show();
    window->activateWindow();
}

WindowFixture::~WindowFixture() {
    window.reset();
    m_testers.clear();
    bench.reset();
}

bool WindowFixture::openSample(const QString& name) {
    window->open(QStringLiteral(QUANTSCOPE_DATASETS_DIR "/") + name);
    return QTest::qWaitFor(
        [this] {
            return bench->data.state() == DataLoader::State::Open &&
                   !bench->data.fingerprint().isEmpty();
        },
        patienceMs);
}

void WindowFixture::drop(const QString& file) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(file)});
    const QPoint middle = window->rect().center();
    QDragEnterEvent enter(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window.get(), &drop);
    QVERIFY(drop.isAccepted());
}

bool WindowFixture::addMethod(const QString& id) {
    const int before = bench->methods.rowCount();
    press(QStringLiteral("Ctrl+M"));
    if (!QTest::qWaitFor([] { return QApplication::activePopupWidget() != nullptr; }, patienceMs)) {
        return false;
    }
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    for (QAction* entry : menu->actions()) {
        if (entry->objectName() != id) continue;
        QTest::mouseClick(menu, Qt::LeftButton, Qt::NoModifier,
                          menu->actionGeometry(entry).center());
        return bench->methods.rowCount() == before + 1;
    }
    menu->close();
    return false;
}

bool WindowFixture::typeParameter(const QString& id, const QString& text) {
    // The form of a method that was just added is shown by the next turn of the event loop.
    QWidget* editor = nullptr;
    const bool there = QTest::qWaitFor(
        [&] {
            editor = visible<QAbstractSpinBox>(id);
            if (!editor) editor = visible<QComboBox>(id);
            return editor != nullptr;
        },
        patienceMs);
    auto* field = there ? editor->findChild<QLineEdit*>() : nullptr;
    if (!field) return false;
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, text);
    QTest::keyClick(field, Qt::Key_Return);
    return true;
}

bool WindowFixture::runToTheEnd() {
    const bool ready = QTest::qWaitFor(
        [this] { return !bench->plan.isStale() && window->actions().run->isEnabled(); },
        patienceMs);
    if (!ready) return false;
    QSignalSpy finished(&bench->run, &RunController::finished);
    press(QStringLiteral("F5"));
    return QTest::qWaitFor([&] { return finished.count() > 0 && !bench->run.isRunning(); },
                           patienceMs);
}

void WindowFixture::answerFileDialog(const QString& file) const {
    QTimer::singleShot(0, qApp, [file] { fillFileDialog(file); });
}

// Without a window manager nobody hands the keyboard back to the window when a menu or a dialog
// closes: the closed one stays the active window, and shortcuts find no window to act on. (Qt
// Test's own waiting does not see that, because a window counts as active with its menus and
// dialogs.)
void WindowFixture::press(const QString& keys) const {
    window->activateWindow();
    QTRY_COMPARE_WITH_TIMEOUT(QApplication::activeWindow(), window.get(), patienceMs);
    QTest::keySequence(window.get(), QKeySequence(keys));
}

bool WindowFixture::askBudget(double bits) const {
    auto* box = visible<QDoubleSpinBox>(QStringLiteral("budget"));
    if (!box) return false;
    box->setFocus();
    box->selectAll();
    QTest::keyClicks(box, QString::number(bits, 'f', 2));
    QTest::keyClick(box, Qt::Key_Return);
    return QTest::qWaitFor(
        [&] {
            const auto& answer = bench->allocation.answer();
            return bench->allocation.isCurrent() && answer.plan &&
                   std::abs(answer.plan->requestedBitsPerWeight - bits) < 1e-9;
        },
        patienceMs);
}

QString WindowFixture::tokenFile() const {
    const QString file = path(QStringLiteral("tokens.h5"));
    if (QFile::exists(file)) return file;
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 4 * 48; ++i)
        ids.push_back(1 + (i * 37 + i / 7) % 500);
    test::Hdf5Fixture(file.toStdString()).addIntegers("input_ids", {4, 48}, ids);
    return file;
}

}  // namespace quantscope
