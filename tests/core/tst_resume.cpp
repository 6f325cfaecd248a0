// SPDX-License-Identifier: GPL-3.0-or-later
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/run/engine.h"
#include "tests/core/fake_method.h"
#include "tests/core/fake_tensor_file.h"
#include "tests/core/run_recorder.h"

using namespace quantscope;

namespace {

constexpr const char* childOption = "--run-into";

// What parent and child both run: 56 trials, eight of which fail and seven of which claim much
// memory.
Plan plan() {
    auto file = std::make_shared<FakeTensorFile>();
    for (int i = 0; i < 6; ++i)
        file->addNormal("w" + std::to_string(i), 64, 48, static_cast<std::uint64_t>(i));
    file->addNormal("broken", 8, 8, 9);
    file->breakTensor("broken", "It is broken.");
    ExperimentSpec spec;
    spec.data.file = "/data/fake.h5";
    spec.methods = {SweptMethod::parse("fake:bits=2..8,noise=true,delay=2")};
    spec.methods.push_back(SweptMethod::parse("fake:bits=4,megabytes=1000"));
    return makePlan(spec, fakeRegistry(), file, {}, {});
}

RunSummary runInto(const std::filesystem::path& folder, RunRecorder& recorder) {
    const Plan planned = plan();
    const auto store = ResultStore::create(folder, planned.spec.toJson(), planned.run, true);
    EngineOptions options;
    options.threads = 2;
    return runPlan(planned, fakeRegistry(), *store, options, recorder, {});
}

}  // namespace

/// Kills a real process that runs an experiment, again and again, and resumes what it left behind.
class TestResume : public QObject {
    Q_OBJECT

private slots:
    void survivesKills_data();
    void survivesKills();
};

void TestResume::survivesKills_data() {
    QTest::addColumn<int>("seed");
    for (int seed = 0; seed < 4; ++seed)
        QTest::addRow("seed %d", seed) << seed;
}

void TestResume::survivesKills() {
    QFETCH(int, seed);
    const QTemporaryDir temporary;
    const std::filesystem::path folder = (temporary.path() + "/run").toStdString();
    Random random(static_cast<std::uint64_t>(seed));
    std::size_t recordedBefore = 0;
    int kills = 0;
    for (int attempt = 0; attempt < 100; ++attempt) {
        QProcess child;
        child.setProcessChannelMode(QProcess::ForwardedChannels);
        child.start(QCoreApplication::applicationFilePath(),
                    {childOption, QString::fromStdString(folder.string())});
        QVERIFY(child.waitForStarted());
        if (child.waitForFinished(static_cast<int>(random.below(160)))) {
            QCOMPARE(child.exitStatus(), QProcess::NormalExit);
            QCOMPARE(child.exitCode(), 0);
            break;
        }
        child.kill();  // SIGKILL
        QVERIFY(child.waitForFinished());
        ++kills;
        if (!std::filesystem::exists(folder / "run.json")) continue;
        // Nothing that was recorded may get lost, and what is recorded is whole.
        const auto store = ResultStore::open(folder);
        QVERIFY(store->records().size() >= recordedBefore);
        recordedBefore = store->records().size();
        for (const TrialRecord& record : store->records()) {
            QVERIFY(record.failed() ||
                    std::filesystem::exists(store->artifactPath(record.trialId)));
        }
    }
    QVERIFY2(kills > 0, "the child was never killed; the test shows nothing");

    const Plan planned = plan();
    RunRecorder recorder;
    const RunSummary last = runInto(folder, recorder);
    QVERIFY(!last.cancelled);
    const auto uninterrupted = ResultStore::inMemory(planned.spec.toJson(), planned.run);
    runPlan(planned, fakeRegistry(), *uninterrupted, {}, recorder, {});
    const auto resumed = ResultStore::open(folder);
    QCOMPARE(resumed->records().size(), planned.trials.size());
    QVERIFY(comparableTable(*resumed) == comparableTable(*uninterrupted));
    // Each finished trial was run once: as many lines as trials.
    QFile lines(QString::fromStdString((folder / "records.jsonl").string()));
    QVERIFY(lines.open(QIODevice::ReadOnly));
    QCOMPARE(lines.readAll().count('\n'), static_cast<qsizetype>(planned.trials.size()));
}

int main(int argc, char** argv) {
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() == 3 && arguments[1] == childOption) {
        RunRecorder recorder;
        runInto(arguments[2].toStdString(), recorder);
        return 0;
    }
    TestResume test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_resume.moc"
