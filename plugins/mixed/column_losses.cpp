// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/column_losses.h"

#include <algorithm>
#include <functional>

#include "core/base/parallel.h"
#include "core/tensor/weight_reader.h"

namespace quantscope::mixed {

namespace {

using Sums = std::vector<double>;

void addRows(const WeightReader& reader, const Decoder* decoder, Index first, Index count,
             Sums& sums) {
    std::vector<float> storage;
    const MatrixView rows = reader.read(first, count, storage);
    Matrix decoded(decoder != nullptr ? count : 0, rows.cols);
    if (decoder != nullptr) decoder->decode(first, decoded.span());
    for (Index r = 0; r < count; ++r) {
        for (Index c = 0; c < rows.cols; ++c) {
            const double value = decoder != nullptr ? decoded(r, c) : 0.0F;
            const double error = rows(r, c) - value;
            sums[static_cast<std::size_t>(c)] += error * error;
        }
    }
}

}  // namespace

std::vector<double> columnErrors(const TensorSource& weights, const Decoder* decoder,
                                 const std::stop_token& stop) {
    constexpr Index ranges = 32;
    constexpr Index leastWeights = Index{1} << 14;
    const Index rows = weights.rows();
    const auto cols = static_cast<std::size_t>(weights.cols());
    const WeightReader reader(weights, stop);
    const Index grain = std::max(leastWeights / weights.cols() + 1, (rows + ranges - 1) / ranges);
    return parallelReduce(
        rows, grain, stop, Sums(cols),
        [&](Index begin, Index end) {
            Sums sums(cols);
            for (Index first = begin; first < end; first += reader.rowsAtOnce()) {
                addRows(reader, decoder, first, std::min(reader.rowsAtOnce(), end - first), sums);
            }
            return sums;
        },
        [](Sums& total, const Sums& part) {
            std::ranges::transform(total, part, total.begin(), std::plus());
        });
}

std::vector<double> columnWeights(const SideInformation& side, Index cols) {
    if (side.hessian) return side.hessian->diagonal;
    return std::vector<double>(static_cast<std::size_t>(cols), 1.0);
}

SideInformation sideOfColumns(const SideInformation& side, const std::vector<Index>& columns) {
    if (!side.hessian) return {nullptr, side.codebooks};
    const Hessian& whole = *side.hessian;
    auto part = std::make_shared<Hessian>();
    part->size = static_cast<Index>(columns.size());
    part->source = whole.source;
    for (const Index i : columns) {
        part->diagonal.push_back(whole.diagonal[static_cast<std::size_t>(i)]);
        if (whole.full.empty()) continue;
        for (const Index j : columns) {
            part->full.push_back(whole.full[static_cast<std::size_t>(i * whole.size + j)]);
        }
    }
    return {std::move(part), side.codebooks};
}

}  // namespace quantscope::mixed
