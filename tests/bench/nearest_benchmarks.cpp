// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>
#include <vector>

#include "compared_rounds.h"
#include "core/base/random.h"
#include "core/kernels/nearest.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

// The first rows of a data set cut into vectors of `dim` components.
MatrixView vectorsOf(DataSet set, Index dim) {
    constexpr Index mostFloats = 12'800'000;
    const Matrix& data = dataSet(set);
    return {data.data(), std::min(mostFloats, data.view().size()) / dim, dim};
}

Matrix drawRows(MatrixView x, Index count) {
    Random random(17);
    Matrix rows(count, x.cols);
    for (Index k = 0; k < count; ++k) {
        std::ranges::copy(x.row(random.below(x.rows)), rows.span().row(k).begin());
    }
    return rows;
}

// range(0): codewords, range(1): components.
void assignToNearest(benchmark::State& state) {
    const MatrixView x = vectorsOf(DataSet::Clustered, state.range(1));
    const CodewordPanels codewords(drawRows(x, state.range(0)).view());
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(x.rows));
    const double multiplyAdds = static_cast<double>(x.size() * codewords.count());
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        rounds.measure(2e-9 * multiplyAdds, [&] { assignRows(codewords, x, codes, {}); });
    });
}
BENCHMARK(assignToNearest)
    ->ArgNames({"k", "d"})
    ->ArgsProduct({{256, 1024, 4096}, {128}})
    ->ArgsProduct({{256}, {2, 4, 8, 16, 32}})
    ->Iterations(roundCount)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// The best `width` pairs of `width` rows and 256 codewords, as a beam needs them. range(0): width,
// range(1): components.
void nearestPairsOfBeam(benchmark::State& state) {
    constexpr Index mostRows = 50'000;
    const Index width = state.range(0);
    const MatrixView all = vectorsOf(DataSet::Clustered, state.range(1));
    const MatrixView x = all.middleRows(0, std::min(mostRows, all.rows));
    const CodewordPanels codewords(drawRows(x, 256).view());
    const Index rows = x.rows / width * width;
    std::vector<CodewordMatch> best(static_cast<std::size_t>(rows));
    const double multiplyAdds = static_cast<double>(rows * x.cols * codewords.count());
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        rounds.measure(2e-9 * multiplyAdds,
                       [&] { codewords.nearestPairs(x.middleRows(0, rows), width, best); });
    });
}
BENCHMARK(nearestPairsOfBeam)
    ->ArgNames({"width", "d"})
    ->ArgsProduct({{5, 16}, {8, 128}})
    ->Iterations(roundCount)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quantscope::bench
