// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "plugins/scalar/level_grid.h"
#include "plugins/scalar/unit_passes.h"

namespace quantscope::scalar {

/// Histogram of scaled weights in [-1, 1], each counted with the square of its scale, which is what
/// its error is worth. Cells have a relative width of at most 2^-11, so that a few large weights do
/// not cost the many small ones their resolution.
class ScaledHistogram {
public:
    ScaledHistogram();
    /// `importance`: by weight, what their errors count besides; empty for all the same.
    void add(std::span<const float> weights, std::span<const float> importance, double scale);
    void merge(const ScaledHistogram& other);
    /// Levels with the least squared error, by Lloyd's iteration or by search over all cells,
    /// stored as binary16 or binary32 numbers. Throws Cancelled.
    LevelTable trainedTable(const ScalarSettings& settings, const std::stop_token& stop) const;
    /// Memory that the search takes, besides the cells.
    static std::uint64_t searchBytes(std::uint32_t levels);

private:
    struct Cell {
        double mass = 0.0;
        double first = 0.0;
    };
    std::vector<Cell> m_cells;
};

/// Sums from which the least-squares scale of a unit with fixed codes follows.
struct ScaleFit {
    double weightsByLevels = 0.0;  ///< sum w l
    double levelsSquared = 0.0;    ///< sum l^2

    /// Takes the levels that the weights get with `scale`.
    void add(std::span<const float> weights, std::span<const float> importance, double scale,
             const LevelTable& table);
    void merge(const ScaleFit& other);
    double scale() const;
    /// Whether the squared error with these codes falls when `present` is replaced by `next`.
    bool improves(double present, double next) const;
};

}  // namespace quantscope::scalar
