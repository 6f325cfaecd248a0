// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/alloc/greedy_allocation.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <string>

#include "core/base/error.h"
#include "core/base/parallel.h"

namespace quantscope {

namespace {

/// Indices of the points on the lower convex hull, from the cheapest to the one with the least
/// loss.
std::vector<std::size_t> lowerHull(const RateDistortionCurve& curve) {
    const auto slope = [&](std::size_t from, std::size_t to) {
        return (curve[from].loss - curve[to].loss) /
               static_cast<double>(curve[to].bits - curve[from].bits);
    };
    std::vector<std::size_t> hull = {0};
    for (std::size_t i = 1; i < curve.size(); ++i) {
        if (!(curve[i].loss < curve[hull.back()].loss)) continue;
        while (hull.size() > 1 &&
               slope(hull[hull.size() - 2], hull.back()) <= slope(hull.back(), i)) {
            hull.pop_back();
        }
        hull.push_back(i);
    }
    return hull;
}

/// Settings on the hulls, moved one step at a time.
class HullWalk {
public:
    HullWalk(std::span<const RateDistortionCurve> curves, const std::stop_token& stop)
        : m_curves(curves), m_stop(stop) {
        for (const RateDistortionCurve& curve : curves) {
            checkNowAndThen();
            m_hulls.push_back(lowerHull(curve));
        }
        m_at.assign(curves.size(), 0);
        for (const RateDistortionCurve& curve : curves)
            m_bits += curve.front().bits;
    }

    std::uint64_t bits() const { return m_bits; }

    void moveTo(std::span<const std::size_t> start) {
        for (std::size_t j = 0; j < start.size(); ++j) {
            while (canRise(j) && m_hulls[j][m_at[j] + 1] <= start[j])
                rise(j);
        }
    }

    void lowerInto(std::uint64_t budget) {
        using Step = std::pair<double, std::size_t>;
        std::priority_queue<Step, std::vector<Step>, std::greater<>> cheapest;
        const auto offer = [&](std::size_t j) {
            if (m_at[j] > 0) cheapest.push({lossPerBit(j), j});
        };
        for (std::size_t j = 0; j < m_at.size(); ++j)
            offer(j);
        while (m_bits > budget) {
            checkNowAndThen();
            const std::size_t j = cheapest.top().second;
            cheapest.pop();
            --m_at[j];
            m_bits -= point(j, m_at[j] + 1).bits - point(j, m_at[j]).bits;
            offer(j);
        }
    }

    void raiseWithin(std::uint64_t budget) {
        // Ties go to the part that comes first.
        using Step = std::pair<double, std::size_t>;
        const auto later = [](const Step& a, const Step& b) {
            return a.first != b.first ? a.first < b.first : a.second > b.second;
        };
        std::priority_queue<Step, std::vector<Step>, decltype(later)> best(later);
        const auto offer = [&](std::size_t j) {
            if (canRise(j)) best.push({gainPerBit(j, m_at[j]), j});
        };
        for (std::size_t j = 0; j < m_at.size(); ++j)
            offer(j);
        while (!best.empty()) {
            checkNowAndThen();
            const std::size_t j = best.top().second;
            best.pop();
            const std::uint64_t more = point(j, m_at[j] + 1).bits - point(j, m_at[j]).bits;
            if (m_bits + more > budget) continue;
            rise(j);
            offer(j);
        }
    }

    // After a start that was not balanced, bits still lie where they gain less than elsewhere.
    void exchangeWithin(std::uint64_t budget) {
        for (;;) {
            throwIfStopped(m_stop);
            std::optional<std::size_t> down;
            std::optional<std::size_t> up;
            for (std::size_t j = 0; j < m_at.size(); ++j) {
                if (m_at[j] > 0 && (!down || lossPerBit(j) < lossPerBit(*down))) down = j;
                if (canRise(j) && (!up || gainPerBit(j, m_at[j]) > gainPerBit(*up, m_at[*up])))
                    up = j;
            }
            if (!down || !up || *down == *up) return;
            const RatePoint& lower = point(*down, m_at[*down] - 1);
            const RatePoint& higher = point(*up, m_at[*up] + 1);
            const RatePoint& presentDown = point(*down, m_at[*down]);
            const RatePoint& presentUp = point(*up, m_at[*up]);
            const double change = lower.loss - presentDown.loss + higher.loss - presentUp.loss;
            const std::uint64_t bits =
                m_bits - presentDown.bits + lower.bits - presentUp.bits + higher.bits;
            if (!(change < 0.0) || bits > budget) return;
            --m_at[*down];
            ++m_at[*up];
            m_bits = bits;
        }
    }

    std::vector<std::size_t> choices() const {
        std::vector<std::size_t> result;
        for (std::size_t j = 0; j < m_at.size(); ++j)
            result.push_back(m_hulls[j][m_at[j]]);
        return result;
    }

private:
    // Steps are too short to ask at each.
    void checkNowAndThen() {
        constexpr std::uint32_t steps = 4096;
        if (++m_steps % steps == 0) throwIfStopped(m_stop);
    }
    const RatePoint& point(std::size_t j, std::size_t at) const {
        return m_curves[j][m_hulls[j][at]];
    }
    bool canRise(std::size_t j) const { return m_at[j] + 1 < m_hulls[j].size(); }
    double gainPerBit(std::size_t j, std::size_t at) const {
        return (point(j, at).loss - point(j, at + 1).loss) /
               static_cast<double>(point(j, at + 1).bits - point(j, at).bits);
    }
    double lossPerBit(std::size_t j) const { return gainPerBit(j, m_at[j] - 1); }
    void rise(std::size_t j) {
        ++m_at[j];
        m_bits += point(j, m_at[j]).bits - point(j, m_at[j] - 1).bits;
    }

    std::span<const RateDistortionCurve> m_curves;
    std::vector<std::vector<std::size_t>> m_hulls;
    std::vector<std::size_t> m_at;  ///< Position on the hull of each part.
    std::uint64_t m_bits = 0;
    const std::stop_token& m_stop;
    std::uint32_t m_steps = 0;
};

// Off the hulls there may be settings that fit into the last few bits.
void spendTheRest(std::span<const RateDistortionCurve> curves, std::uint64_t budget,
                  const std::stop_token& stop, Allocation& allocation) {
    for (;;) {
        throwIfStopped(stop);
        double bestGain = 0.0;
        std::size_t bestPart = 0;
        std::size_t bestChoice = 0;
        for (std::size_t j = 0; j < curves.size(); ++j) {
            const RatePoint& present = curves[j][allocation.choices[j]];
            for (std::size_t i = allocation.choices[j] + 1; i < curves[j].size(); ++i) {
                if (allocation.bits - present.bits + curves[j][i].bits > budget) break;
                const double gain = present.loss - curves[j][i].loss;
                if (gain > bestGain) {
                    bestGain = gain;
                    bestPart = j;
                    bestChoice = i;
                }
            }
        }
        if (bestGain <= 0.0) return;
        allocation.choices[bestPart] = bestChoice;
        allocation = summed(curves, std::move(allocation.choices));
    }
}

}  // namespace

Allocation summed(std::span<const RateDistortionCurve> curves, std::vector<std::size_t> choices) {
    Allocation allocation{std::move(choices), 0, 0.0};
    for (std::size_t j = 0; j < curves.size(); ++j) {
        allocation.bits += curves[j][allocation.choices[j]].bits;
        allocation.loss += curves[j][allocation.choices[j]].loss;
    }
    return allocation;
}

Allocation allocateGreedily(std::span<const RateDistortionCurve> curves, std::uint64_t budget,
                            std::span<const std::size_t> start, const std::stop_token& stop) {
    HullWalk walk(curves, stop);
    if (walk.bits() > budget) {
        throw Error("The budget of " + std::to_string(budget) +
                        " bits is too small: even the cheapest settings need " +
                        std::to_string(walk.bits()) + ".",
                    "Raise the budget or allow cheaper settings.");
    }
    walk.moveTo(start);
    walk.lowerInto(budget);
    walk.raiseWithin(budget);
    walk.exchangeWithin(budget);
    Allocation allocation = summed(curves, walk.choices());
    spendTheRest(curves, budget, stop, allocation);
    return allocation;
}

}  // namespace quantscope
