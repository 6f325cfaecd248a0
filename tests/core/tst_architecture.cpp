// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <QDirIterator>
#include <QLibraryInfo>
#include <QRegularExpression>

namespace {

// The rooms of core from the ground up: a room includes only rooms that stand before it.
const QStringList coreRooms = {"base",  "tensor",  "quant", "kernels", "io", "hessian",
                               "alloc", "metrics", "model", "store",   "run"};

// What the rooms of app may include of each other.
const QMap<QString, QStringList> appRooms = {
    {"models", {}},
    {"jobs", {"models"}},
    {"forms", {"models"}},
    {"plots", {"models"}},
    {"gui", {"models", "jobs", "forms", "plots"}},
    {"cli", {"models", "plots"}},
};

// Which folders may include the headers of a library that belongs to few.
const QList<std::pair<QRegularExpression, QStringList>> libraryOwners = {
    {QRegularExpression("^(hdf5|H5[A-Za-z]*)\\.h$"), {"core/io/"}},
    {QRegularExpression("^(tbb|oneapi)/"), {"core/base/"}},
    {QRegularExpression("^hwy/"), {"core/kernels/"}},
    {QRegularExpression("^Eigen/"), {"core/"}},
    {QRegularExpression("^xxhash\\.h$"), {"core/"}},
    {QRegularExpression("^qcustomplot\\.h$"), {"app/plots/"}},
    {QRegularExpression("^CLI/"), {"app/cli/"}},
};

const QRegularExpression qtHeader("^(Qt?[A-Z]\\w*)(/Q\\w+)?$");

QString folderAt(const QString& path, int position) {
    return path.section('/', position, position);
}

bool isQtCoreHeader(const QString& header) {
    const QString name = header.section('/', -1);
    return QFileInfo::exists(QLibraryInfo::path(QLibraryInfo::HeadersPath) + "/QtCore/" + name);
}

// Why `file` must not include the library header `header`; empty when it may.
QString libraryViolation(const QString& file, const QString& header) {
    for (const auto& [pattern, owners] : libraryOwners) {
        if (!pattern.match(header).hasMatch()) continue;
        const bool allowed = std::any_of(owners.begin(), owners.end(), [&](const QString& owner) {
            return file.startsWith(owner);
        });
        return allowed ? QString() : "is for " + owners.join(", ") + " only";
    }
    if (!qtHeader.match(header).hasMatch()) return {};
    if (file.startsWith("core/")) return "is Qt, which core does not know";
    const bool coreOnly = file.startsWith("plugins/") || file.startsWith("app/models/");
    return coreOnly && !isQtCoreHeader(header) ? "is not part of QtCore" : QString();
}

// Why `file` must not include the project's own `header`; empty when it may.
QString roomViolation(const QString& file, const QString& header) {
    const QString from = folderAt(file, 0);
    const QString to = folderAt(header, 0);
    const QString fromRoom = folderAt(file, 1);
    const QString toRoom = folderAt(header, 1);
    // The example is a project of its own and includes its own headers as such a project does.
    if (from == "plugins" && fromRoom == "example" && !header.contains('/')) return {};
    if (to == "core") {
        if (from != "core") return {};
        const qsizetype own = coreRooms.indexOf(fromRoom);
        const qsizetype other = coreRooms.indexOf(toRoom);
        if (own < 0 || other < 0) return "one of the rooms is not in the list of core's rooms";
        return other <= own ? QString() : "core/" + fromRoom + " stands below core/" + toRoom;
    }
    if (to == "plugins") {
        if (from == "core") return "core does not know plugins";
        if (from == "plugins" && fromRoom == toRoom) return {};
        return toRoom == "sdk" ? QString() : "is inside a plugin";
    }
    if (to == "app") {
        if (from != "app") return from + " does not know the application";
        if (!appRooms.contains(fromRoom)) return "app/" + fromRoom + " is not a known room";
        const bool allowed = fromRoom == toRoom || appRooms[fromRoom].contains(toRoom);
        return allowed ? QString() : "app/" + fromRoom + " does not know app/" + toRoom;
    }
    return header.endsWith(".moc") ? QString() : "is not written from the root of the repository";
}

QString readFile(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

// Sources below the top-level folders `tops`, relative to the root.
QStringList sources(const QStringList& tops, const QStringList& patterns = {"*.cpp", "*.h"}) {
    const QDir root(QUANTSCOPE_SOURCE_DIR);
    QStringList files;
    for (const QString& top : tops) {
        QDirIterator walk(root.filePath(top), patterns, QDir::Files, QDirIterator::Subdirectories);
        while (walk.hasNext())
            files << root.relativeFilePath(walk.next());
    }
    files.sort();
    return files;
}

}  // namespace

// The rules of ARCHITECTURE.md that can be read off the sources.
class TestArchitecture : public QObject {
    Q_OBJECT

private slots:
    void rulesTellRightFromWrong_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("include");
        QTest::addColumn<bool>("allowed");
        const auto row = [](const char* file, const char* include, bool allowed) {
            QTest::addRow("%s <- %s", file, include) << file << include << allowed;
        };
        row("core/quant/rate.h", "\"core/base/matrix_view.h\"", true);
        row("core/base/text.h", "\"core/quant/rate.h\"", false);
        row("core/quant/rate.h", "<array>", true);
        row("core/quant/rate.h", "<QString>", false);
        row("core/quant/rate.h", "<QtCore/QString>", false);
        row("core/io/reader.cpp", "<hdf5.h>", true);
        row("core/store/store.cpp", "<hdf5.h>", false);
        row("core/run/engine.cpp", "<tbb/task_arena.h>", false);
        row("core/run/engine.cpp", "\"app/jobs/job.h\"", false);
        row("core/run/engine.cpp", "\"plugins/sdk/plugin_loader.h\"", false);
        row("plugins/mixed/mixed_method.cpp", "\"core/alloc/budget.h\"", true);
        row("plugins/mixed/mixed_method.cpp", "\"plugins/scalar/scalar_method.h\"", false);
        row("plugins/mixed/mixed_plugin.h", "\"plugins/sdk/method_plugin.h\"", true);
        row("plugins/mixed/mixed_plugin.h", "<QObject>", true);
        row("plugins/mixed/mixed_plugin.h", "<QWidget>", false);
        row("app/models/tensor_model.h", "<QAbstractItemModel>", true);
        row("app/models/tensor_model.h", "<QColor>", false);
        row("app/models/tensor_model.h", "\"app/plots/plot.h\"", false);
        row("app/plots/plot.h", "<qcustomplot.h>", true);
        row("app/gui/main_window.h", "<qcustomplot.h>", false);
        row("app/gui/main_window.h", "\"app/plots/plot.h\"", true);
        row("app/cli/main.cpp", "\"app/gui/main_window.h\"", false);
        row("core/quant/rate.cpp", "\"rate.h\"", false);
        row("plugins/example/sign_method.cpp", "\"sign_method.h\"", true);
    }

    void rulesTellRightFromWrong() {
        QFETCH(QString, file);
        QFETCH(QString, include);
        QFETCH(bool, allowed);
        const QString header = include.mid(1, include.size() - 2);
        const QString violation =
            include.startsWith('<') ? libraryViolation(file, header) : roomViolation(file, header);
        QCOMPARE(violation.isEmpty(), allowed);
    }

    void roomsIncludeOnlyWhatTheyMayKnow() {
        static const QRegularExpression includeLine("^#include ([<\"])([^>\"]+)[>\"]",
                                                    QRegularExpression::MultilineOption);
        QStringList violations;
        int includes = 0;
        for (const QString& file : sources({"app", "core", "plugins"})) {
            const QString text = readFile(QDir(QUANTSCOPE_SOURCE_DIR).filePath(file));
            auto matches = includeLine.globalMatch(text);
            while (matches.hasNext()) {
                const QRegularExpressionMatch match = matches.next();
                const QString header = match.captured(2);
                const QString why = match.captured(1) == "<" ? libraryViolation(file, header)
                                                             : roomViolation(file, header);
                if (!why.isEmpty()) violations << file + " includes " + header + ": " + why;
                ++includes;
            }
        }
        QVERIFY2(includes > 100, "The sources were not found.");
        QVERIFY2(violations.isEmpty(), qPrintable(violations.join('\n')));
    }

    void filesStayShort() {
        constexpr int limit = 600;
        QStringList longFiles;
        for (const QString& file : sources({"app", "core", "plugins", "tests", "resources"},
                                           {"*.cpp", "*.h", "*.cmake", "CMakeLists.txt"})) {
            const qsizetype lines =
                readFile(QDir(QUANTSCOPE_SOURCE_DIR).filePath(file)).count('\n');
            if (lines > limit) longFiles << QString("%1 has %2 lines").arg(file).arg(lines);
        }
        QVERIFY2(longFiles.isEmpty(), qPrintable(longFiles.join('\n')));
    }

    void sourcesNameTheirLicenceAndGuardTheirHeaders() {
        QStringList violations;
        static const QRegularExpression snakeCase("^[a-z][a-z0-9_]*\\.(cpp|h)$");
        for (const QString& file : sources({"app", "core", "plugins", "tests"})) {
            const QString text = readFile(QDir(QUANTSCOPE_SOURCE_DIR).filePath(file));
            if (!text.startsWith("// SPDX-License-Identifier: GPL-3.0-or-later\n")) {
                violations << file + " does not begin with the licence line";
            }
            // Kernels that are compiled once per instruction set are included as often.
            const bool oncePerTarget = file.endsWith("_inl.h");
            if (file.endsWith(".h") && !oncePerTarget && !text.contains("\n#pragma once\n")) {
                violations << file + " has no #pragma once";
            }
            if (!snakeCase.match(file.section('/', -1)).hasMatch()) {
                violations << file + " is not named in snake_case";
            }
        }
        QVERIFY2(violations.isEmpty(), qPrintable(violations.join('\n')));
    }

    void rootHoldsNothingElse() {
        const QStringList folders = {"app", "core", "datasets", "plugins", "resources", "tests"};
        const QStringList files = {".clang-format",
                                   ".clang-tidy",
                                   ".gitignore",
                                   "ARCHITECTURE.md",
                                   "CHANGELOG.md",
                                   "CMakeLists.txt",
                                   "CMakePresets.json",
                                   "CONTRIBUTING.md",
                                   "LICENSE",
                                   "README.md",
                                   "dev"};
        // What tools leave in a working copy and .gitignore names.
        const QDir root(QUANTSCOPE_SOURCE_DIR);
        const QStringList leftovers = {"build*", ".git", ".cache", "compile_commands.json",
                                       "*.user", "*.swp"};
        QStringList foundFolders;
        QStringList foundFiles;
        const auto entries =
            root.entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name);
        for (const QFileInfo& entry : entries) {
            if (QDir::match(leftovers, entry.fileName())) continue;
            (entry.isDir() ? foundFolders : foundFiles) << entry.fileName();
        }
        QCOMPARE(foundFolders, QStringList({".ci"}) + folders);
        QCOMPARE(foundFiles, files);
    }
};

QTEST_APPLESS_MAIN(TestArchitecture)
#include "tst_architecture.moc"
