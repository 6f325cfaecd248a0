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

class Search {
public:
    Search(std::span<const RateDistortionCurve> curves, std::uint64_t budget, std::size_t mostSums,
           double price, double limit)
        : m_curves(curves),
          m_budget(budget),
          m_mostSums(mostSums),
          m_price(price),
          m_limit(limit),
          m_rests(restsOf(curves, price)) {}

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
    // A lower bound of the loss that any completion has.
    double boundOf(const Sum& sum, std::size_t next) const {
        return sum.loss + m_rests[next].priced +
               m_price * (static_cast<double>(sum.bits) - static_cast<double>(m_budget));
    }

    std::vector<Sum> extended(const std::vector<Sum>& list, std::size_t part) {
        std::vector<Sum> sums;
        for (std::uint32_t i = 0; i < list.size(); ++i) {
            for (std::uint32_t c = 0; c < m_curves[part].size(); ++c) {
                const RatePoint& point = m_curves[part][c];
                const Sum sum{list[i].bits + point.bits, list[i].loss + point.loss, i, c};
                if (sum.bits + m_rests[part + 1].bits > m_budget) break;
                if (boundOf(sum, part + 1) < m_limit) sums.push_back(sum);
            }
        }
        std::ranges::sort(sums, [](const Sum& a, const Sum& b) {
            return a.bits != b.bits ? a.bits < b.bits : a.loss < b.loss;
        });
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
                                 std::less(), [&](const Sum& sum) { return boundOf(sum, next); });
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
    double m_price;
    double m_limit;
    std::vector<Rest> m_rests;
    bool m_wasCut = false;
};

}  // namespace

ExactAllocation allocateExactly(std::span<const RateDistortionCurve> curves, std::uint64_t budget,
                                std::size_t mostSums) {
    const LagrangianAllocation priced = allocateByPrice(curves, budget);
    ExactAllocation result{allocateGreedily(curves, budget, priced.allocation.choices), true,
                           priced.bound};
    if (priced.allocation.loss < result.allocation.loss) result.allocation = priced.allocation;
    Search search(curves, budget, mostSums, priced.price, result.allocation.loss);
    Allocation found = search.run();
    // Sums were kept for their bound at the price, which is less than the loss of an allocation
    // that leaves bits over: the best of them can be worse than where the search started.
    if (!found.choices.empty() && found.loss < result.allocation.loss) {
        result.allocation = std::move(found);
    }
    result.isOptimal = !search.wasCut();
    if (result.isOptimal) result.bound = result.allocation.loss;
    return result;
}

}  // namespace quantscope
