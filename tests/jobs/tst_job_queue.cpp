// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTest>
#include <atomic>
#include <memory>
#include <thread>

#include "app/jobs/job_queue.h"
#include "app/jobs/latest_worker.h"
#include "core/base/error.h"
#include "core/base/parallel.h"

using namespace quantscope;

namespace {

/// Work that goes on until it is let go or asked to stop.
struct Gate {
    std::atomic<bool> open{false};
    std::atomic<int> waiting{0};

    void pass(const std::stop_token& stop) {
        ++waiting;
        while (!open) {
            throwIfStopped(stop);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
};

JobOptions titled(const char* title, JobLane lane = JobLane::Interactive, const char* slot = "") {
    JobOptions options;
    options.title = QString::fromLatin1(title);
    options.lane = lane;
    options.slot = QString::fromLatin1(slot);
    options.failureHeadline = QStringLiteral("It did not work.");
    return options;
}

}  // namespace

class TestJobQueue : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void deliversOnTheThreadOfTheWindow() {
        JobQueue jobs;
        QThread* deliveredOn = nullptr;
        std::thread::id workedOn;
        int result = 0;
        jobs.start(
            titled("sum"), this,
            [&](JobContext&) {
                workedOn = std::this_thread::get_id();
                return 42;
            },
            [&](int value) {
                deliveredOn = QThread::currentThread();
                result = value;
            });
        QTRY_COMPARE(result, 42);
        QCOMPARE(deliveredOn, thread());
        QVERIFY(workedOn != std::this_thread::get_id());
    }

    void batchJobsTakeTurns() {
        JobQueue jobs;
        const auto gate = std::make_shared<Gate>();
        QStringList order;
        for (const char* name : {"first", "second", "third"}) {
            jobs.start(
                titled(name, JobLane::Batch), this,
                [gate](JobContext& context) { gate->pass(context.stop()); },
                [&order, name] { order << QString::fromLatin1(name); });
        }
        bool interactive = false;
        jobs.start(
            titled("beside"), this, [](JobContext&) {}, [&] { interactive = true; });
        QTRY_VERIFY(interactive);
        QTRY_COMPARE(gate->waiting.load(), 1);
        QCOMPARE(jobs.jobs().at(1).state, JobState::Waiting);
        gate->open = true;
        QTRY_COMPARE(order.size(), 3);
        QCOMPARE(order, (QStringList{QStringLiteral("first"), QStringLiteral("second"),
                                     QStringLiteral("third")}));
    }

    void newestOfASlotWins() {
        JobQueue jobs;
        const auto gate = std::make_shared<Gate>();
        QList<int> delivered;
        const auto start = [&](int number) {
            return jobs.start(
                titled("slot", JobLane::Interactive, "preview"), this,
                [gate, number](JobContext& context) {
                    if (number < 3) gate->pass(context.stop());
                    return number;
                },
                [&](int value) { delivered << value; });
        };
        const JobId first = start(1);
        start(2);
        start(3);
        QTRY_COMPARE(delivered, QList<int>{3});
        QTRY_COMPARE(jobs.activeCount(), 0);
        QCOMPARE(jobs.job(first)->state, JobState::Cancelled);
        QCOMPARE(delivered, QList<int>{3});
    }

    void failuresSayWhyAndCanBeRetried() {
        JobQueue jobs;
        const auto attempts = std::make_shared<std::atomic<int>>(0);
        QSignalSpy failed(&jobs, &JobQueue::jobFailed);
        int delivered = 0;
        const JobId id = jobs.start(
            titled("flaky"), this,
            [attempts](JobContext&) {
                if (++*attempts == 1) throw Error("The disk is gone.", "Plug it in.");
                return attempts->load();
            },
            [&](int attempt) { delivered = attempt; });
        QTRY_COMPARE(failed.count(), 1);
        QCOMPARE(jobs.job(id)->state, JobState::Failed);
        const QString text = jobs.job(id)->message.text();
        for (const char* part : {"It did not work.", "The disk is gone.", "Plug it in."})
            QVERIFY2(text.contains(QString::fromLatin1(part)), qPrintable(text));
        jobs.retry(id);
        QTRY_COMPARE(delivered, 2);
        QCOMPARE(jobs.job(id)->state, JobState::Finished);
        jobs.retry(id);
        QCOMPARE(jobs.activeCount(), 0);
    }

    void cancelledJobsDeliverNothing() {
        JobQueue jobs;
        const auto gate = std::make_shared<Gate>();
        QSignalSpy stopped(&jobs, &JobQueue::jobStopped);
        bool delivered = false;
        const JobId id = jobs.start(
            titled("long"), this,
            [gate](JobContext& context) {
                context.deliver(
                    [] { QFAIL("A partial result came after the job was cancelled."); });
                gate->pass(context.stop());
            },
            [&] { delivered = true; });
        jobs.cancel(id);
        QCOMPARE(jobs.job(id)->state, JobState::Cancelled);
        QTRY_COMPARE(stopped.count(), 1);
        QVERIFY(!delivered);
    }

    void deadReceiversGetNothing() {
        JobQueue jobs;
        const auto gate = std::make_shared<Gate>();
        auto receiver = std::make_unique<QObject>();
        bool delivered = false;
        const JobId id = jobs.start(
            titled("orphan"), receiver.get(),
            [gate](JobContext& context) { gate->pass(context.stop()); }, [&] { delivered = true; });
        receiver.reset();
        gate->open = true;
        QTRY_COMPARE(jobs.job(id)->state, JobState::Finished);
        QVERIFY(!delivered);
    }

    void progressIsCollectedNotForwarded() {
        constexpr int reports = 20000;
        JobQueue jobs;
        QSignalSpy changed(&jobs, &JobQueue::jobChanged);
        const JobId id = jobs.start(titled("chatty"), this, [](JobContext& context) {
            for (int i = 0; i < reports; ++i)
                context.progress(static_cast<double>(i) / reports, "talking");
        });
        QTRY_COMPARE(jobs.job(id)->state, JobState::Finished);
        QVERIFY2(changed.count() < reports / 10, qPrintable(QString::number(changed.count())));
        QCOMPARE(jobs.job(id)->progress.fraction, 1.0);
    }

    void destructionStopsWhatRuns() {
        const auto gate = std::make_shared<Gate>();
        {
            JobQueue jobs;
            jobs.start(titled("one"), this,
                       [gate](JobContext& context) { gate->pass(context.stop()); });
            jobs.start(titled("two"), this,
                       [gate](JobContext& context) { gate->pass(context.stop()); });
            QTRY_COMPARE(gate->waiting.load(), 2);
        }
        QVERIFY(!gate->open);  // They ended because they were asked to.
    }

    void latestWorkerAnswersTheNewestQuestion() {
        LatestWorker worker;
        const auto gate = std::make_shared<Gate>();
        QList<int> answers;
        for (int question = 1; question <= 5; ++question) {
            worker.submit(
                [gate, question](const std::stop_token& stop) {
                    if (question < 5) gate->pass(stop);
                    return question;
                },
                [&](int answer) { answers << answer; });
        }
        QTRY_COMPARE(answers, QList<int>{5});
    }
};

QTEST_GUILESS_MAIN(TestJobQueue)
#include "tst_job_queue.moc"
