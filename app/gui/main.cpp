// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDir>
#include <QLocale>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "app/gui/launch_options.h"
#include "app/gui/main_window.h"
#include "app/gui/screenshot.h"
#include "app/gui/themed_icon.h"
#include "app/gui/workspace.h"
#include "app/jobs/workbench.h"
#include "core/base/version.h"
#include "core/io/probe.h"
#include "plugins/sdk/plugin_loader.h"

using namespace quantscope;

namespace {

void nameProgram() {
    QCoreApplication::setOrganizationName(QStringLiteral("Quantscope"));
    QCoreApplication::setApplicationName(QStringLiteral("Quantscope"));
    QCoreApplication::setApplicationVersion(QString::fromUtf8(programVersion().data()));
}

// Whether what is asked for is no window but the options or the version.
bool asksForText(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return std::ranges::any_of(arguments, [](std::string_view argument) {
        return argument == "-h" || argument == "--help" || argument == "--help-all" ||
               argument == "-v" || argument == "--version";
    });
}

int runWindow(QApplication& app, const LaunchOptions& options) {
    const bool picture = !options.screenshot.isEmpty();
    // A picture must not depend on what its maker did before, nor change it.
    QTemporaryDir scratch;
    QSettings settings(
        picture ? scratch.filePath(QStringLiteral("settings.ini")) : QSettings().fileName(),
        picture ? QSettings::IniFormat : QSettings().format());
    Theme theme;
    theme.setChoice(themeChoiceFromText(options.theme.isEmpty()
                                            ? settings.value(QStringLiteral("theme")).toString()
                                            : options.theme,
                                        ThemeChoice::System));
    Workbench bench(loadPlugins(pluginFolders()),
                    QCoreApplication::applicationFilePath().toStdString(), &settings);
    if (picture) bench.run.setRunsFolder(scratch.path().toStdString());
    MainWindow window(
        bench, theme, settings,
        picture ? std::filesystem::path(scratch.path().toStdString()) : Autosave::defaultFolder());
    if (options.size.isValid()) window.resize(options.size);
    window.show();
    window.showPerspective(options.perspective);
    if (!picture) {
        window.workspace().offerRecovery();
        if (!options.path.isEmpty()) window.open(options.path);
        return app.exec();
    }
    Screenshot screenshot(window, QDir::current().absoluteFilePath(options.screenshot));
    QObject::connect(&screenshot, &Screenshot::done, &app, [](const QString& error) {
        if (!error.isEmpty()) std::fprintf(stderr, "quantscope: %s\n", qUtf8Printable(error));
        QCoreApplication::exit(error.isEmpty() ? 0 : 1);
    });
    screenshot.start(options.path);
    return app.exec();
}

}  // namespace

int main(int argc, char** argv) {
    // Before anything else: this process may be the one that dies on a damaged file.
    if (argc > 1 && std::strcmp(argv[1], probeCommand) == 0) {
        return runProbe(std::vector<std::string>(argv + 2, argv + argc));
    }
    if (asksForText(argc, argv)) {
        // Without a display, too.
        const QCoreApplication app(argc, argv);
        nameProgram();
        parseLaunchOptions(QCoreApplication::arguments());
        return 0;
    }
    QApplication::setHighDpiScaleFactorRoundingPolicy(
        Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    QApplication app(argc, argv);
    // Results are copied into scripts, so numbers are written and read with a decimal point
    // everywhere, whatever the desktop's language.
    QLocale::setDefault(QLocale::c());
    std::setlocale(LC_NUMERIC, "C");
    nameProgram();
    QGuiApplication::setDesktopFileName(QStringLiteral("org.quantscope.Quantscope"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/quantscope.svg")));
    return runWindow(app, parseLaunchOptions(QCoreApplication::arguments()));
}
