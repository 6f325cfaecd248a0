// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <numeric>
#include <thread>

#include "core/base/parallel.h"
#include "core/base/random.h"

using namespace quantscope;

class ParallelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyItemRunsOnce_data() {
        QTest::addColumn<int>("threads");
        QTest::addColumn<qlonglong>("count");
        QTest::addColumn<qlonglong>("grain");
        for (const int threads : {1, 2, 8}) {
            for (const qlonglong count : {0, 1, 7, 64, 1000}) {
                for (const qlonglong grain : {1, 3, 64, 5000}) {
                    QTest::addRow("%d threads, %lld items, grain %lld", threads, count, grain)
                        << threads << count << grain;
                }
            }
        }
    }
    void everyItemRunsOnce() {
        QFETCH(int, threads);
        QFETCH(qlonglong, count);
        QFETCH(qlonglong, grain);
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
        std::mutex mutex;
        std::vector<Index> begins;
        Arena arena(threads);
        arena.execute([&] {
            parallelFor(count, grain, {}, [&](Index begin, Index end) {
                for (Index i = begin; i < end; ++i)
                    ++visits[static_cast<std::size_t>(i)];
                const std::lock_guard lock(mutex);
                begins.push_back(begin);
            });
        });
        for (const auto& visit : visits)
            QCOMPARE(visit.load(), 1);
        for (const Index begin : begins)
            QCOMPARE(begin % grain, Index{0});
    }

    void reductionHasTheSameBitsAtAnyThreadCount() {
        // A float sum in another order would differ in the last bits.
        std::vector<float> values(100000);
        Random random(7);
        for (float& value : values)
            value = static_cast<float>(random.normal());
        const auto sum = [&](int threads) {
            float total = 0.0F;
            Arena arena(threads);
            arena.execute([&] {
                total = parallelReduce(
                    static_cast<Index>(values.size()), 777, {}, 0.0F,
                    [&](Index begin, Index end) {
                        return std::accumulate(values.begin() + begin, values.begin() + end, 0.0F);
                    },
                    [](float& all, float&& part) { all += part; });
            });
            return total;
        };
        const float one = sum(1);
        QVERIFY(one != 0.0F);
        for (int repeat = 0; repeat < 20; ++repeat) {
            QCOMPARE(sum(2), one);
            QCOMPARE(sum(8), one);
        }
    }

    void aStoppedLoopThrows() {
        std::stop_source stop;
        std::atomic<int> ran = 0;
        Arena arena(2);
        arena.execute([&] {
            QVERIFY_THROWS_EXCEPTION(Cancelled,
                                     parallelFor(1000, 1, stop.get_token(), [&](Index, Index) {
                                         if (++ran == 10) stop.request_stop();
                                     }));
        });
        QVERIFY(ran < 1000);
        QVERIFY_THROWS_EXCEPTION(Cancelled,
                                 parallelFor(5, 1, stop.get_token(), [](Index, Index) {}));
    }

    void nestedLoopsNoticeTheStop() {
        // The pitfall of the library underneath: a cancelled nested loop returns as if it were
        // done.
        std::stop_source stop;
        stop.request_stop();
        Arena arena(2);
        arena.execute([&] {
            QVERIFY_THROWS_EXCEPTION(Cancelled, parallelFor(2, 1, {}, [&](Index, Index) {
                                         parallelFor(1000, 1, stop.get_token(),
                                                     [](Index, Index) {});
                                     }));
        });
    }

    void nestedReductionsNoticeThatASiblingHasThrown() {
        // Nobody asked for a stop, yet the library cancels the loop inside the other chunk. What
        // did not run must not be combined.
        for (int repeat = 0; repeat < 3; ++repeat) {
            std::atomic<bool> begun = false;
            std::atomic<bool> thrown = false;
            std::atomic<int> combined = 0;
            const auto outer = [&](Index chunk, Index) {
                if (chunk == 0) {
                    while (!begun)
                        std::this_thread::yield();
                    thrown = true;
                    throw Error("the sibling is broken");
                }
                const auto part = [&](Index, Index) {
                    begun = true;
                    while (!thrown)
                        std::this_thread::yield();
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    return 1;
                };
                parallelReduce(10000, 1, {}, 0, part, [&](int& total, int&& one) {
                    ++combined;
                    total += one;
                });
            };
            Arena arena(2);
            arena.execute([&] { QVERIFY_THROWS_EXCEPTION(Error, parallelFor(2, 1, {}, outer)); });
            QCOMPARE(combined.load(), 0);
        }
    }

    void exceptionsPassThrough() {
        QVERIFY_THROWS_EXCEPTION(Error, parallelFor(100, 1, {}, [](Index begin, Index) {
                                     if (begin == 42) throw Error("row 42 is broken");
                                 }));
    }

    void startedWorkRunsAndIsWaitedFor() {
        std::atomic<int> done = 0;
        {
            Arena arena(2);
            for (int i = 0; i < 20; ++i) {
                arena.start([&done] { parallelFor(10, 1, {}, [&done](Index, Index) { ++done; }); });
            }
            arena.wait();
            QCOMPARE(done.load(), 200);
            arena.start([&done] { ++done; });
        }
        QCOMPARE(done.load(), 201);
    }
};

QTEST_APPLESS_MAIN(ParallelTest)
#include "tst_parallel.moc"
