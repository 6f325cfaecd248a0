// SPDX-License-Identifier: GPL-3.0-or-later
// `run` when it is killed, interrupted and resumed.
#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <csignal>
#include <set>

#include "tests/cli/cli_process.h"

using namespace quantscope;

namespace {

QStringList lines(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) return {};
    return QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts);
}

std::string trialOf(const QString& line) {
    return Json::parse(line.toStdString()).at("trial").get<std::string>();
}

}  // namespace

class TestCliRun : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_spec;
    Json m_whole;  ///< The trials of an undisturbed run.

    QString inFolder(const QString& name) const { return m_folder.filePath(name); }
    QStringList command(const QString& out) const {
        return {"run", m_spec, "--out", inFolder(out), "--resume", "--json", "--threads", "2"};
    }
    QString records(const QString& out) const { return inFolder(out) + "/records.jsonl"; }

    // Starts a run and signals it as soon as `count` trials are recorded. False if it was faster.
    bool signalAfter(const QString& out, int count, int signal, QProcess& process) const {
        process.start(test::cliProgram(), command(out));
        if (!process.waitForStarted()) return false;
        QElapsedTimer timer;
        timer.start();
        while (process.state() == QProcess::Running && lines(records(out)).size() < count &&
               timer.elapsed() < 100'000) {
            process.waitForFinished(1);
        }
        ::kill(static_cast<pid_t>(process.processId()), signal);
        return process.waitForFinished(60'000);
    }

private Q_SLOTS:
    void initTestCase() {
        const Json spec = {
            {"version", 1},
            {"data",
             {{"file", test::datasetPath("stories260k.h5").toStdString()},
              {"tensors", {"model.layers.[0-2].*_proj.weight"}}}},
            {"methods", {"scalar:bits=2..4", "pq:m=[2,4],bits=5", "scalar:bits=3,levels=lloyd"}},
            {"seed", 5}};
        m_spec = inFolder("spec.json");
        QFile file(m_spec);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::fromStdString(spec.dump()));
        file.close();
        const Json whole = test::runCliWell(command("whole")).json();
        for (const char* key : {"run", "folder", "finished", "failed", "recorded", "cancelled",
                                "seconds", "trials"}) {
            QVERIFY2(whole.contains(key), key);
        }
        QCOMPARE(whole["finished"].get<int>(), 21 * 6);
        QCOMPARE(whole["recorded"].get<int>(), 0);
        m_whole = test::withoutSeconds(whole["trials"]);
    }

    // A session of the window holds an experiment, and other things that do not matter here.
    void sessionIsRunAsItsExperiment() {
        QFile spec(m_spec);
        QVERIFY(spec.open(QIODevice::ReadOnly));
        const Json session = {{"schema", 1},
                              {"program", "1.0"},
                              {"experiment", Json::parse(spec.readAll().toStdString())},
                              {"perspective", "compare"}};
        QFile file(inFolder("work.quantscope.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::fromStdString(session.dump()));
        file.close();
        const auto planned = [](const QString& path) {
            return test::runCliWell({"run", path, "--dry-run", "--json"}).json();
        };
        QCOMPARE(planned(file.fileName())["run"], planned(m_spec)["run"]);
    }

    void killedAtAnyMoment_data() {
        QTest::addColumn<int>("count");
        for (const int count : {0, 1, 7, 40, 100})
            QTest::addRow("%d recorded", count) << count;
    }
    void killedAtAnyMoment() {
        QFETCH(int, count);
        const QString out = QStringLiteral("killed-%1").arg(count);
        QProcess process;
        QVERIFY(signalAfter(out, count, SIGKILL, process));
        QCOMPARE(process.exitStatus(), QProcess::CrashExit);
        const QStringList before = lines(records(out));
        const Json resumed = test::runCliWell(command(out)).json();
        QVERIFY(test::withoutSeconds(resumed["trials"]) == m_whole);
        QCOMPARE(resumed["recorded"].get<int>() + resumed["finished"].get<int>(), 21 * 6);
        // What was recorded stands as it stood, and every trial was recorded once.
        const QStringList after = lines(records(out));
        QCOMPARE(after.size(), 21 * 6);
        for (int i = 0; i < resumed["recorded"].get<int>(); ++i)
            QCOMPARE(after[i], before[i]);
        std::set<std::string> trials;
        for (const QString& line : after)
            trials.insert(trialOf(line));
        QCOMPARE(trials.size(), std::size_t{21 * 6});
        QVERIFY(resumed["recorded"].get<int>() >= count);
    }

    void killedAgainAndAgain() {
        for (int count = 10; count <= 110; count += 20) {
            QProcess process;
            QVERIFY(signalAfter("often", count, SIGKILL, process));
        }
        const Json resumed = test::runCliWell(command("often")).json();
        QVERIFY(test::withoutSeconds(resumed["trials"]) == m_whole);
        QCOMPARE(lines(records("often")).size(), 21 * 6);
    }

    void interruptKeepsWhatIsDone_data() {
        QTest::addColumn<int>("signal");
        QTest::newRow("Ctrl+C") << SIGINT;
        QTest::newRow("SIGTERM") << SIGTERM;
    }
    void interruptKeepsWhatIsDone() {
        QFETCH(int, signal);
        const QString out = QStringLiteral("interrupted-%1").arg(signal);
        QProcess process;
        QVERIFY(signalAfter(out, 10, signal, process));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
        const QByteArray errors = process.readAllStandardError();
        QVERIFY2(errors.contains("interrupted") && errors.contains("--resume"), errors.constData());
        const QByteArray output = process.readAllStandardOutput();
        const Json printed = Json::parse(output.begin(), output.end());
        QVERIFY(printed["cancelled"].get<bool>());
        const QStringList kept = lines(records(out));
        QVERIFY(kept.size() >= 10 && kept.size() < 21 * 6);
        QCOMPARE(printed["trials"].size(), static_cast<std::size_t>(kept.size()));
        const Json resumed = test::runCliWell(command(out)).json();
        QCOMPARE(resumed["recorded"].get<int>(), kept.size());
        QVERIFY(test::withoutSeconds(resumed["trials"]) == m_whole);
    }

    void resumingAWholeRunDoesNothing() {
        const QStringList before = lines(records("whole"));
        const Json again = test::runCliWell(command("whole")).json();
        QCOMPARE(again["finished"].get<int>(), 0);
        QCOMPARE(again["recorded"].get<int>(), 21 * 6);
        QCOMPARE(lines(records("whole")), before);
    }

    void dryRunTouchesNothing() {
        const Json plan =
            test::runCliWell({"run", m_spec, "--dry-run", "--json", "--out", inFolder("dry")})
                .json();
        QVERIFY(!QFileInfo::exists(inFolder("dry")));
        QCOMPARE(plan["trials"].size(), std::size_t{21 * 6});
        // The plan's rate is the one that the run then has.
        for (std::size_t i = 0; i < plan["trials"].size(); ++i) {
            QCOMPARE(plan["trials"][i]["method"], m_whole[i]["method"]);
            QCOMPARE(plan["trials"][i]["bits_per_weight"], m_whole[i]["bits_per_weight"]);
        }
    }

    void dryRunKnowsWhatIsRecorded() {
        const QString folder = inFolder("partly");
        test::runCliWell({"run", m_spec, "--out", folder});
        const QStringList all = lines(records("partly"));
        QCOMPARE(all.size(), 21 * 6);
        QFile file(records("partly"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write((all.mid(0, 50).join(u'\n') + u'\n').toUtf8());
        file.close();
        const QStringList command = {"run", m_spec, "--dry-run", "--resume", "--out", folder};
        const Json plan = test::runCliWell(command + QStringList{"--json"}).json();
        const auto recorded = std::ranges::count_if(
            plan["trials"], [](const Json& trial) { return trial["recorded"].get<bool>(); });
        QCOMPARE(recorded, 50);
        const QString text = test::runCliWell(command).outText();
        QVERIFY2(text.contains("76 trials to run, 50 recorded already;"), qPrintable(text));
    }

    // `export --format spec`, run again, is the same run with the same trials.
    void exportedSpecIsTheSameRun() {
        const QString spec = inFolder("exported.json");
        test::runCliWell({"export", inFolder("whole"), "--format", "spec", "--out", spec});
        test::runCliWell({"run", spec, "--out", inFolder("again")});
        const auto ids = [&](const QString& out) {
            std::set<std::string> trials;
            for (const QString& line : lines(records(out)))
                trials.insert(trialOf(line));
            return trials;
        };
        QCOMPARE(ids("again").size(), std::size_t{21 * 6});
        QVERIFY(ids("again") == ids("whole"));
    }

    void progressAsJson() {
        const test::CliResult result =
            test::runCliWell({"run", m_spec, "--out", inFolder("progress"), "--progress", "json"});
        std::map<std::string, int> events;
        for (const QByteArray& line : result.err.split('\n')) {
            if (line.startsWith('{')) ++events[Json::parse(line.toStdString())["event"]];
        }
        QCOMPARE(events["started"], 21 * 6);
        QCOMPARE(events["finished"], 21 * 6);
    }
};

QTEST_GUILESS_MAIN(TestCliRun)
#include "tst_cli_run.moc"
