// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/jobs/data_loader.h"
#include "app/jobs/run_controller.h"
#include "app/models/experiment_document.h"
#include "tests/core/fake_method.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

/// What the window holds around a run, without the window.
struct Bench {
    const MethodRegistry registry = fakeRegistry();
    QTemporaryDir folder;
    JobQueue jobs;
    ExperimentDocument document;
    DataLoader data{&document, &jobs, test::prober()};
    ResultSet results;
    RunController run{&document, &data, &jobs, &results, &registry};

    Bench() { run.setRunsFolder(folder.path().toStdString()); }

    void open(const char* method) {
        ExperimentSpec spec;
        spec.data.file = test::dataset("stories260k.h5");
        spec.data.tensors = {"model.layers.*_proj.weight"};
        spec.methods = {SweptMethod::parse(method)};
        document.reset(spec);
        QTRY_VERIFY(!data.fingerprint().isEmpty());
    }
};

constexpr int layers = 35;

}  // namespace

class TestRunController : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void showsRecordsAndResumes() {
        Bench bench;
        bench.open("fake:bits=3..4");
        QSignalSpy finished(&bench.run, &RunController::finished);
        bench.run.start();
        QTRY_COMPARE(finished.count(), 1);
        QCOMPARE(bench.results.count(), 2 * layers);
        QVERIFY(std::filesystem::exists(
            bench.run.artifact(QString::fromStdString(bench.results.records().front()->trialId))));

        // A method more: what is known is taken over.
        ExperimentSpec spec = bench.document.spec();
        spec.methods.push_back(SweptMethod::parse("fake:bits=5"));
        bench.document.setSpec(spec);
        bench.run.start();
        QTRY_COMPARE(finished.count(), 2);
        QCOMPARE(bench.results.count(), 3 * layers);
        const auto summary = finished.at(1).at(0).value<RunSummary>();
        QCOMPARE(summary.recorded, std::size_t{2 * layers});
        QCOMPARE(summary.finished, std::size_t{layers});
    }

    // Another file is opened during a run: the run goes on and is recorded, but its records do not
    // appear under the other file, nor does a retry of it from the list of jobs bring them there.
    void aRunThatWasLeftIsNotShown() {
        Bench bench;
        bench.open("fake:bits=4,delay=40");
        bench.run.start();
        const JobId job = bench.run.job();
        QTRY_VERIFY(bench.results.count() > 0);
        const std::filesystem::path folder = bench.run.runFolder();
        QSignalSpy finished(&bench.run, &RunController::finished);
        bench.run.close();
        QVERIFY(!bench.run.isRunning());
        QCOMPARE(bench.results.count(), 0);
        QTRY_COMPARE_WITH_TIMEOUT(bench.jobs.job(job)->state, JobState::Finished, 60000);
        QCOMPARE(bench.results.count(), 0);
        QVERIFY(bench.run.runFolder().empty());
        QCOMPARE(finished.count(), 0);

        bench.run.openRun(folder);
        QTRY_COMPARE(bench.results.count(), layers);
    }

    void resultsThatWereLeftBeforeTheyOpenedAreNotShown() {
        Bench bench;
        bench.open("fake:bits=4");
        QSignalSpy finished(&bench.run, &RunController::finished);
        bench.run.start();
        QTRY_COMPARE(finished.count(), 1);
        const std::filesystem::path folder = bench.run.runFolder();
        bench.run.openRun(folder);
        bench.run.close();
        QTRY_COMPARE(bench.jobs.activeCount(), 0);
        QCOMPARE(bench.results.count(), 0);
        QVERIFY(bench.run.runFolder().empty());
    }

    void aCancelledRunCanBeStartedAgain() {
        Bench bench;
        bench.open("fake:bits=4,delay=40");
        bench.run.start();
        const JobId job = bench.run.job();
        QTRY_VERIFY(bench.results.count() > 0);
        bench.run.cancel();
        QVERIFY(!bench.run.isRunning());
        QSignalSpy finished(&bench.run, &RunController::finished);
        bench.jobs.retry(job);
        QTRY_VERIFY(bench.run.isRunning());
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 60000);
        QCOMPARE(bench.results.count(), layers);
        QVERIFY(finished.at(0).at(0).value<RunSummary>().recorded > 0);
    }
};

QTEST_GUILESS_MAIN(TestRunController)
#include "tst_run_controller.moc"
