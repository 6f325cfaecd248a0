// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/jobs/data_loader.h"
#include "app/jobs/plan_preview.h"
#include "app/jobs/statistics_loader.h"
#include "app/models/experiment_document.h"
#include "app/models/pace_book.h"
#include "app/models/result_set.h"
#include "app/models/tensor_tree_model.h"
#include "tests/core/fake_method.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

ExperimentSpec specFor(const std::filesystem::path& file) {
    ExperimentSpec spec;
    spec.data.file = file;
    spec.methods = {SweptMethod::parse("fake:bits=4")};
    return spec;
}

JobId jobTitled(const JobQueue& jobs, const QString& title) {
    for (const JobInfo& job : jobs.jobs()) {
        if (job.title == title) return job.id;
    }
    return 0;
}

}  // namespace

class TestDataLoader : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void followsTheDocument() {
        JobQueue jobs;
        ExperimentDocument document;
        DataLoader data(&document, &jobs, test::prober());
        QCOMPARE(data.state(), DataLoader::State::Closed);
        document.reset(specFor(test::dataset("stories260k.h5")));
        QTRY_COMPARE(data.state(), DataLoader::State::Open);
        QCOMPARE(data.file()->tensors().size(), std::size_t{47});
        QTRY_VERIFY(!data.fingerprint().isEmpty());
        document.reset({});
        QCOMPARE(data.state(), DataLoader::State::Closed);
        QVERIFY(data.file() == nullptr);
    }

    // Side files come and go with the document, undo included; the data file stays open.
    void followsSideFiles() {
        JobQueue jobs;
        ExperimentDocument document;
        DataLoader data(&document, &jobs, test::prober());
        ExperimentSpec spec = specFor(test::dataset("stories260k.h5"));
        document.reset(spec);
        QTRY_COMPARE(data.state(), DataLoader::State::Open);
        const auto file = data.file();
        QVERIFY(data.side() == SideFiles{});
        // Any file lists; what it has for a tensor is another question.
        spec.codebooks = test::dataset("stories260k-calibration.h5");
        spec.hessians = spec.codebooks;
        document.edit(QStringLiteral("use both"), spec);
        QTRY_VERIFY(data.side().codebooks && data.side().hessians);
        QCOMPARE(data.file(), file);
        document.setSpec(specFor(test::dataset("stories260k.h5")));
        QTRY_VERIFY(data.state() == DataLoader::State::Open && data.side() == SideFiles{});
        spec.codebooks = "/nowhere/books.h5";
        document.edit(QStringLiteral("use none"), spec);
        QTRY_COMPARE(data.state(), DataLoader::State::Failed);
        QVERIFY(data.error().text().contains(QStringLiteral("books.h5")));
    }

    // The job that failed to open the first file is started again from the list of jobs, after the
    // document has moved on.
    void aRetriedJobOfAnotherFileChangesNothing() {
        const QTemporaryDir folder;
        const std::filesystem::path late = (folder.path() + "/late.h5").toStdString();
        JobQueue jobs;
        ExperimentDocument document;
        DataLoader data(&document, &jobs, test::prober());
        document.reset(specFor(late));
        QTRY_COMPARE(data.state(), DataLoader::State::Failed);
        QVERIFY(!data.error().text().isEmpty());
        document.reset(specFor(test::dataset("stories260k.h5")));
        QTRY_VERIFY(!data.fingerprint().isEmpty());
        const QString fingerprint = data.fingerprint();

        std::filesystem::copy_file(test::dataset("keras-fer2013_mini_XCEPTION.hdf5"), late);
        const JobId old = jobTitled(jobs, QStringLiteral("Open late.h5"));
        QVERIFY(old != 0);
        jobs.retry(old);
        QTRY_COMPARE(jobs.job(old)->state, JobState::Finished);
        QCOMPARE(data.file()->path(), test::dataset("stories260k.h5"));
        QCOMPARE(data.fingerprint(), fingerprint);
    }

    void statisticsOfAFileThatWasLeftAreDropped() {
        JobQueue jobs;
        ExperimentDocument document;
        DataLoader data(&document, &jobs, test::prober());
        TensorTreeModel tree(&document);
        StatisticsLoader statistics(&tree, &data, &jobs);
        connect(&data, &DataLoader::opened, &tree, [&] {
            const auto tensors = data.file()->tensors();
            tree.setTensors({tensors.begin(), tensors.end()});
        });
        document.reset(specFor(test::dataset("stories260k.h5")));
        QTRY_COMPARE(data.state(), DataLoader::State::Open);
        const QString name = QStringLiteral("model.norm.weight");
        Q_EMIT tree.statisticsNeeded(name);
        JobId job = 0;
        QTRY_VERIFY((job = jobTitled(jobs, QStringLiteral("Statistics of ") + name)) != 0);
        jobs.cancel(job);

        // The same names with other values.
        document.reset(specFor(test::dataset("stories260k-f16.h5")));
        QTRY_COMPARE(data.state(), DataLoader::State::Open);
        QSignalSpy changed(&tree, &QAbstractItemModel::dataChanged);
        jobs.retry(job);
        QTRY_COMPARE(jobs.job(job)->state, JobState::Finished);
        QCOMPARE(changed.count(), 0);
    }

    void aCancelledFingerprintIsSaidAndMended() {
        JobQueue jobs;
        ExperimentDocument document;
        DataLoader data(&document, &jobs, test::prober());
        const MethodRegistry registry = fakeRegistry();
        const ResultSet results;
        const QTemporaryDir folder;
        QSettings settings(folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
        const PaceBook pace(&settings);
        PlanPreview plan(&document, &data, &registry, &results, &pace);
        const auto cancelling = connect(&data, &DataLoader::opened, &jobs, &JobQueue::cancelAll);
        document.reset(specFor(test::dataset("stories260k.h5")));
        QTRY_VERIFY2(plan.summary().error.contains(QStringLiteral("fingerprint")),
                     qPrintable(plan.summary().text));
        QVERIFY(!plan.isStale());
        disconnect(cancelling);
        data.reload();
        QTRY_VERIFY2(plan.summary().trials > 0, qPrintable(plan.summary().text));
        QVERIFY(plan.summary().error.isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestDataLoader)
#include "tst_data_loader.moc"
