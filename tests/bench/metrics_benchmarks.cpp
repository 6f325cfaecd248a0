// SPDX-License-Identifier: GPL-3.0-or-later
// What judging a result costs, and making the Hessians that it is judged with.
#include "compared_rounds.h"
#include "core/base/random.h"
#include "core/hessian/activation_hessian.h"
#include "core/hessian/hessian_form.h"
#include "core/metrics/recall.h"
#include "synthetic_data.h"
#include "tests/core/stored_method.h"

namespace quantscope::bench {
namespace {

Matrix gaussianRows(Index rows, Index cols) {
    Matrix values(rows, cols);
    Random random(7);
    for (Index i = 0; i < rows * cols; ++i)
        values.data()[i] = static_cast<float>(random.normal());
    return values;
}

// range(0): channels. Rates count the products of the upper half of H once, as if nothing else were
// computed.
void makeHessian(benchmark::State& state) {
    const Index channels = state.range(0);
    const Index count = 4096;
    const Matrix inputs = gaussianRows(count, channels);
    const double amount = 1e-9 * static_cast<double>(count * channels * channels);
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        rounds.measure(amount, [&] {
            benchmark::DoNotOptimize(hessianOfActivations(ViewSource(inputs.view()), {}));
        });
    });
}
BENCHMARK(makeHessian)
    ->ArgName("channels")
    ->Arg(512)
    ->Arg(2048)
    ->Iterations(roundCount)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// range(0): channels. The same count, for 2,048 rows in blocks as trials are measured.
void weighErrors(benchmark::State& state) {
    const Index channels = state.range(0);
    const Index count = 2048;
    const Matrix errors = gaussianRows(count, channels);
    const auto hessian = std::make_shared<Hessian>();
    hessian->size = channels;
    hessian->full = hessianOfActivations(ViewSource(gaussianRows(64, channels).view()), {});
    for (Index i = 0; i < channels; ++i)
        hessian->diagonal.push_back(hessian->full[static_cast<std::size_t>(i * (channels + 1))]);
    const HessianForm form(hessian, channels);
    const double amount = 1e-9 * static_cast<double>(count * channels * channels);
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        rounds.measure(amount, [&] {
            for (Index row = 0; row < count; row += form.preferredRows()) {
                benchmark::DoNotOptimize(
                    form.of(errors.view().middleRows(row, form.preferredRows())));
            }
        });
    });
}
BENCHMARK(weighErrors)
    ->ArgName("channels")
    ->Arg(512)
    ->Arg(2048)
    ->Iterations(roundCount)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// 1,000 queries among 100,000 rows of 128, the ten nearest.
void searchNeighbors(benchmark::State& state) {
    const Matrix& base = dataSet(DataSet::Clustered);
    const QuantizedTensor tensor = test::StoredMethod::tensor(base.view());
    const MatrixView queries = base.view().middleRows(0, 1000);
    const std::vector<std::int64_t> truth(10 * static_cast<std::size_t>(queries.rows));
    const double amount = 2e-9 * static_cast<double>(queries.size() * base.rows());
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        rounds.measure(amount, [&] {
            benchmark::DoNotOptimize(recallAt(tensor, queries, truth, 10, 10, RunContext()));
        });
    });
}
BENCHMARK(searchNeighbors)->Iterations(roundCount)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quantscope::bench
