// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pulse_search.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/finite_float.h"

namespace quantscope::pvq {

namespace {

/// Magnitudes of x and y, with <x, y> and |y|^2.
struct Placement {
    std::vector<double> x;
    std::vector<int> y;
    double product = 0.0;
    double squaredNorm = 0.0;

    // The squared cosine, but for |x|^2, with one more or less pulse at i.
    double quality(std::size_t i, int change) const {
        const double next = product + change * x[i];
        return next * std::abs(next) / (squaredNorm + 2.0 * change * y[i] + 1.0);
    }
    void change(std::size_t i, int by) {
        product += by * x[i];
        squaredNorm += 2.0 * by * y[i] + 1.0;
        y[i] += by;
    }
    std::size_t bestPlace() const {
        std::size_t best = 0;
        for (std::size_t i = 1; i < x.size(); ++i) {
            if (quality(i, 1) > quality(best, 1)) best = i;
        }
        return best;
    }
};

// Takes away the pulse that matters least and puts it where it matters most.
bool movePulse(Placement& placement) {
    const double before =
        placement.product * placement.product / std::max(1.0, placement.squaredNorm);
    std::size_t from = placement.x.size();
    for (std::size_t i = 0; i < placement.x.size(); ++i) {
        if (placement.y[i] == 0) continue;
        if (from == placement.x.size() || placement.quality(i, -1) > placement.quality(from, -1)) {
            from = i;
        }
    }
    if (from == placement.x.size()) return false;
    Placement moved = placement;
    moved.change(from, -1);
    moved.change(moved.bestPlace(), 1);
    const double after = moved.product * moved.product / moved.squaredNorm;
    if (!(after > before * (1.0 + 1e-12))) return false;
    placement = std::move(moved);
    return true;
}

}  // namespace

float placePulses(std::span<const float> x, int count, std::span<int> pulses) {
    Placement placement;
    double sum = 0.0;
    for (const float value : x) {
        placement.x.push_back(std::abs(static_cast<double>(value)));
        sum += placement.x.back();
    }
    int left = count;
    for (const double magnitude : placement.x) {
        const int share = sum > 0.0 ? static_cast<int>(magnitude / sum * count) : 0;
        placement.y.push_back(std::min(share, left));
        left -= placement.y.back();
        placement.product += placement.y.back() * magnitude;
        placement.squaredNorm += static_cast<double>(placement.y.back()) * placement.y.back();
    }
    for (; left > 0; --left)
        placement.change(placement.bestPlace(), 1);
    constexpr int mostMoves = 32;
    for (int move = 0; move < mostMoves && movePulse(placement); ++move) {
    }
    for (std::size_t i = 0; i < x.size(); ++i)
        pulses[i] = std::signbit(x[i]) ? -placement.y[i] : placement.y[i];
    return toFiniteFloat(placement.product / std::sqrt(placement.squaredNorm));
}

}  // namespace quantscope::pvq
