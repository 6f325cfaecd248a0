// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/base/error.h"
#include "plugins/sdk/plugin_loader.h"

using namespace quantscope;

namespace {

QString fixtureFolder(const QString& name) {
    return QStringLiteral(FIXTURES_DIR "/") + name;
}

QString fixtureLibrary(const QString& name) {
    return fixtureFolder(name) + "/fixture-" + name + ".so";
}

void writeFile(const QString& path, const QByteArray& content) {
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

QByteArray readFile(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

// What becomes of plugins that are not as they should be: each is recorded with its reason.
class TestPluginLoader : public QObject {
    Q_OBJECT

private slots:
    void loadsAGoodPlugin() {
        const PluginSet set = loadPlugins({fixtureFolder("good")});
        QCOMPARE(set.plugins.size(), std::size_t{1});
        const PluginRecord& record = set.plugins.front();
        QCOMPARE(record.state, PluginState::Loaded);
        QCOMPARE(record.id, QStringLiteral("fixture"));
        QCOMPARE(record.name, QStringLiteral("Fixture"));
        QCOMPARE(record.version, QStringLiteral("1.2"));
        QVERIFY(record.error.isEmpty());
        QVERIFY(QFileInfo::exists(record.path));
        QVERIFY(set.registry.contains("fixture"));
    }

    void recordsWhyAPluginIsRefused_data() {
        QTest::addColumn<QString>("fixture");
        QTest::addColumn<PluginState>("state");
        QTest::addColumn<QStringList>("words");
        QTest::newRow("interface of another version")
            << "wrong-iid" << PluginState::Incompatible
            << QStringList{"org.quantscope.MethodPlugin/0", "org.quantscope.MethodPlugin/1",
                           "Build it again"};
        QTest::newRow("API of another version")
            << "wrong-api" << PluginState::Incompatible << QStringList{"99", "Build it again"};
        QTest::newRow("another compiler")
            << "wrong-tag" << PluginState::Incompatible << QStringList{"msvc-19-64bit", "compiler"};
        QTest::newRow("method with another id")
            << "other-id" << PluginState::Failed << QStringList{"'fixture'", "'somebody'"};
        QTest::newRow("id that no method can have")
            << "invalid-id" << PluginState::Failed << QStringList{"'Sign Thing'", "lower-case"};
        QTest::newRow("creating the method throws")
            << "throws" << PluginState::Failed << QStringList{"no licence file"};
        QTest::newRow("no method") << "nothing" << PluginState::Failed << QStringList{"no method"};
        QTest::newRow("missing symbol")
            << "missing-symbol" << PluginState::Failed << QStringList{"functionOfAnotherVersion"};
    }

    void recordsWhyAPluginIsRefused() {
        QFETCH(QString, fixture);
        QFETCH(PluginState, state);
        QFETCH(QStringList, words);
        const PluginSet set = loadPlugins({fixtureFolder(fixture)});
        QCOMPARE(set.plugins.size(), std::size_t{1});
        const PluginRecord& record = set.plugins.front();
        QCOMPARE(record.state, state);
        for (const QString& word : words) {
            QVERIFY2(record.error.contains(word), qPrintable(record.error));
        }
        QVERIFY(set.registry.methods().empty());
    }

    // An incompatible library must not even be mapped: its start-up code may already crash.
    void doesNotExecuteIncompatiblePlugins() {
        for (const char* fixture : {"wrong-iid", "wrong-api", "wrong-tag"}) {
            loadPlugins({fixtureFolder(fixture)});
            const QByteArray maps = readFile(QStringLiteral("/proc/self/maps"));
            QVERIFY(maps.contains("libquantscope-sdk"));
            QVERIFY2(!maps.contains(QByteArray("fixture-") + fixture), fixture);
        }
    }

    void recordsFilesThatAreNoPlugins_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("text") << QByteArray("This is a text.\n");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("library without metadata") << readFile(QStringLiteral(CORE_LIBRARY));
        QTest::newRow("first half of a plugin")
            << readFile(fixtureLibrary("good")).left(QFileInfo(fixtureLibrary("good")).size() / 2);
    }

    void recordsFilesThatAreNoPlugins() {
        QFETCH(QByteArray, content);
        const QTemporaryDir folder;
        writeFile(folder.filePath("quantscope-broken.so"), content);
        const PluginSet set = loadPlugins({folder.path(), fixtureFolder("good")});
        QCOMPARE(set.plugins.size(), std::size_t{2});
        QCOMPARE(set.plugins[0].state, PluginState::Incompatible);
        QVERIFY2(set.plugins[0].error.contains("not a Quantscope plugin"),
                 qPrintable(set.plugins[0].error));
        QCOMPARE(set.plugins[1].state, PluginState::Loaded);
    }

    void keepsTheFirstOfTwoPluginsWithOneId() {
        const PluginSet set = loadPlugins({fixtureFolder("good"), fixtureFolder("twin")});
        QCOMPARE(set.plugins.size(), std::size_t{2});
        QCOMPARE(set.plugins[0].state, PluginState::Loaded);
        QCOMPARE(set.plugins[1].state, PluginState::Failed);
        QVERIFY2(set.plugins[1].error.contains("'fixture'"), qPrintable(set.plugins[1].error));
        QCOMPARE(set.registry.methods().size(), std::size_t{1});
    }

    void overlooksFilesThatAreNoLibraries() {
        const QTemporaryDir folder;
        writeFile(folder.filePath("README.txt"), "Plugins go here.\n");
        QVERIFY(loadPlugins({folder.path()}).plugins.empty());
    }

    void recordsFoldersThatAreMissing() {
        const QTemporaryDir folder;
        const PluginSet set = loadPlugins({folder.filePath("missing")});
        QCOMPARE(set.plugins.size(), std::size_t{1});
        QCOMPARE(set.plugins[0].path, folder.filePath("missing"));
        QVERIFY2(set.plugins[0].error.contains("QUANTSCOPE_PLUGIN_PATH"),
                 qPrintable(set.plugins[0].error));
    }

    // A method that is missing because of its plugin says so.
    void tellsWhyAMethodIsMissing() {
        const auto said = [](const QStringList& folders, const char* id) {
            try {
                loadPlugins(folders).requireMethod(id);
            } catch (const Error& error) {
                return QString::fromStdString(error.fullText());
            }
            return QString();
        };
        QCOMPARE(said({fixtureFolder("good")}, "fixture"), QString());
        const QString why = said({fixtureFolder("wrong-api")}, "fixture");
        QVERIFY2(why.contains("fixture-wrong-api.so") && why.contains("Build it again"),
                 qPrintable(why));
        QVERIFY(said({fixtureFolder("good")}, "fixtur").contains("Did you mean 'fixture'"));
        QVERIFY(said({fixtureFolder("invalid-id")}, "sign").contains("'Sign Thing'"));
    }

    void searchesTheFoldersOfTheEnvironmentFirst() {
        qputenv("QUANTSCOPE_PLUGIN_PATH", "/first/folder::/second/folder");
        const QStringList folders = pluginFolders();
        qunsetenv("QUANTSCOPE_PLUGIN_PATH");
        QCOMPARE(folders.mid(0, 2), QStringList({"/first/folder", "/second/folder"}));
        QCOMPARE(folders.size(), 3);
        QVERIFY(folders.last().endsWith("/lib/quantscope/plugins"));
    }
};

QTEST_GUILESS_MAIN(TestPluginLoader)
#include "tst_plugin_loader.moc"
