// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/alloc/exact_allocation.h"

#include <algorithm>
#include <limits>

#include "core/alloc/lagrangian_allocation.h"

namespace quantscope {

namespace {

/// The first parts with chosen settings.
struct Sum {
    std::uint64_t bits = 0;
    double loss = 0.0;
    std::uint32_t parent = 0;  ///< In the list of one part less.
    std::uint32_t choice = 0;
};

/// What the parts from some part on cost at least.
struct Rest {
    std::uint64_t bits = 0;  ///< With their cheapest settings.
    double priced = 0.0;     ///< Least loss + price x bits.
};

std::vector<Rest> restsOf(std::span<const RateDistortionCurve> curves, double price) {
    std::vector<Rest> rests(curves.size() + 1);
    for (std::size_t j = curves.size(); j-- > 0;) {
        double least = std::numeric_limits<double>::infinity();
        for (const RatePoint& point : curves[j])
            least = std::min(least, point.loss + price * static_cast<double>(point.bits));
        rests[j] = {rests[j + 1].bits + curves[j].front().bits, rests[j + 1].priced + least};
    }
    return rests;
}

/// Bounds from below of what an allocation with given first parts loses, at several prices: the
/// best price for the parts still to come shifts with the bits that the first ones took.
class Bounds {
public:
    Bounds(std::span<const RateDistortionCurve> curves, std::uint64_t budget, double price)
        : m_budget(static_cast<double>(budget)) {
        // The first one rules out most.
        for (const double factor : {1.0, 0.97, 1.03, 0.9, 1.1, 0.7, 1.4})
            m_prices.push_back({factor * price, restsOf(curves, factor * price)});
    }

    std::uint64_t leastBits(std::size_t next) const { return m_prices.front().rests[next].bits; }

    double operator()(const Sum& sum, std::size_t next) const {
        double bound = 0.0;
        for (const Priced& priced : m_prices)
            bound = std::max(bound, at(priced, sum, next));
        return bound;
    }

    /// Whether the bound is below `limit`.
    bool isBelow(double limit, const Sum& sum, std::size_t next) const {
        return std::ranges::all_of(
            m_prices, [&](const Priced& priced) { return at(priced, sum, next) < limit; });
    }

    /// Whether an allocation with this setting of a part may lose less than `limit`.
    bool mayBeat(double limit, const RateDistortionCurve& curve, const RatePoint& point) const {
        return std::ranges::all_of(m_prices, [&](const Priced& priced) {
            const auto cost = [&](const RatePoint& one) {
                return one.loss + priced.price * static_cast<double>(one.bits);
            };
            double least = std::numeric_limits<double>::infinity();
            for (const RatePoint& one : curve)
                least = std::min(least, cost(one));
            return priced.rests.front().priced - priced.price * m_budget + cost(point) - least <
                   limit;
        });
    }

private:
    struct Priced {
        double price = 0.0;
        std::vector<Rest> rests;
    };

    double at(const Priced& priced, const Sum& sum, std::size_t next) const {
        return sum.loss + priced.rests[next].priced +
               priced.price * (static_cast<double>(sum.bits) - m_budget);
    }

    double m_budget;
    std::vector<Priced> m_prices;
};

class Search {
public:
    Search(std::span<const RateDistortionCurve> curves, std::uint64_t budget, std::size_t mostSums,
           const Bounds& bounds, double limit)
        : m_curves(curves),
          m_budget(budget),
          m_mostSums(mostSums),
          m_bounds(bounds),
          m_limit(limit) {}

    bool wasCut() const { return m_wasCut; }

    /// The best of all whose bound is below the limit; empty choices when there is none.
    Allocation run() {
        std::vector<std::vector<Sum>> lists = {{Sum{}}};
        for (std::size_t j = 0; j < m_curves.size(); ++j) {
            lists.push_back(extended(lists.back(), j));
            if (lists.back().empty()) return {};
        }
        return traced(lists);
    }

private:
    std::vector<Sum> extended(const std::vector<Sum>& list, std::size_t part) {
        const RateDistortionCurve& curve = m_curves[part];
        const auto isLess = [](const Sum& a, const Sum& b) {
            return a.bits != b.bits ? a.bits < b.bits : a.loss < b.loss;
        };
        std::vector<Sum> sums;
        for (std::uint32_t c = 0; c < curve.size(); ++c) {
            if (!m_bounds.mayBeat(m_limit, curve, curve[c])) continue;
            const auto sorted = static_cast<std::ptrdiff_t>(sums.size());
            for (std::uint32_t i = 0; i < list.size(); ++i) {
                const Sum sum{list[i].bits + curve[c].bits, list[i].loss + curve[c].loss, i, c};
                if (sum.bits + m_bounds.leastBits(part + 1) > m_budget) break;
                if (m_bounds.isBelow(m_limit, sum, part + 1)) sums.push_back(sum);
            }
            std::inplace_merge(sums.begin(), sums.begin() + sorted, sums.end(), isLess);
        }
        std::vector<Sum> kept;
        for (const Sum& sum : sums) {
            if (kept.empty() || sum.loss < kept.back().loss) kept.push_back(sum);
        }
        if (kept.size() > m_mostSums) shorten(kept, part + 1);
        return kept;
    }

    void shorten(std::vector<Sum>& sums, std::size_t next) {
        m_wasCut = true;
        std::ranges::nth_element(sums, sums.begin() + static_cast<std::ptrdiff_t>(m_mostSums),
                                 std::less(), [&](const Sum& sum) { return m_bounds(sum, next); });
        sums.resize(m_mostSums);
        std::ranges::sort(sums, std::less(), &Sum::bits);
    }

    Allocation traced(const std::vector<std::vector<Sum>>& lists) const {
        const Sum* sum = &*std::ranges::min_element(lists.back(), std::less(), &Sum::loss);
        Allocation result{std::vector<std::size_t>(m_curves.size()), sum->bits, sum->loss};
        for (std::size_t j = m_curves.size(); j-- > 0;) {
            result.choices[j] = sum->choice;
            sum = &lists[j][sum->parent];
        }
        return result;
    }

    std::span<const RateDistortionCurve> m_curves;
    std::uint64_t m_budget;
    std::size_t m_mostSums;
    const Bounds& m_bounds;
    double m_limit;
    bool m_wasCut = false;
};

}  // namespace

ExactAllocation allocateExactly(std::span<const RateDistortionCurve> curves, std::uint64_t budget,
                                std::size_t mostSums) {
    const LagrangianAllocation priced = allocateByPrice(curves, budget);
    ExactAllocation result{allocateGreedily(curves, budget, priced.allocation.choices), true,
                           priced.bound};
    if (priced.allocation.loss < result.allocation.loss) result.allocation = priced.allocation;
    // Short lists find a better start within little time, and with that long ones stay shorter.
    constexpr std::size_t fewSums = 200;
    const Bounds bounds(curves, budget, priced.price);
    for (const std::size_t most : {std::min(fewSums, mostSums), mostSums}) {
        Search search(curves, budget, most, bounds, result.allocation.loss);
        Allocation found = search.run();
        // Sums were kept for their bounds, which are less than the loss of an allocation that
        // leaves bits over: the best of them can be worse than where the search started.
        if (!found.choices.empty() && found.loss < result.allocation.loss) {
            result.allocation = std::move(found);
        }
        result.isOptimal = !search.wasCut();
        if (result.isOptimal) break;
    }
    if (result.isOptimal) result.bound = result.allocation.loss;
    return result;
}

}  // namespace quantscope
