// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/activation_hessian.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/product.h"

namespace quantscope {

namespace {

// Rows of the sum that one thread adds to.
constexpr Index stripChannels = 48;

std::vector<double> inDouble(MatrixView inputs) {
    std::vector<double> values(static_cast<std::size_t>(inputs.size()));
    for (Index r = 0; r < inputs.rows; ++r)
        std::ranges::copy(inputs.row(r), values.begin() + r * inputs.cols);
    return values;
}

}  // namespace

InputProducts::InputProducts(Index channels)
    : m_channels(channels), m_sums(static_cast<std::size_t>(channels * channels)) {}

void InputProducts::add(MatrixView inputs, const std::stop_token& stop) {
    const std::vector<double> values = inDouble(inputs);
    // The sum is symmetric: a strip needs the columns from its own first on.
    parallelFor(m_channels, stripChannels, stop, [&](Index begin, Index end) {
        const StridedView<double> rest{values.data() + begin, inputs.rows, m_channels - begin,
                                       m_channels, 1};
        const StridedView<double> strip{rest.data, inputs.rows, end - begin, m_channels, 1};
        addProduct(1.0, strip.transposed(), rest, m_sums.data() + begin * (m_channels + 1),
                   m_channels);
    });
}

std::vector<double> InputProducts::finish(double factor) {
    const auto at = [this](Index r, Index c) -> double& {
        return m_sums[static_cast<std::size_t>(r * m_channels + c)];
    };
    for (Index r = 0; r < m_channels; ++r) {
        for (Index c = r; c < m_channels; ++c) {
            at(r, c) *= factor;
            at(c, r) = at(r, c);
        }
    }
    return std::move(m_sums);
}

CrossProducts::CrossProducts(Index channels)
    : m_channels(channels), m_sums(static_cast<std::size_t>(channels * channels)) {}

void CrossProducts::add(MatrixView x, MatrixView y, const std::stop_token& stop) {
    const std::vector<double> left = inDouble(x);
    const std::vector<double> right = inDouble(y);
    parallelFor(m_channels, stripChannels, stop, [&](Index begin, Index end) {
        const StridedView<double> strip{left.data() + begin, x.rows, end - begin, m_channels, 1};
        const StridedView<double> all{right.data(), y.rows, m_channels, m_channels, 1};
        addProduct(1.0, strip.transposed(), all, m_sums.data() + begin * m_channels, m_channels);
    });
}

std::vector<double> CrossProducts::finish(double factor) {
    for (double& sum : m_sums)
        sum *= factor;
    return std::move(m_sums);
}

std::vector<double> hessianOfActivations(const TensorSource& activations,
                                         const std::stop_token& stop) {
    const Index count = activations.rows();
    if (count == 0) throw Error("There are no activations to make a Hessian from (0 rows).");
    InputProducts products(activations.cols());
    const Index step = blockRows(activations.cols());
    Matrix block(std::min(step, count), activations.cols());
    for (Index first = 0; first < count; first += step) {
        const MatrixSpan rows = block.span().middleRows(0, std::min(step, count - first));
        activations.read(first, rows, stop);
        products.add(rows, stop);
    }
    return products.finish(1.0 / static_cast<double>(count));
}

}  // namespace quantscope
