// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/alloc/lagrangian_allocation.h"

#include <algorithm>
#include <string>

#include "core/base/error.h"

namespace quantscope {

namespace {

// Of equal settings the cheaper one.
Allocation choiceAt(std::span<const RateDistortionCurve> curves, double price) {
    Allocation result;
    for (const RateDistortionCurve& curve : curves) {
        std::size_t best = 0;
        double least = curve[0].loss + price * static_cast<double>(curve[0].bits);
        for (std::size_t i = 1; i < curve.size(); ++i) {
            const double cost = curve[i].loss + price * static_cast<double>(curve[i].bits);
            if (cost < least) {
                least = cost;
                best = i;
            }
        }
        result.choices.push_back(best);
        result.bits += curve[best].bits;
        result.loss += curve[best].loss;
    }
    return result;
}

double boundAt(const Allocation& choice, double price, std::uint64_t budget) {
    return choice.loss + price * (static_cast<double>(choice.bits) - static_cast<double>(budget));
}

std::uint64_t leastBits(std::span<const RateDistortionCurve> curves) {
    std::uint64_t bits = 0;
    for (const RateDistortionCurve& curve : curves)
        bits += curve.front().bits;
    return bits;
}

// A price at which nobody takes more than the cheapest setting.
double prohibitivePrice(std::span<const RateDistortionCurve> curves) {
    double price = 0.0;
    for (const RateDistortionCurve& curve : curves) {
        for (std::size_t i = 1; i < curve.size(); ++i) {
            const auto more = static_cast<double>(curve[i].bits - curve[0].bits);
            price = std::max(price, (curve[0].loss - curve[i].loss) / more);
        }
    }
    // With room for rounding at equality.
    return 2.0 * price;
}

}  // namespace

LagrangianAllocation allocateByPrice(std::span<const RateDistortionCurve> curves,
                                     std::uint64_t budget) {
    if (leastBits(curves) > budget) {
        throw Error("The budget of " + std::to_string(budget) +
                        " bits is too small: even the cheapest settings need " +
                        std::to_string(leastBits(curves)) + ".",
                    "Raise the budget or allow cheaper settings.");
    }
    LagrangianAllocation result{choiceAt(curves, 0.0), 0.0, 0.0};
    result.bound = result.allocation.loss;
    if (result.allocation.bits <= budget) return result;
    double low = 0.0;
    double high = prohibitivePrice(curves);
    result.allocation = choiceAt(curves, high);
    result.price = high;
    result.bound = std::max(0.0, boundAt(result.allocation, high, budget));
    // Until the two prices are neighbours or lead to the same choice.
    constexpr int halvings = 100;
    for (int i = 0; i < halvings; ++i) {
        const double middle = low + (high - low) / 2.0;
        if (middle <= low || middle >= high) break;
        const Allocation choice = choiceAt(curves, middle);
        result.bound = std::max(result.bound, boundAt(choice, middle, budget));
        if (choice.bits > budget) {
            low = middle;
            continue;
        }
        high = middle;
        result.allocation = choice;
        result.price = middle;
        if (choice.bits == budget) break;
    }
    return result;
}

}  // namespace quantscope
