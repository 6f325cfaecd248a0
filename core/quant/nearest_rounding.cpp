// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/nearest_rounding.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

// Enough for vector searches to be worth their start, few enough for many threads.
constexpr Index rowsAtLeast = 64;

}  // namespace

void roundToNearest(const TensorSource& weights, CodeGrid& grid, const RunContext& context) {
    const Index granule = grid.rowGranule();
    const Index piece = (rowsAtLeast + granule - 1) / granule * granule;
    const Index step = grid.columnsPerCode();
    const WeightReader reader(weights, context.stop());
    ProgressCounter progress(context, static_cast<double>(weights.rows()), "encoding");
    parallelFor(weights.rows(), piece, context.stop(), [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        const std::unique_ptr<GridRows> chosen = grid.rows(begin, rows.rows);
        Matrix channels(step, rows.rows);
        Matrix rounded(step, rows.rows);
        for (Index first = 0; first < rows.cols; first += step) {
            throwIfStopped(context.stop());
            const Index count = std::min(step, rows.cols - first);
            for (Index i = 0; i < count; ++i) {
                for (Index r = 0; r < rows.rows; ++r)
                    channels(i, r) = rows(r, first + i);
            }
            chosen->round(first, channels.view().middleRows(0, count),
                          rounded.span().middleRows(0, count));
        }
        chosen->commit();
        progress.add(static_cast<double>(end - begin));
    });
}

}  // namespace quantscope
