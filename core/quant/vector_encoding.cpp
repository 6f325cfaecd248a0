// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/vector_encoding.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/parallel.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {
namespace {

// Fills the registers of a search for nearest codewords (core/kernels/panels.h), and codes of so
// many vectors end on a whole byte, whatever their width.
constexpr Index granule = 32;

// Blocks that fit the caches and take a few milliseconds, so that cancelling is prompt.
Index vectorsAtOnce(const VectorEncoding& encoding) {
    constexpr double blockMultiplyAdds = 0x1.0p25;
    constexpr Index blockFloats = Index{1} << 15;
    constexpr Index most = 1024;
    const double byWork = blockMultiplyAdds / encoding.multiplyAddsPerVector;
    const Index bySize = blockFloats / encoding.layout.dim;
    const Index wanted = std::min(static_cast<Index>(std::min<double>(byWork, most)), bySize);
    return std::max(wanted / granule * granule, granule);
}

}  // namespace

EncodedVectors encodeVectors(const TensorSource& weights, const VectorEncoding& encoding,
                             const std::string& sectionName, const RunContext& context) {
    using Sums = std::vector<double>;
    const auto add = [](Sums& total, const Sums& part) {
        std::ranges::transform(total, part, total.begin(), std::plus());
    };
    const RowVectors& layout = encoding.layout;
    const CodeWidths& widths = encoding.widths;
    Section section{sectionName, RatePart::Codes, widths.bitCount(layout.count()),
                    std::vector<std::uint8_t>(widths.byteCount(layout.count()))};
    const WeightReader reader(weights, context.stop());
    const Index rowsAtOnce = (reader.rowsAtOnce() + granule - 1) / granule * granule;
    ProgressCounter progress(context, static_cast<double>(layout.count()), "encoding");
    const auto encodeBlock = [&](MatrixView rows, Index firstRow, Index begin, Index end) {
        Matrix vectors(end - begin, layout.dim);
        layout.cut(rows, begin, encoding.exponent, vectors.span());
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(vectors.rows() * widths.codes()));
        const Index firstVector = firstRow * layout.perRow() + begin;
        encoding.encode(firstVector, vectors.view(), codes);
        widths.packAt(section.bytes, firstVector, codes);
        Sums sums(encoding.sumCount);
        if (encoding.measure) encoding.measure(firstVector, vectors.view(), codes, sums);
        progress.add(static_cast<double>(end - begin));
        return sums;
    };
    Sums sums = parallelReduce(
        weights.rows(), rowsAtOnce, context.stop(), Sums(encoding.sumCount),
        [&](Index firstRow, Index endRow) {
            std::vector<float> storage;
            const MatrixView rows = reader.read(firstRow, endRow - firstRow, storage);
            const Index vectorCount = rows.rows * layout.perRow();
            return parallelReduce(
                vectorCount, vectorsAtOnce(encoding), context.stop(), Sums(encoding.sumCount),
                [&](Index begin, Index end) { return encodeBlock(rows, firstRow, begin, end); },
                add);
        },
        add);
    return {std::move(section), std::move(sums)};
}

}  // namespace quantscope
