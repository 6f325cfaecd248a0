// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/alloc/evolutionary_allocation.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"

using namespace quantscope;

namespace {

using Choices = std::vector<std::size_t>;

constexpr Index samples = 24;

// Parts whose settings matter in other measure than the curves say, and more so together: what no
// allocator over the sum of losses can know.
class Interacting {
public:
    Interacting(std::size_t parts, std::size_t points, std::uint64_t seed) : m_weights(parts) {
        Random random(seed);
        for (std::size_t j = 0; j < parts; ++j) {
            m_weights[j] = std::exp(1.5 * random.normal());
            RateDistortionCurve& curve = m_curves.emplace_back();
            std::uint64_t bits = 20 + static_cast<std::uint64_t>(random.below(20));
            for (std::size_t i = 0; i < points; ++i) {
                curve.push_back({bits, std::exp2(-static_cast<double>(bits) / 10.0)});
                bits += 3 + static_cast<std::uint64_t>(random.below(15));
            }
        }
    }

    const std::vector<RateDistortionCurve>& curves() const { return m_curves; }

    std::uint64_t bitsOf(const Choices& choices) const {
        std::uint64_t bits = 0;
        for (std::size_t j = 0; j < choices.size(); ++j)
            bits += m_curves[j][choices[j]].bits;
        return bits;
    }

    double lossOf(const Choices& choices) const {
        double total = 0.0;
        double previous = 0.0;
        for (std::size_t j = 0; j < choices.size(); ++j) {
            const double own = m_weights[j] * m_curves[j][choices[j]].loss;
            total += own + 3.0 * std::sqrt(own * previous);
            previous = own;
        }
        return total;
    }

    // Samples scatter about the loss, but all of them together tell it.
    AllocationObjective objective() const {
        return [this](std::span<const Choices> candidates, std::span<const Index> drawn) {
            std::vector<double> losses(candidates.size());
            parallelFor(static_cast<Index>(candidates.size()), 1, {}, [&](Index begin, Index end) {
                for (Index i = begin; i < end; ++i) {
                    const auto at = static_cast<std::size_t>(i);
                    const double loss = lossOf(candidates[at]);
                    double mean = 0.0;
                    for (const Index sample : drawn)
                        mean += loss * (1.0 + 0.05 * noise(candidates[at], sample));
                    losses[at] = mean / static_cast<double>(drawn.size());
                }
            });
            return losses;
        };
    }

    // The least loss of all settings within the budget.
    double leastLoss(std::uint64_t budget) const {
        Choices choices(m_curves.size(), 0);
        double least = std::numeric_limits<double>::infinity();
        for (;;) {
            if (bitsOf(choices) <= budget) least = std::min(least, lossOf(choices));
            std::size_t j = 0;
            while (j < choices.size() && ++choices[j] == m_curves[j].size())
                choices[j++] = 0;
            if (j == choices.size()) return least;
        }
    }

private:
    // Sums to 0 over all samples.
    static double noise(const Choices& choices, Index sample) {
        double phase = 0.0;
        for (const std::size_t choice : choices)
            phase = 3.1 * phase + static_cast<double>(choice);
        return std::cos(phase + 2.0 * M_PI * static_cast<double>(sample) / samples);
    }

    std::vector<RateDistortionCurve> m_curves;
    std::vector<double> m_weights;
};

EvolutionOptions options(int generations) {
    EvolutionOptions options;
    options.generations = generations;
    options.steps = EvolutionOptions::usualSteps(options.offspring, samples);
    return options;
}

std::string messageOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class TestEvolutionaryAllocation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // From the best that the sum of losses allows to the optimum, which brute force knows.
    void findsTheOptimum() {
        int found = 0;
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const Interacting problem(7, 5, seed);
            const std::uint64_t budget = problem.bitsOf(Choices(7, 2));
            const Allocation start = allocateGreedily(problem.curves(), budget);
            const EvolvedAllocation result =
                allocateByEvolution(problem.curves(), budget, start.choices, samples, options(80),
                                    problem.objective(), RunContext(seed));
            QVERIFY(result.allocation.bits <= budget);
            QCOMPARE(problem.bitsOf(result.allocation.choices), result.allocation.bits);
            const double least = problem.leastLoss(budget);
            QVERIFY(std::abs(result.startObjective / problem.lossOf(start.choices) - 1.0) < 1e-9);
            QVERIFY(std::abs(result.objective / problem.lossOf(result.allocation.choices) - 1.0) <
                    1e-9);
            QVERIFY(result.objective >= least * (1.0 - 1e-9));
            QVERIFY2(result.objective < 1.1 * least,
                     qPrintable(QString::number(result.objective / least)));
            if (result.objective < least * (1.0 + 1e-9)) ++found;
        }
        QVERIFY2(found >= 8, qPrintable(QString::number(found)));
    }

    void neverExceedsTheBudgetAndNeverLosesMore() {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            const Interacting problem(40, 12, seed);
            const std::uint64_t budget = problem.bitsOf(Choices(40, 5)) + 7;
            const AllocationObjective plain = problem.objective();
            const auto checked = [&](std::span<const Choices> candidates,
                                     std::span<const Index> drawn) {
                for (const Choices& choices : candidates) {
                    if (problem.bitsOf(choices) > budget) throw Error("over the budget");
                }
                if (!std::ranges::is_sorted(drawn) || drawn.back() >= samples)
                    throw Error("samples that are none");
                return plain(candidates, drawn);
            };
            const EvolvedAllocation result =
                allocateByEvolution(problem.curves(), budget, Choices(40, 5), samples, options(30),
                                    checked, RunContext(seed));
            QCOMPARE(result.history.size(), std::size_t{30});
            QVERIFY(result.history.front() <= result.startObjective);
            QVERIFY(std::ranges::is_sorted(result.history, std::greater<>()));
            QCOMPARE(result.history.back(), result.objective);
            QVERIFY(result.objective < 0.9 * result.startObjective);
        }
    }

    // A last step on few samples compares child and parent on the same ones, and a parent that
    // luck has made worse on all is not handed out.
    void luckOnFewSamplesCostsNothing() {
        const Interacting problem(20, 8, 3);
        const std::uint64_t budget = problem.bitsOf(Choices(20, 4));
        EvolutionOptions few = options(40);
        few.steps = {{1, 1}};
        const EvolvedAllocation result =
            allocateByEvolution(problem.curves(), budget, Choices(20, 4), samples, few,
                                problem.objective(), RunContext(1));
        QVERIFY(result.objective <= result.startObjective);
        QVERIFY(std::abs(result.objective / problem.lossOf(result.allocation.choices) - 1.0) <
                1e-9);
    }

    void sameAtAnyThreadCount() {
        const Interacting problem(30, 10, 5);
        const std::uint64_t budget = problem.bitsOf(Choices(30, 5));
        std::vector<EvolvedAllocation> results;
        for (const int threads : {1, 2, 8}) {
            Arena(threads).execute([&] {
                results.push_back(allocateByEvolution(problem.curves(), budget, Choices(30, 5),
                                                      samples, options(20), problem.objective(),
                                                      RunContext(9)));
            });
        }
        for (const EvolvedAllocation& result : results) {
            QVERIFY(result.allocation.choices == results.front().allocation.choices);
            QCOMPARE(result.objective, results.front().objective);
        }
    }

    // Whatever is not finite loses against everything that is.
    void avoidsWhatHasNoLoss() {
        const Interacting problem(6, 4, 2);
        const std::uint64_t budget = problem.bitsOf(Choices(6, 2));
        const auto broken = [&](std::span<const Choices> candidates, std::span<const Index>) {
            std::vector<double> losses;
            for (const Choices& choices : candidates)
                losses.push_back(choices[0] == 2 ? problem.lossOf(choices) : std::nan(""));
            return losses;
        };
        const EvolvedAllocation result = allocateByEvolution(
            problem.curves(), budget, Choices(6, 2), samples, options(20), broken, RunContext(0));
        QCOMPARE(result.allocation.choices[0], std::size_t{2});
        QVERIFY(std::isfinite(result.objective));
    }

    void nothingToChangeIsNoError() {
        const std::vector<RateDistortionCurve> fixed = {{{10, 1.0}}, {{20, 2.0}}};
        const auto objective = [](std::span<const Choices> candidates, std::span<const Index>) {
            return std::vector<double>(candidates.size(), 5.0);
        };
        const EvolvedAllocation result = allocateByEvolution(fixed, 30, Choices{0, 0}, samples,
                                                             options(10), objective, RunContext(0));
        QCOMPARE(result.allocation.bits, std::uint64_t{30});
        QCOMPARE(result.objective, 5.0);
        QVERIFY(result.history.empty());
    }

    void refusesWhatCannotBe() {
        const Interacting problem(4, 4, 1);
        const auto search = [&](std::uint64_t budget, Index count, const EvolutionOptions& how) {
            return messageOf([&] {
                allocateByEvolution(problem.curves(), budget, Choices(4, 1), count, how,
                                    problem.objective(), RunContext(0));
            });
        };
        const std::uint64_t budget = problem.bitsOf(Choices(4, 1));
        QVERIFY(search(budget, samples, options(1)).empty());
        QVERIFY(search(budget - 1, samples, options(1)).find("exceed the budget") !=
                std::string::npos);
        const auto startFrom = [&](const Choices& start) {
            return messageOf([&] {
                allocateByEvolution(problem.curves(), budget, start, samples, options(1),
                                    problem.objective(), RunContext(0));
            });
        };
        QVERIFY(startFrom(Choices(3, 1)).find("3 settings for 4 parts") != std::string::npos);
        QVERIFY(startFrom(Choices(5, 1)).find("5 settings for 4 parts") != std::string::npos);
        QVERIFY(startFrom(Choices{0, 0, 4, 0}).find("part 2 has 4 settings, none of number 4") !=
                std::string::npos);
        QVERIFY(search(budget, 0, options(1)).find("no samples") != std::string::npos);
        QVERIFY(search(budget, 3, options(1)).find("6 of 3") != std::string::npos);
        EvolutionOptions barren = options(1);
        barren.offspring = 0;
        QVERIFY(search(budget, samples, barren).find("offspring") != std::string::npos);
        EvolutionOptions blind = options(1);
        blind.steps.clear();
        QVERIFY(search(budget, samples, blind).find("step of selection") != std::string::npos);
    }

    void stopsWhenAsked() {
        const Interacting problem(10, 5, 1);
        std::stop_source stop;
        const AllocationObjective plain = problem.objective();
        const auto stopping = [&](std::span<const Choices> candidates,
                                  std::span<const Index> drawn) {
            stop.request_stop();
            return plain(candidates, drawn);
        };
        QVERIFY_THROWS_EXCEPTION(
            Cancelled,
            allocateByEvolution(problem.curves(), problem.bitsOf(Choices(10, 2)), Choices(10, 2),
                                samples, options(1000), stopping, RunContext(0, stop.get_token())));
    }
};

QTEST_APPLESS_MAIN(TestEvolutionaryAllocation)
#include "tst_evolutionary_allocation.moc"
