// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/activation_hessian.h"

#include <Eigen/Core>
#include <algorithm>

#include "core/base/error.h"
#include "core/base/parallel.h"

namespace quantscope {

namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Channels whose rows of H one thread computes at a time.
constexpr Index stripChannels = 64;

}  // namespace

std::vector<double> hessianOfActivations(const TensorSource& activations,
                                         const std::stop_token& stop) {
    const Index count = activations.rows();
    const Index channels = activations.cols();
    if (count == 0) throw Error("There are no activations to make a Hessian from (0 rows).");
    std::vector<double> values(static_cast<std::size_t>(channels * channels));
    Eigen::Map<RowMajor> hessian(values.data(), channels, channels);
    const Index step = blockRows(channels);
    Matrix block(std::min(step, count), channels);
    for (Index first = 0; first < count; first += step) {
        const Index rows = std::min(step, count - first);
        activations.read(first, block.span().middleRows(0, rows), stop);
        const RowMajor inputs =
            Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
                block.data(), rows, channels)
                .cast<double>();
        parallelFor(channels, stripChannels, stop, [&](Index begin, Index end) {
            hessian.middleRows(begin, end - begin).noalias() +=
                inputs.middleCols(begin, end - begin).transpose() * inputs;
        });
    }
    hessian /= static_cast<double>(count);
    // Strips round differently on either side of the diagonal.
    hessian.triangularView<Eigen::StrictlyLower>() = hessian.transpose();
    return values;
}

}  // namespace quantscope
