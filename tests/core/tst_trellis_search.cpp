// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <limits>

#include "core/base/random.h"
#include "core/kernels/trellis_search.h"
#include "kernel_targets.h"

using namespace quantscope;

namespace {

// Small whole numbers, so that sums are exact and the search must find the optimum itself.
Matrix wholeValues(int stateBits, int perStep, Random& random) {
    Matrix values(perStep, Index{1} << stateBits);
    for (Index i = 0; i < values.view().size(); ++i)
        values.data()[i] = static_cast<float>(random.below(9) - 4);
    return values;
}

double errorOf(const Matrix& values, std::span<const float> targets, std::size_t step,
               std::uint32_t state) {
    double sum = 0.0;
    for (Index v = 0; v < values.rows(); ++v) {
        const double error =
            static_cast<double>(targets[step * static_cast<std::size_t>(values.rows()) +
                                        static_cast<std::size_t>(v)]) -
            static_cast<double>(values(v, static_cast<Index>(state)));
        sum += error * error;
    }
    return sum;
}

// Bellman's recursion from the states forward, written without groups, and for every start that
// the ring allows.
double leastError(const Matrix& values, std::span<const float> targets,
                  std::span<const std::uint8_t> shifts, std::optional<std::uint32_t> overlap) {
    const auto states = static_cast<std::uint32_t>(values.cols());
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<double> costs(states, infinity);
    for (std::uint32_t state = 0; state < states; ++state) {
        if (overlap && state >> shifts[0] != *overlap) continue;
        costs[state] = errorOf(values, targets, 0, state);
    }
    for (std::size_t t = 1; t < shifts.size(); ++t) {
        std::vector<double> next(states, infinity);
        for (std::uint32_t state = 0; state < states; ++state) {
            for (std::uint32_t bits = 0; bits < 1U << shifts[t]; ++bits) {
                const std::uint32_t to = (state << shifts[t]) % states | bits;
                next[to] = std::min(next[to], costs[state] + errorOf(values, targets, t, to));
            }
        }
        costs = next;
    }
    double least = infinity;
    for (std::uint32_t state = 0; state < states; ++state) {
        if (overlap && state % (states >> shifts[0]) != *overlap) continue;
        least = std::min(least, costs[state]);
    }
    return least;
}

}  // namespace

class TestTrellisSearch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsTheBestPath_data() {
        QTest::addColumn<qint64>("target");
        QTest::addColumn<int>("stateBits");
        QTest::addColumn<int>("perStep");
        QTest::addColumn<QList<int>>("shifts");
        QTest::addColumn<bool>("ring");
        const QList<QList<int>> schedules = {{1}, {2}, {3}, {4}, {5}, {6}, {8}, {1, 2}, {2, 2, 3}};
        for (const std::int64_t target : kernelTargets()) {
            for (const int stateBits : {4, 7, 10}) {
                for (const QList<int>& shifts : schedules) {
                    if (*std::max_element(shifts.begin(), shifts.end()) >= stateBits) continue;
                    for (const int perStep : {1, 2}) {
                        for (const bool ring : {false, true}) {
                            QTest::addRow("%s, %d state bits, steps of %d.., %d values, %s",
                                          hwy::TargetName(target), stateBits, shifts.back(),
                                          perStep, ring ? "ring" : "free")
                                << qint64{target} << stateBits << perStep << shifts << ring;
                        }
                    }
                }
            }
        }
    }

    void findsTheBestPath() {
        QFETCH(qint64, target);
        QFETCH(int, stateBits);
        QFETCH(int, perStep);
        QFETCH(QList<int>, shifts);
        QFETCH(bool, ring);
        const ForcedTarget forced(target);
        Random random(static_cast<std::uint64_t>(stateBits * 10 + shifts.front()));
        const Matrix values = wholeValues(stateBits, perStep, random);
        constexpr int steps = 20;
        std::vector<std::uint8_t> schedule;
        std::vector<float> targets;
        for (int t = 0; t < steps; ++t) {
            schedule.push_back(static_cast<std::uint8_t>(shifts[t % shifts.size()]));
            for (int v = 0; v < perStep; ++v)
                targets.push_back(static_cast<float>(random.below(13) - 6));
        }
        std::optional<std::uint32_t> overlap;
        if (ring) {
            overlap = static_cast<std::uint32_t>(
                random.below(Index{1} << (stateBits - schedule.front())));
        }
        TrellisSearch search(stateBits, values.view());
        TrellisPath path;
        search.solve(targets, schedule, overlap, path);

        double error = 0.0;
        const std::uint32_t mask = (1U << stateBits) - 1U;
        for (std::size_t t = 0; t < path.states.size(); ++t) {
            error += errorOf(values, targets, t, path.states[t]);
            if (t == 0) continue;
            QCOMPARE(path.states[t] >> schedule[t],
                     (path.states[t - 1] << schedule[t] & mask) >> schedule[t]);
        }
        QCOMPARE(path.states.size(), std::size_t{steps});
        QCOMPARE(error, leastError(values, targets, schedule, overlap));
        QVERIFY(std::abs(path.squaredError - error) < 0.01 * error + 0.01);
        if (!overlap) return;
        QCOMPARE(path.states.front() >> schedule.front(), *overlap);
        QCOMPARE(path.states.back() % (1U << (stateBits - schedule.front())), *overlap);
    }

    // A search is used for block after block: nothing of the last one may stay.
    void forgetsTheLastBlock() {
        Random random(5);
        const Matrix values = wholeValues(8, 1, random);
        std::vector<float> targets;
        for (int i = 0; i < 32; ++i)
            targets.push_back(static_cast<float>(random.normal()));
        const std::vector<std::uint8_t> shifts(32, 2);
        TrellisSearch used(8, values.view());
        TrellisPath path;
        used.solve(std::vector<float>(64, 3.0F), std::vector<std::uint8_t>(64, 1), 7, path);
        used.solve(targets, shifts, std::nullopt, path);
        TrellisPath fresh;
        TrellisSearch(8, values.view()).solve(targets, shifts, std::nullopt, fresh);
        QVERIFY(path.states == fresh.states);
    }
};

QTEST_APPLESS_MAIN(TestTrellisSearch)
#include "tst_trellis_search.moc"
