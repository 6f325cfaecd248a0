// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/centroid_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "core/base/parallel.h"

namespace quantscope {
namespace {

class Bisection {
public:
    Bisection(MatrixView points, Index groupSize, const std::stop_token& stop)
        : m_points(points),
          m_groupSize(static_cast<std::size_t>(groupSize)),
          m_stop(stop),
          m_projections(static_cast<std::size_t>(points.rows)) {}

    void split(std::span<std::uint32_t> points) {
        if (points.size() <= m_groupSize) return;
        throwIfStopped(m_stop);
        project(points);
        std::ranges::sort(points, [this](std::uint32_t a, std::uint32_t b) {
            return m_projections[a] != m_projections[b] ? m_projections[a] < m_projections[b]
                                                        : a < b;
        });
        const std::size_t groups = (points.size() + m_groupSize - 1) / m_groupSize;
        const std::size_t half = groups / 2 * m_groupSize;
        split(points.first(half));
        split(points.subspan(half));
    }

private:
    std::span<const float> values(std::uint32_t point) const {
        return m_points.row(static_cast<Index>(point));
    }

    std::vector<float> meanOf(std::span<const std::uint32_t> points) const {
        std::vector<float> mean(static_cast<std::size_t>(m_points.cols));
        for (const std::uint32_t point : points) {
            for (std::size_t j = 0; j < mean.size(); ++j)
                mean[j] += values(point)[j] / static_cast<float>(points.size());
        }
        return mean;
    }

    static float along(std::span<const float> x, const std::vector<float>& mean,
                       const std::vector<float>& axis) {
        float sum = 0.0F;
        for (std::size_t j = 0; j < axis.size(); ++j)
            sum += (x[j] - mean[j]) * axis[j];
        return sum;
    }

    // Positions along the main axis, which a few steps of power iteration find well enough.
    void project(std::span<const std::uint32_t> points) {
        constexpr int steps = 3;
        const std::vector<float> mean = meanOf(points);
        std::vector<float> axis = farthestOffset(points, mean);
        for (int step = 0; step < steps; ++step) {
            std::vector<float> next(axis.size());
            for (const std::uint32_t point : points) {
                const float weight = along(values(point), mean, axis);
                for (std::size_t j = 0; j < next.size(); ++j)
                    next[j] += weight * (values(point)[j] - mean[j]);
            }
            const float length =
                std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0F));
            if (!(length > 0.0F) || !std::isfinite(length)) break;
            std::ranges::transform(next, axis.begin(), [&](float part) { return part / length; });
        }
        for (const std::uint32_t point : points)
            m_projections[point] = along(values(point), mean, axis);
    }

    std::vector<float> farthestOffset(std::span<const std::uint32_t> points,
                                      const std::vector<float>& mean) const {
        std::vector<float> farthest(mean.size());
        float distance = -1.0F;
        for (const std::uint32_t point : points) {
            std::vector<float> offset(mean.size());
            std::ranges::transform(values(point), mean, offset.begin(), std::minus());
            const float squared =
                std::inner_product(offset.begin(), offset.end(), offset.begin(), 0.0F);
            if (squared <= distance) continue;
            distance = squared;
            farthest = std::move(offset);
        }
        return farthest;
    }

    MatrixView m_points;
    std::size_t m_groupSize;
    const std::stop_token& m_stop;
    std::vector<float> m_projections;
};

}  // namespace

std::vector<std::uint32_t> groupedOrder(MatrixView points, Index groupSize,
                                        const std::stop_token& stop) {
    std::vector<std::uint32_t> order(static_cast<std::size_t>(points.rows));
    std::iota(order.begin(), order.end(), 0U);
    Bisection(points, groupSize, stop).split(order);
    return order;
}

}  // namespace quantscope
