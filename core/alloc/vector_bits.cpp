// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/alloc/vector_bits.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <queue>

namespace quantscope {

double waterFillingError(std::span<const double> variances, double bits) {
    std::vector<double> falling(variances.begin(), variances.end());
    std::ranges::sort(falling, std::greater());
    double below = 0.0;  // What components under the level lose.
    for (const double variance : falling)
        below += variance;
    double logProduct = 0.0;
    for (std::size_t active = 1; active <= falling.size() && falling[active - 1] > 0.0; ++active) {
        logProduct += std::log2(falling[active - 1]);
        below -= falling[active - 1];
        const double logLevel = (logProduct - 2.0 * bits) / static_cast<double>(active);
        const bool isLast = active == falling.size() || !(falling[active] > 0.0);
        if (isLast || logLevel >= std::log2(falling[active])) {
            return static_cast<double>(active) * std::exp2(logLevel) + std::max(0.0, below);
        }
    }
    return 0.0;
}

std::vector<int> wholeVectorBits(const std::vector<std::vector<double>>& spectra, Index total,
                                 int most) {
    assert(total >= 0 && total <= static_cast<Index>(spectra.size()) * most);
    struct Step {
        double gain = 0.0;  // Of one bit more.
        std::size_t vector = 0;

        bool operator<(const Step& other) const {
            return gain < other.gain || (gain == other.gain && vector > other.vector);
        }
    };
    const auto gainOf = [&](std::size_t vector, int bits) {
        return waterFillingError(spectra[vector], bits) -
               waterFillingError(spectra[vector], bits + 1.0);
    };
    std::vector<int> bits(spectra.size());
    std::priority_queue<Step> steps;
    if (most > 0) {
        for (std::size_t vector = 0; vector < spectra.size(); ++vector)
            steps.push({gainOf(vector, 0), vector});
    }
    for (Index given = 0; given < total; ++given) {
        const std::size_t vector = steps.top().vector;
        steps.pop();
        if (++bits[vector] < most) steps.push({gainOf(vector, bits[vector]), vector});
    }
    return bits;
}

}  // namespace quantscope
