// SPDX-License-Identifier: GPL-3.0-or-later
#include "compared_rounds.h"
#include "core/kernels/kmeans.h"
#include "faiss_peer.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

constexpr int iterations = 25;

double billionOperations(MatrixView x, Index count) {
    return 2e-9 * static_cast<double>(x.size() * count) * iterations;
}

double energyPerRow(MatrixView x) {
    double sum = 0.0;
    for (Index i = 0; i < x.size(); ++i)
        sum += static_cast<double>(x.data[i]) * static_cast<double>(x.data[i]);
    return sum / static_cast<double>(x.rows);
}

// All 25 iterations with seeding; GFLOP/s as if every distance of every iteration were computed.
// range(0): data set, range(1): centroids.
void trainKMeans(benchmark::State& state) {
    const auto set = static_cast<DataSet>(state.range(0));
    const MatrixView x = dataSet(set).view();
    const KMeansParameters parameters{
        .count = state.range(1), .iterations = iterations, .relativeGain = 0.0};
    std::vector<double> errors;
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        KMeansResult result;
        const RunContext context(errors.size() + 1);
        rounds.measure(billionOperations(x, parameters.count),
                       [&] { result = kMeans(x, parameters, context); });
        errors.push_back(result.objectives.back() / energyPerRow(x));
    });
    state.counters["nmse"] = median(errors);
    state.SetLabel(nameOf(set));
}
BENCHMARK(trainKMeans)
    ->ArgNames({"set", "k"})
    ->Args({0, 256})
    ->Args({0, 1024})
    ->Args({0, 4096})
    ->Args({1, 1024})
    ->Args({2, 256})
    ->Iterations(roundCount)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void trainKMeansWithFaiss(benchmark::State& state) {
    const auto set = static_cast<DataSet>(state.range(0));
    const MatrixView x = dataSet(set).view();
    ComparedRounds rounds = againstSgemm();
    for (auto _ : state) {
        const double before = rounds.yardstick();
        const FaissKMeans result = faissKMeans(x, state.range(1), iterations);
        rounds.add(billionOperations(x, state.range(1)), result.trainSeconds,
                   (before + rounds.yardstick()) / 2.0);
        state.SetIterationTime(result.trainSeconds);
        state.counters["assign_s"] = result.assignSeconds;
        state.counters["nmse"] = result.objective / energyPerRow(x);
    }
    rounds.report(state);
    state.SetLabel(nameOf(set));
}
#ifdef QUANTSCOPE_BENCH_FAISS
BENCHMARK(trainKMeansWithFaiss)
    ->ArgNames({"set", "k"})
    ->Args({0, 1024})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
#endif

}  // namespace
}  // namespace quantscope::bench
