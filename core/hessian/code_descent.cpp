// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/code_descent.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include "core/base/parallel.h"
#include "core/hessian/cholesky.h"
#include "core/hessian/layer_loss.h"
#include "core/hessian/stoppable_product.h"
#include "core/kernels/product.h"

namespace quantscope {

namespace {

// Changes of so many channels reach all others as one product.
constexpr Index stripColumns = 24;

void addScaled(float factor, std::span<const float> x, std::span<float> y) {
    for (std::size_t i = 0; i < x.size(); ++i)
        y[i] += factor * x[i];
}

// From the lower triangle of L with A = L L^T, column by column.
Matrix inverseFrom(std::span<const double> lower, Index size, const std::stop_token& stop) {
    const auto at = [&](Index i, Index j) { return lower[static_cast<std::size_t>(i * size + j)]; };
    Matrix inverse(size, size);
    std::vector<double> x(static_cast<std::size_t>(size));
    for (Index column = 0; column < size; ++column) {
        throwIfStopped(stop);
        std::ranges::fill(x, 0.0);
        x[static_cast<std::size_t>(column)] = 1.0;
        for (Index i = column; i < size; ++i) {
            double& value = x[static_cast<std::size_t>(i)];
            for (Index k = column; k < i; ++k)
                value -= at(i, k) * x[static_cast<std::size_t>(k)];
            value /= at(i, i);
        }
        for (Index i = size - 1; i >= 0; --i) {
            double& value = x[static_cast<std::size_t>(i)];
            for (Index k = i + 1; k < size; ++k)
                value -= at(k, i) * x[static_cast<std::size_t>(k)];
            value /= at(i, i);
            inverse(i, column) = static_cast<float>(value);
        }
    }
    return inverse;
}

}  // namespace

DescentLayer::DescentLayer(const Hessian& hessian, const FeedbackFactor& factor,
                           Index channelsPerCode, const std::stop_token& stop)
    : m_size(factor.size),
      m_step(channelsPerCode),
      m_order(factor.order),
      m_hessian(dampedHessian(hessian, factor.damping, factor.order, stop)) {
    for (Index j = 0; j < m_size; ++j) {
        // A dead channel costs nothing, whatever it is rounded to.
        float& diagonal = m_hessian[static_cast<std::size_t>(j * (m_size + 1))];
        if (!(diagonal > 0.0F)) diagonal = 1.0F;
    }
    for (Index first = 0; m_step > 1 && first < m_size; first += m_step)
        addBlock(first, stop);
}

void DescentLayer::addBlock(Index first, const std::stop_token& stop) {
    const Index count = std::min(m_step, m_size - first);
    std::vector<double> block;
    double bound = 0.0;
    for (Index i = 0; i < count; ++i) {
        const float* values = row(first + i) + first;
        block.insert(block.end(), values, values + count);
        double sum = 0.0;
        for (Index j = 0; j < count; ++j)
            sum += std::abs(static_cast<double>(values[j]));
        bound = std::max(bound, sum);
    }
    m_bounds.push_back(static_cast<float>(bound));
    if (choleskyInPlace(block, count, 0.0, stop)) {
        m_inverses.push_back(inverseFrom(block, count, stop));
        Matrix& factor = m_factors.emplace_back(count, count);
        for (Index i = 0; i < count; ++i) {
            for (Index j = 0; j <= i; ++j)
                factor(i, j) = static_cast<float>(block[static_cast<std::size_t>(i * count + j)]);
        }
        return;
    }
    // Channels that follow from each other: the step that is safe is all there is.
    Matrix safe(count, count);
    Matrix unit(count, count);
    for (Index i = 0; i < count; ++i) {
        safe(i, i) = static_cast<float>(1.0 / bound);
        unit(i, i) = 1.0F;
    }
    m_inverses.push_back(std::move(safe));
    m_factors.push_back(std::move(unit));
}

double CodeDescent::run(int passes, const std::stop_token& stop) {
    const Index size = m_layer.size();
    m_gain = 0.0;
    m_gradient = Matrix(size, m_errors.cols);
    addProductUntilStopped<float>(1.0F, {m_layer.row(0), size, size, size, 1}, strided(m_errors),
                                  m_gradient.data(), m_errors.cols, stop);
    const Index step = m_layer.step();
    const Index width = std::max(step, stripColumns / step * step);
    m_hasMetric = step == 1;
    int idle = 0;
    // Without the metric codes stay where they are when neither aim moves them.
    for (int pass = 0; pass < passes && idle < (m_hasMetric ? 1 : 2); ++pass) {
        bool moved = false;
        for (Index first = 0; first < size; first += width) {
            throwIfStopped(stop);
            const Aim aim = m_hasMetric || pass % 2 == 0 ? Aim::Optimum : Aim::Bounded;
            if (runStrip(first, std::min(width, size - first), aim)) moved = true;
        }
        idle = moved ? 0 : idle + 1;
    }
    return m_gain;
}

bool CodeDescent::runStrip(Index first, Index count, Aim aim) {
    const Index step = m_layer.step();
    Matrix change(count, m_errors.cols);
    bool moved = false;
    for (Index j = first; j < first + count; j += step) {
        const Index channels = std::min(step, first + count - j);
        chooseBlock(j, channels, aim, change.span().middleRows(j - first, channels));
        for (Index i = j; i < j + channels; ++i) {
            const std::span<const float> own = change.view().row(i - first);
            if (std::ranges::all_of(own, [](float value) { return value == 0.0F; })) continue;
            moved = true;
            for (Index k = first; k < first + count; ++k)
                addScaled(m_layer.row(i)[k], own, m_gradient.span().row(k));
        }
    }
    if (!moved) return false;
    const Index size = m_layer.size();
    for (const auto& [from, to] : {std::pair{Index{0}, first}, {first + count, size}}) {
        if (from == to) continue;
        addProduct(1.0F, {m_layer.row(from) + first, to - from, count, size, 1},
                   strided(change.view()), m_gradient.span().row(from).data(), m_errors.cols);
    }
    return true;
}

void CodeDescent::chooseBlock(Index first, Index count, Aim aim, MatrixSpan change) {
    Matrix target(count, m_errors.cols);
    Matrix rounded(count, m_errors.cols);
    for (Index i = 0; i < count; ++i) {
        const std::span<float> aimed = target.span().row(i);
        std::ranges::transform(m_weights.row(first + i), MatrixView(m_errors).row(first + i),
                               aimed.begin(), std::minus());
        if (m_layer.step() == 1) {
            addScaled(1.0F / m_layer.row(first)[first], m_gradient.view().row(first), aimed);
        } else if (aim == Aim::Bounded) {
            addScaled(1.0F / m_layer.bound(first), m_gradient.view().row(first + i), aimed);
        } else {
            for (Index k = 0; k < count; ++k)
                addScaled(m_layer.inverse(first)(i, k), m_gradient.view().row(first + k), aimed);
        }
    }
    if (m_layer.step() > 1 && aim == Aim::Optimum) {
        m_hasMetric = m_grid.roundInMetric(m_layer.channel(first), target.view(),
                                           m_layer.factor(first).view(), rounded.span());
    } else {
        m_grid.round(m_layer.channel(first), target.view(), rounded.span());
    }
    for (Index i = 0; i < count; ++i) {
        for (Index r = 0; r < m_errors.cols; ++r)
            change(i, r) = m_weights(first + i, r) - rounded(i, r) - m_errors(first + i, r);
    }
    keepWhereBetter(first, change);
    for (Index i = 0; i < count; ++i)
        addScaled(1.0F, MatrixView(change).row(i), m_errors.row(first + i));
}

// A change d of the errors of a code changes the loss of its row by 2 d . (E H')_B + d H'_BB d^T.
void CodeDescent::keepWhereBetter(Index first, MatrixSpan change) {
    std::vector<std::uint8_t> worse(static_cast<std::size_t>(change.cols));
    for (Index r = 0; r < change.cols; ++r) {
        double difference = 0.0;
        bool moved = false;
        for (Index i = 0; i < change.rows; ++i) {
            const auto own = static_cast<double>(change(i, r));
            if (own == 0.0) continue;
            moved = true;
            double product = 2.0 * static_cast<double>(m_gradient(first + i, r));
            for (Index k = 0; k < change.rows; ++k) {
                product += static_cast<double>(m_layer.row(first + i)[first + k]) *
                           static_cast<double>(change(k, r));
            }
            difference += own * product;
        }
        // Codes of one channel move to what is best, or stay.
        if (m_layer.step() == 1 || difference < 0.0) {
            m_gain -= difference;
        } else if (moved) {
            worse[static_cast<std::size_t>(r)] = 1;
            for (Index i = 0; i < change.rows; ++i)
                change(i, r) = 0.0F;
        }
    }
    if (std::ranges::find(worse, 1) != worse.end()) m_grid.takeBack(m_layer.channel(first), worse);
}

}  // namespace quantscope
