// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/lloyd_max.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "core/base/parallel.h"

namespace quantscope {

namespace {

constexpr std::size_t coarsePoints = 2048;
constexpr int maximumIterations = 1000;
constexpr double convergence = 1e-10;

/// Mass, first and second moment of every prefix of the points, so that the cost of any run of
/// points is had at once.
class Moments {
public:
    explicit Moments(std::span<const WeightedPoint> points) : m_sums(points.size() + 1) {
        for (std::size_t i = 0; i < points.size(); ++i) {
            const auto [value, mass] = points[i];
            m_sums[i + 1] = {m_sums[i].mass + mass, m_sums[i].first + mass * value,
                             m_sums[i].second + mass * value * value};
        }
    }

    double mass(std::size_t begin, std::size_t end) const {
        return m_sums[end].mass - m_sums[begin].mass;
    }
    double mean(std::size_t begin, std::size_t end) const {
        return (m_sums[end].first - m_sums[begin].first) / mass(begin, end);
    }
    /// Least squared error of points begin .. end-1 with one level.
    double cost(std::size_t begin, std::size_t end) const {
        const double weight = mass(begin, end);
        if (weight <= 0.0) return 0.0;
        const double first = m_sums[end].first - m_sums[begin].first;
        const double second = m_sums[end].second - m_sums[begin].second;
        return std::max(0.0, second - first * first / weight);
    }

private:
    struct Sums {
        double mass = 0.0;
        double first = 0.0;
        double second = 0.0;
    };
    std::vector<Sums> m_sums;
};

/// Splits the points into at most coarsePoints runs that get equal shares of the integral of
/// density^(1/3), where an optimal quantizer puts its levels (Panter and Dite 1951). Returns where
/// the runs begin, and the end.
std::vector<std::size_t> coarseRuns(std::span<const WeightedPoint> points) {
    const std::size_t n = points.size();
    std::vector<std::size_t> begins;
    if (n <= coarsePoints) {
        for (std::size_t i = 0; i <= n; ++i)
            begins.push_back(i);
        return begins;
    }
    std::vector<double> shares(n);
    double total = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        const double width =
            (points[std::min(i + 1, n - 1)].value - points[i == 0 ? 0 : i - 1].value) / 2.0;
        shares[i] = std::cbrt(points[i].mass * width * width);
        total += shares[i];
    }
    begins.push_back(0);
    double passed = 0.0;
    for (std::size_t i = 0; i + 1 < n; ++i) {
        passed += shares[i];
        const double border = total * static_cast<double>(begins.size()) / coarsePoints;
        if (passed >= border) begins.push_back(i + 1);
    }
    begins.push_back(n);
    return begins;
}

/// Optimal partition of consecutive runs into `count` cells, by dynamic programming over the number
/// of cells. The best last border moves monotonically with the end, which divide and conquer
/// exploits (Wu 1991); O(count n log n).
class OptimalPartition {
public:
    OptimalPartition(const Moments& moments, const std::vector<std::size_t>& begins)
        : m_moments(moments), m_begins(begins), m_runs(begins.size() - 1) {}

    /// Borders between the cells, in points: count + 1 ascending positions.
    std::vector<std::size_t> borders(std::size_t count, const std::stop_token& stop = {}) {
        m_best.assign(m_runs + 1, 0.0);
        for (std::size_t end = 1; end <= m_runs; ++end)
            m_best[end] = cost(0, end);
        m_lastBorders.assign(count + 1, std::vector<std::uint32_t>(m_runs + 1, 0));
        for (std::size_t cells = 2; cells <= count; ++cells) {
            throwIfStopped(stop);
            m_previous = m_best;
            solve(cells, cells, m_runs, cells - 1, m_runs - 1);
        }
        std::vector<std::size_t> result(count + 1);
        std::size_t end = m_runs;
        for (std::size_t cells = count; cells > 0; --cells) {
            result[cells] = m_begins[end];
            end = m_lastBorders[cells][end];
        }
        return result;
    }

private:
    double cost(std::size_t beginRun, std::size_t endRun) const {
        return m_moments.cost(m_begins[beginRun], m_begins[endRun]);
    }

    // Fills m_best for ends in [firstEnd, lastEnd], whose last borders lie in [firstBorder,
    // lastBorder].
    void solve(std::size_t cells, std::size_t firstEnd, std::size_t lastEnd,
               std::size_t firstBorder, std::size_t lastBorder) {
        if (firstEnd > lastEnd) return;
        const std::size_t end = firstEnd + (lastEnd - firstEnd) / 2;
        double best = std::numeric_limits<double>::infinity();
        std::size_t bestBorder = firstBorder;
        for (std::size_t border = firstBorder; border <= std::min(lastBorder, end - 1); ++border) {
            const double candidate = m_previous[border] + cost(border, end);
            if (candidate < best) {
                best = candidate;
                bestBorder = border;
            }
        }
        m_best[end] = best;
        m_lastBorders[cells][end] = static_cast<std::uint32_t>(bestBorder);
        solve(cells, firstEnd, end - 1, firstBorder, bestBorder);
        solve(cells, end + 1, lastEnd, bestBorder, lastBorder);
    }

    const Moments& m_moments;
    const std::vector<std::size_t>& m_begins;
    std::size_t m_runs;
    std::vector<double> m_previous;
    std::vector<double> m_best;
    std::vector<std::vector<std::uint32_t>> m_lastBorders;
};

std::vector<std::size_t> nearestBorders(std::span<const WeightedPoint> points,
                                        const std::vector<double>& levels) {
    std::vector<std::size_t> borders(levels.size() + 1, 0);
    for (std::size_t k = 1; k < levels.size(); ++k) {
        const double threshold = (levels[k - 1] + levels[k]) / 2.0;
        const auto found = std::ranges::lower_bound(points, threshold, {}, &WeightedPoint::value);
        borders[k] = static_cast<std::size_t>(found - points.begin());
    }
    borders.back() = points.size();
    return borders;
}

double moveToCentroids(const Moments& moments, const std::vector<std::size_t>& borders,
                       std::vector<double>& levels) {
    double cost = 0.0;
    for (std::size_t k = 0; k < levels.size(); ++k) {
        if (moments.mass(borders[k], borders[k + 1]) <= 0.0) continue;
        levels[k] = moments.mean(borders[k], borders[k + 1]);
        cost += moments.cost(borders[k], borders[k + 1]);
    }
    return cost;
}

// Leaves out points without mass and joins those at the same place.
std::vector<WeightedPoint> distinctPoints(std::span<const WeightedPoint> points) {
    std::vector<WeightedPoint> distinct;
    for (const WeightedPoint& point : points) {
        if (point.mass <= 0.0) continue;
        if (!distinct.empty() && distinct.back().value == point.value) {
            distinct.back().mass += point.mass;
        } else {
            distinct.push_back(point);
        }
    }
    return distinct;
}

// The levels while there are no more points than levels: the points, the last one repeated.
std::vector<double> levelsOfFew(const std::vector<WeightedPoint>& points, std::size_t count) {
    std::vector<double> levels(count, points.empty() ? 0.0 : points.back().value);
    for (std::size_t k = 0; k < std::min(points.size(), count); ++k)
        levels[k] = points[k].value;
    return levels;
}

}  // namespace

std::vector<double> optimalLevels(std::span<const WeightedPoint> points, int count,
                                  const std::stop_token& stop) {
    const std::vector<WeightedPoint> massive = distinctPoints(points);
    const auto wanted = static_cast<std::size_t>(count);
    std::vector<double> levels = levelsOfFew(massive, wanted);
    if (massive.size() <= wanted) return levels;
    const Moments moments(massive);
    std::vector<std::size_t> begins(massive.size() + 1);
    std::iota(begins.begin(), begins.end(), std::size_t{0});
    moveToCentroids(moments, OptimalPartition(moments, begins).borders(wanted, stop), levels);
    std::ranges::sort(levels);
    return levels;
}

std::vector<double> lloydMaxLevels(std::span<const WeightedPoint> points, int count) {
    const std::vector<WeightedPoint> massive = distinctPoints(points);
    const auto wanted = static_cast<std::size_t>(count);
    std::vector<double> levels = levelsOfFew(massive, wanted);
    if (massive.size() <= wanted) return levels;
    const Moments moments(massive);
    const std::vector<std::size_t> begins = coarseRuns(massive);
    const std::size_t cells = std::min(wanted, begins.size() - 1);
    std::vector<std::size_t> borders = OptimalPartition(moments, begins).borders(cells);
    borders.resize(wanted + 1, massive.size());
    double cost = moveToCentroids(moments, borders, levels);
    for (int i = 0; i < maximumIterations; ++i) {
        borders = nearestBorders(massive, levels);
        const double next = moveToCentroids(moments, borders, levels);
        if (next >= cost * (1.0 - convergence)) break;
        cost = next;
    }
    // Means of neighbouring cells may change places by rounding.
    std::ranges::sort(levels);
    return levels;
}

}  // namespace quantscope
