// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/alloc/evolutionary_allocation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/base/error.h"

namespace quantscope {

namespace {

using Choices = std::vector<std::size_t>;

// Children equal to their parent are bred again so often.
constexpr int mostAttempts = 16;

/// Changes settings at random without exceeding a budget.
class Breeder {
public:
    Breeder(std::span<const RateDistortionCurve> curves, std::uint64_t budget, int mostExchanges)
        : m_curves(curves), m_budget(budget), m_mostExchanges(mostExchanges) {}

    Choices childOf(const Choices& parent, Random& random) const {
        for (int attempt = 0; attempt < mostAttempts; ++attempt) {
            Choices child = tried(parent, random);
            if (child != parent) return child;
        }
        return parent;
    }

private:
    /// A child in the making: parts that were raised are not lowered, and the other way about.
    struct Draft {
        Choices choices;
        std::uint64_t bits = 0;
        std::vector<bool> raised;
        std::vector<bool> lowered;
    };

    Choices tried(const Choices& parent, Random& random) const {
        const Index exchanges = std::min(below(random), below(random)) + 1;
        Draft draft{parent, summed(m_curves, parent).bits, std::vector<bool>(parent.size()),
                    std::vector<bool>(parent.size())};
        for (Index i = 0; i < exchanges; ++i) {
            if (!raiseOne(draft, random, std::numeric_limits<std::uint64_t>::max())) break;
            while (draft.bits > m_budget) {
                if (!lowerOne(draft, random)) return parent;
            }
        }
        // Settings are coarse: what was freed may be more than what was spent.
        for (Index i = 0; i < exchanges; ++i)
            raiseOne(draft, random, m_budget);
        return draft.choices;
    }

    Index below(Random& random) const { return random.below(m_mostExchanges); }

    std::uint64_t bitsAfter(const Draft& draft, std::size_t part, std::size_t choice) const {
        const RateDistortionCurve& curve = m_curves[part];
        return draft.bits - curve[draft.choices[part]].bits + curve[choice].bits;
    }

    void take(Draft& draft, std::size_t part, std::size_t choice) const {
        draft.bits = bitsAfter(draft, part, choice);
        draft.choices[part] = choice;
    }

    bool raiseOne(Draft& draft, Random& random, std::uint64_t most) const {
        const auto canRise = [&](std::size_t j) {
            const std::size_t next = draft.choices[j] + 1;
            return !draft.lowered[j] && next < m_curves[j].size() &&
                   bitsAfter(draft, j, next) <= most;
        };
        const std::size_t part = anyOf(canRise, random);
        if (part == m_curves.size()) return false;
        take(draft, part, draft.choices[part] + 1);
        draft.raised[part] = true;
        return true;
    }

    bool lowerOne(Draft& draft, Random& random) const {
        const auto canFall = [&](std::size_t j) {
            return !draft.raised[j] && draft.choices[j] > 0;
        };
        const std::size_t part = anyOf(canFall, random);
        if (part == m_curves.size()) return false;
        take(draft, part, draft.choices[part] - 1);
        draft.lowered[part] = true;
        return true;
    }

    // One of the parts for which `holds`, all alike; the number of parts when there is none.
    template <typename Predicate>
    std::size_t anyOf(const Predicate& holds, Random& random) const {
        std::vector<std::size_t> parts;
        for (std::size_t j = 0; j < m_curves.size(); ++j) {
            if (holds(j)) parts.push_back(j);
        }
        if (parts.empty()) return m_curves.size();
        return parts[static_cast<std::size_t>(random.below(static_cast<Index>(parts.size())))];
    }

    std::span<const RateDistortionCurve> m_curves;
    std::uint64_t m_budget;
    int m_mostExchanges;
};

// `count` of the numbers below `samples`, ascending.
std::vector<Index> drawn(Index count, Index samples, Random& random) {
    std::vector<Index> all(static_cast<std::size_t>(samples));
    std::iota(all.begin(), all.end(), Index{0});
    for (Index i = 0; i < count && count < samples; ++i) {
        std::swap(all[static_cast<std::size_t>(i)],
                  all[static_cast<std::size_t>(i + random.below(samples - i))]);
    }
    all.resize(static_cast<std::size_t>(count));
    std::ranges::sort(all);
    return all;
}

class Evolution {
public:
    Evolution(Index samples, const EvolutionOptions& options, const AllocationObjective& objective)
        : m_samples(samples), m_options(options), m_objective(objective) {}

    std::vector<double> scores(std::span<const Choices> candidates,
                               std::span<const Index> samples) const {
        std::vector<double> scores = m_objective(candidates, samples);
        for (double& score : scores) {
            if (std::isnan(score)) score = std::numeric_limits<double>::infinity();
        }
        return scores;
    }

    std::vector<double> scores(std::span<const Choices> candidates) const {
        std::vector<Index> all(static_cast<std::size_t>(m_samples));
        std::iota(all.begin(), all.end(), Index{0});
        return scores(candidates, all);
    }

    // All steps but the last; better ones first, of equals those bred earlier.
    std::vector<Choices> survivors(std::vector<Choices> children, Random& random) const {
        for (std::size_t s = 0; s + 1 < m_options.steps.size(); ++s) {
            const EvolutionOptions::Step& step = m_options.steps[s];
            const auto samples = drawn(step.samples, m_samples, random);
            children = best(std::move(children), static_cast<std::size_t>(step.survivors),
                            scores(children, samples));
        }
        return children;
    }

    // The last step. `loss`: of the parent on all samples; of the new one where they count.
    void replace(Choices& parent, double& loss, std::vector<Choices> children,
                 Random& random) const {
        const Index count = m_options.steps.back().samples;
        double known = loss;
        if (count < m_samples) children.push_back(parent);
        std::vector<double> found = scores(children, drawn(count, m_samples, random));
        if (count < m_samples) {
            known = found.back();
            found.pop_back();
        }
        const auto least = std::ranges::min_element(found);
        if (least == found.end() || !(*least < known)) {
            loss = known;
            return;
        }
        parent = children[static_cast<std::size_t>(least - found.begin())];
        loss = *least;
    }

private:
    static std::vector<Choices> best(std::vector<Choices> candidates, std::size_t count,
                                     const std::vector<double>& scores) {
        std::vector<std::size_t> order(candidates.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, std::less(), [&](std::size_t i) { return scores[i]; });
        std::vector<Choices> result;
        for (std::size_t i = 0; i < std::min(count, order.size()); ++i)
            result.push_back(std::move(candidates[order[i]]));
        return result;
    }

    Index m_samples;
    const EvolutionOptions& m_options;
    const AllocationObjective& m_objective;
};

void check(const EvolutionOptions& options, Index samples) {
    const auto refuse = [](const std::string& what) {
        throw Error("The search cannot run: " + what + ".", "Correct its options.");
    };
    if (samples < 1) refuse("there are no samples to judge by");
    if (options.generations < 0) refuse("a negative number of generations");
    if (options.offspring < 1) refuse("a generation needs offspring");
    if (options.mostExchanges < 1) refuse("a child must differ from its parent");
    if (options.steps.empty()) refuse("a generation needs a step of selection");
    for (const EvolutionOptions::Step& step : options.steps) {
        if (step.survivors < 1) refuse("a step of selection leaves nobody");
        if (step.samples < 1 || step.samples > samples) {
            refuse("a step takes " + std::to_string(step.samples) + " of " +
                   std::to_string(samples) + " samples");
        }
    }
}

void checkStart(std::span<const RateDistortionCurve> curves, const Choices& start) {
    const char* remedy = "Start from an allocation of these parts.";
    if (start.size() != curves.size()) {
        throw Error("The search cannot start: " + std::to_string(start.size()) + " settings for " +
                        std::to_string(curves.size()) + " parts.",
                    remedy);
    }
    for (std::size_t j = 0; j < curves.size(); ++j) {
        if (start[j] < curves[j].size()) continue;
        throw Error("The search cannot start: part " + std::to_string(j) + " has " +
                        std::to_string(curves[j].size()) + " settings, none of number " +
                        std::to_string(start[j]) + ".",
                    remedy);
    }
}

}  // namespace

std::vector<EvolutionOptions::Step> EvolutionOptions::usualSteps(int offspring, Index samples) {
    const auto share = [&](Index part) { return (samples + part - 1) / part; };
    constexpr Index few = 16;
    constexpr Index some = 4;
    return {{std::max(1, offspring / 4), share(few)},
            {std::min(2, offspring), share(some)},
            {1, samples}};
}

EvolvedAllocation allocateByEvolution(std::span<const RateDistortionCurve> curves,
                                      std::uint64_t budget, std::span<const std::size_t> start,
                                      Index samples, const EvolutionOptions& options,
                                      const AllocationObjective& objective,
                                      const RunContext& context) {
    check(options, samples);
    Choices parent(start.begin(), start.end());
    checkStart(curves, parent);
    if (summed(curves, parent).bits > budget) {
        throw Error("The search cannot start from settings that exceed the budget.",
                    "Start from an allocation within it.");
    }
    const Breeder breeder(curves, budget, options.mostExchanges);
    const Evolution evolution(samples, options, objective);
    EvolvedAllocation result;
    const Choices first = parent;
    result.startObjective = evolution.scores(std::span(&first, 1)).front();
    double loss = result.startObjective;
    for (int generation = 0; generation < options.generations; ++generation) {
        context.throwIfStopped();
        context.progress(static_cast<double>(generation) / options.generations,
                         "generation " + std::to_string(generation + 1) + " of " +
                             std::to_string(options.generations));
        Random random = context.random(static_cast<std::uint64_t>(generation));
        std::vector<Choices> children;
        for (int i = 0; i < options.offspring; ++i) {
            Choices child = breeder.childOf(parent, random);
            if (child != parent) children.push_back(std::move(child));
        }
        if (children.empty()) break;  // Nothing can be changed.
        evolution.replace(parent, loss, evolution.survivors(std::move(children), random), random);
        result.history.push_back(loss);
    }
    result.objective = options.steps.back().samples == samples
                           ? loss
                           : evolution.scores(std::span(&parent, 1)).front();
    // On fewer samples the parent may have been replaced by one that is worse on all.
    if (!(result.objective <= result.startObjective)) {
        parent = first;
        result.objective = result.startObjective;
    }
    result.allocation = summed(curves, parent);
    return result;
}

}  // namespace quantscope
