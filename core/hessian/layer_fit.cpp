// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/layer_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/hessian/layer_loss.h"
#include "core/hessian/stoppable_product.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

using Coefficients = std::vector<double>;

// Rows of one product with H: enough to use it well, few enough to stop soon.
constexpr Index blockRows = 32;
// Each range of rows keeps sums for all coefficients, so there are few.
constexpr Index ranges = 16;

Index rangeRows(Index rows) {
    const Index each = (rows + ranges - 1) / ranges;
    return std::max<Index>(1, (each + blockRows - 1) / blockRows) * blockRows;
}

std::vector<Index> naturalOrder(Index size) {
    std::vector<Index> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), Index{0});
    return order;
}

/// The normal equations, and the loss.
class Equations {
public:
    Equations(const TensorSource& weights, const Hessian& hessian, double damping,
              const GridFit& fit, const std::stop_token& stop)
        : m_fit(fit),
          m_hessian(hessian),
          m_added(addedByDamping(hessian, damping)),
          m_damped(dampedHessian(hessian, damping, naturalOrder(hessian.size), stop)),
          m_reader(weights, stop),
          m_rows(weights.rows()),
          m_cols(weights.cols()),
          m_rowOf(fit.rowsOfCoefficients()),
          m_zero(fit.coefficients().size()) {}

    const std::vector<Index>& rowOf() const { return m_rowOf; }
    /// Of which each coefficient belongs to one.
    std::size_t problems() const { return m_rowOf.empty() ? 1 : static_cast<std::size_t>(m_rows); }
    std::size_t problemOf(std::size_t k) const {
        return m_rowOf.empty() ? 0 : static_cast<std::size_t>(m_rowOf[k]);
    }

    /// The layer loss of every row.
    std::vector<double> losses(const Coefficients& coefficients) const {
        std::vector<double> result(static_cast<std::size_t>(m_rows));
        forBlocks([&](Index first, Index count, std::span<double>) {
            const Matrix errors = errorsOf(coefficients, first, count);
            std::ranges::copy(layerLosses(m_hessian, m_added, errors.view(), m_reader.stop()),
                              result.begin() + first);
        });
        return result;
    }

    /// D^T (W - Q) H'
    Coefficients gradient(const Coefficients& coefficients) const {
        return forBlocks([&](Index first, Index count, std::span<double> sums) {
            const Matrix product = timesHessian(errorsOf(coefficients, first, count).view());
            m_fit.addTransposed(product.view(), first, sums);
        });
    }

    /// D^T D x H'; nothing for rows of which `active` says no.
    Coefficients applied(const Coefficients& direction, const std::vector<bool>& active) const {
        return forBlocks([&](Index first, Index count, std::span<double> sums) {
            if (!isActive(first, count, active)) return;
            const Matrix product = timesHessian(imageOf(direction, first, count).view());
            m_fit.addTransposed(product.view(), first, sums);
        });
    }

    /// Sums of the rows of D^T D diag(H').
    Coefficients diagonal() const {
        const Coefficients ones(m_zero.size(), 1.0);
        return forBlocks([&](Index first, Index count, std::span<double> sums) {
            Matrix image = imageOf(ones, first, count);
            for (Index r = 0; r < count; ++r) {
                for (Index c = 0; c < m_cols; ++c)
                    image(r, c) *= m_damped[static_cast<std::size_t>(c * (m_cols + 1))];
            }
            m_fit.addTransposed(image.view(), first, sums);
        });
    }

private:
    // Sums of ranges are added in their order; where rows share nothing there is one vector.
    template <typename Body>
    Coefficients forBlocks(const Body& body) const {
        Coefficients common(m_rowOf.empty() ? 0 : m_zero.size());
        const auto inRange = [&](Index begin, Index end) {
            Coefficients own(m_rowOf.empty() ? m_zero.size() : 0);
            for (Index first = begin; first < end; first += blockRows) {
                throwIfStopped(m_reader.stop());
                body(first, std::min(blockRows, end - first),
                     std::span(m_rowOf.empty() ? own : common));
            }
            return own;
        };
        Coefficients sum =
            parallelReduce(m_rows, m_rowOf.empty() ? rangeRows(m_rows) : blockRows, m_reader.stop(),
                           Coefficients(m_rowOf.empty() ? m_zero.size() : 0), inRange,
                           [](Coefficients& total, const Coefficients& part) {
                               std::ranges::transform(total, part, total.begin(), std::plus());
                           });
        return m_rowOf.empty() ? sum : common;
    }

    bool isActive(Index first, Index count, const std::vector<bool>& active) const {
        if (m_rowOf.empty()) return active.front();
        const auto begin = active.begin() + first;
        return std::find(begin, begin + count, true) != begin + count;
    }

    Matrix errorsOf(const Coefficients& coefficients, Index first, Index count) const {
        std::vector<float> storage;
        const MatrixView weights = m_reader.read(first, count, storage);
        Matrix errors(count, m_cols);
        m_fit.decode(coefficients, first, errors.span());
        for (Index r = 0; r < count; ++r) {
            std::ranges::transform(weights.row(r), errors.view().row(r),
                                   errors.span().row(r).begin(), std::minus());
        }
        return errors;
    }

    // D x, without what does not depend on coefficients.
    Matrix imageOf(const Coefficients& direction, Index first, Index count) const {
        Matrix image(count, m_cols);
        Matrix fixed(count, m_cols);
        m_fit.decode(direction, first, image.span());
        m_fit.decode(m_zero, first, fixed.span());
        for (Index i = 0; i < image.view().size(); ++i)
            image.data()[i] -= fixed.data()[i];
        return image;
    }

    Matrix timesHessian(MatrixView rows) const {
        Matrix product(rows.rows, m_cols);
        addProductUntilStopped<float>(1.0F, strided(rows),
                                      {m_damped.data(), m_cols, m_cols, m_cols, 1}, product.data(),
                                      m_cols, m_reader.stop());
        return product;
    }

    const GridFit& m_fit;
    const Hessian& m_hessian;
    double m_added;
    std::vector<float> m_damped;
    WeightReader m_reader;
    Index m_rows;
    Index m_cols;
    std::vector<Index> m_rowOf;
    Coefficients m_zero;
};

/// Conjugate gradients of all problems side by side.
class ConjugateGradients {
public:
    ConjugateGradients(const Equations& equations, Coefficients gradient, double tolerance)
        : m_equations(equations),
          m_tolerance(tolerance),
          m_residual(std::move(gradient)),
          m_scale(equations.diagonal()),
          m_solution(m_residual.size()),
          m_active(equations.problems(), true) {
        checkScale();
        // Coefficients that no code refers to have no gradient either.
        for (double& value : m_scale)
            value = value > 0.0 ? 1.0 / value : 0.0;
        m_direction = preconditioned();
        m_norms = products(m_residual, m_direction);
        m_firstNorms = m_norms;
        retire();
    }

    bool isDone() const { return std::ranges::none_of(m_active, std::identity()); }
    const Coefficients& solution() const { return m_solution; }

    void step() {
        const Coefficients image = m_equations.applied(m_direction, m_active);
        const std::vector<double> curvatures = products(m_direction, image);
        for (std::size_t k = 0; k < m_solution.size(); ++k) {
            const std::size_t p = m_equations.problemOf(k);
            // Rounding errors can hide what curvature is left.
            if (!m_active[p] || !(curvatures[p] > 0.0)) continue;
            const double length = m_norms[p] / curvatures[p];
            m_solution[k] += length * m_direction[k];
            m_residual[k] -= length * image[k];
        }
        const Coefficients next = preconditioned();
        const std::vector<double> norms = products(m_residual, next);
        for (std::size_t k = 0; k < next.size(); ++k) {
            const std::size_t p = m_equations.problemOf(k);
            m_direction[k] =
                m_norms[p] > 0.0 ? next[k] + norms[p] / m_norms[p] * m_direction[k] : 0.0;
        }
        for (std::size_t p = 0; p < norms.size(); ++p) {
            if (!(curvatures[p] > 0.0)) m_active[p] = false;
        }
        m_norms = norms;
        retire();
    }

private:
    // As GridFit asks of D; what is hardly below 0 are rounding errors.
    void checkScale() const {
        constexpr double roundingErrors = 1e-5;
        double largest = 0.0;
        for (const double value : m_scale)
            largest = std::max(largest, std::abs(value));
        const auto isBad = [&](double value) { return !(value >= -roundingErrors * largest); };
        if (std::ranges::none_of(m_scale, isBad)) return;
        throw Error(
            "The coefficients of this grid cannot be fitted to the layer loss: what a value "
            "has of two of them has different signs, or is no number.",
            "This is an error of the base method's plugin. Choose rounds=0, or another "
            "base.");
    }

    Coefficients preconditioned() const {
        Coefficients result = m_residual;
        std::ranges::transform(result, m_scale, result.begin(), std::multiplies());
        return result;
    }

    std::vector<double> products(const Coefficients& a, const Coefficients& b) const {
        std::vector<double> sums(m_equations.problems());
        for (std::size_t k = 0; k < a.size(); ++k)
            sums[m_equations.problemOf(k)] += a[k] * b[k];
        return sums;
    }

    void retire() {
        for (std::size_t p = 0; p < m_norms.size(); ++p) {
            if (!(m_norms[p] > m_tolerance * m_tolerance * m_firstNorms[p])) m_active[p] = false;
        }
        for (std::size_t k = 0; k < m_direction.size(); ++k) {
            if (!m_active[m_equations.problemOf(k)]) m_direction[k] = 0.0;
        }
    }

    const Equations& m_equations;
    double m_tolerance;
    Coefficients m_residual;
    Coefficients m_scale;
    Coefficients m_solution;
    Coefficients m_direction;
    std::vector<bool> m_active;   ///< By problem, as the following.
    std::vector<double> m_norms;  ///< Of the residual, preconditioned.
    std::vector<double> m_firstNorms;
};

double sumOf(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

// Stores `next` in the rows where that lowers the loss; returns the losses then.
std::vector<double> storeWhereBetter(const Equations& equations, const Coefficients& present,
                                     Coefficients next, const std::vector<double>& before,
                                     GridFit& fit) {
    fit.store(next);
    std::vector<double> after = equations.losses(fit.coefficients());
    if (equations.rowOf().empty()) return after;
    bool isMixed = false;
    for (std::size_t k = 0; k < next.size(); ++k) {
        const std::size_t row = equations.problemOf(k);
        if (after[row] < before[row]) continue;
        next[k] = present[k];
        isMixed = true;
    }
    if (!isMixed) return after;
    fit.store(next);
    return equations.losses(fit.coefficients());
}

}  // namespace

LayerFitResult fitToLayerLoss(const TensorSource& weights, const Hessian& hessian, double damping,
                              GridFit& fit, const LayerFitOptions& options,
                              const RunContext& context) {
    constexpr const char* phase = "fitting scales and codewords";
    const Equations equations(weights, hessian, damping, fit, context.stop());
    const Coefficients present = fit.coefficients();
    const std::vector<double> before = equations.losses(present);
    LayerFitResult result;
    result.before = result.after = sumOf(before);
    ConjugateGradients solver(equations, equations.gradient(present), options.tolerance);
    while (!solver.isDone() && result.iterations < options.iterations) {
        solver.step();
        ++result.iterations;
        context.progress(static_cast<double>(result.iterations) / (options.iterations + 2), phase);
    }
    Coefficients next = present;
    std::ranges::transform(next, solver.solution(), next.begin(), std::plus());
    try {
        const double after = sumOf(storeWhereBetter(equations, present, next, before, fit));
        if (after < result.before) {
            result.after = after;
        } else {
            fit.store(present);
        }
    } catch (...) {
        fit.store(present);
        throw;
    }
    context.progress(1.0, phase);
    return result;
}

}  // namespace quantscope
