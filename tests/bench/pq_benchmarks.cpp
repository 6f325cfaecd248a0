// SPDX-License-Identifier: GPL-3.0-or-later
#include "compared_rounds.h"
#include "core/base/parallel.h"
#include "faiss_peer.h"
#include "method_run.h"
#include "plugins/pq/pq_method.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

// As many rows as Faiss trains on at most: 256 per codeword.
constexpr Index trainedRows = 65'536;
constexpr int iterations = 25;
constexpr Index codewords = 256;

std::string pqText(Index slices) {
    return "pq:m=" + std::to_string(slices) + ",bits=8,train=" + std::to_string(trainedRows);
}

double billionOperations(Index values) {
    return 2e-9 * static_cast<double>(values * codewords);
}

double trainOperations(MatrixView x) {
    return billionOperations(trainedRows * x.cols) * iterations;
}

// One round of training and encoding, both on one thread. Which of the two the counters are of is
// told by the benchmark; the other's seconds stand beside them.
void measurePq(benchmark::State& state, bool training) {
    const auto set = static_cast<DataSet>(state.range(0));
    const MatrixView x = dataSet(set).view();
    std::vector<double> errors;
    std::vector<double> decodeSeconds;
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        const double before = rounds.yardstick();
        const MethodRun run = runMethod(std::make_shared<pq::PqMethod>(), pqText(state.range(1)),
                                        ViewSource(x), errors.size() + 1);
        const double sgemm = (before + rounds.yardstick()) / 2.0;
        if (training) {
            rounds.add(trainOperations(x), run.trainSeconds, sgemm);
        } else {
            rounds.add(billionOperations(x.size()), run.encodeSeconds, sgemm);
        }
        errors.push_back(run.relativeError);
        decodeSeconds.push_back(run.decodeSeconds);
    });
    state.counters["nmse"] = median(errors);
    if (!training) {
        state.counters["kvec/s"] = 1e-3 * static_cast<double>(x.rows) / state.counters["cpu_s"];
        state.counters["decode_s"] = median(decodeSeconds);
    }
    state.SetLabel(nameOf(set));
}

void trainPq(benchmark::State& state) {
    measurePq(state, true);
}
void encodePq(benchmark::State& state) {
    measurePq(state, false);
}

void pqShapes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"set", "m"})->ArgsProduct({{0, 1}, {8, 16, 32}});
    benchmark->UseManualTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(trainPq)->Apply(pqShapes)->Iterations(roundCount);
BENCHMARK(encodePq)->Apply(pqShapes)->Iterations(roundCount);

// One against two threads, in wall time: worth reading on a machine with two idle cores only.
void pqOnTwoThreads(benchmark::State& state) {
    const MatrixView x = dataSet(DataSet::Clustered).view();
    std::vector<double> train;
    std::vector<double> encode;
    for (auto _ : state) {
        MethodRun runs[2];
        for (int threads = 1; threads <= 2; ++threads) {
            Arena arena(threads);
            arena.execute([&] {
                runs[threads - 1] = runMethod(std::make_shared<pq::PqMethod>(),
                                              pqText(state.range(0)), ViewSource(x), 1);
            });
        }
        state.SetIterationTime(runs[1].wallTrainSeconds + runs[1].wallEncodeSeconds);
        train.push_back(runs[0].wallTrainSeconds / runs[1].wallTrainSeconds);
        encode.push_back(runs[0].wallEncodeSeconds / runs[1].wallEncodeSeconds);
    }
    state.counters["train_speedup"] = median(train);
    state.counters["encode_speedup"] = median(encode);
}
BENCHMARK(pqOnTwoThreads)
    ->ArgNames({"m"})
    ->Arg(16)
    ->Iterations(roundCount)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

#ifdef QUANTSCOPE_BENCH_FAISS
void pqWithFaiss(benchmark::State& state) {
    const auto set = static_cast<DataSet>(state.range(0));
    const MatrixView x = dataSet(set).view();
    ComparedRounds rounds = againstSgemm();
    for (auto _ : state) {
        const double before = rounds.yardstick();
        const FaissPq result = faissPq(x, state.range(1), 8, trainedRows);
        rounds.add(billionOperations(x.size()), result.encodeSeconds,
                   (before + rounds.yardstick()) / 2.0);
        state.SetIterationTime(result.encodeSeconds);
        state.counters["train_s"] = result.trainSeconds;
        state.counters["nmse"] = result.relativeError;
    }
    rounds.report(state);
    state.SetLabel(nameOf(set));
}
BENCHMARK(pqWithFaiss)->Apply(pqShapes)->Iterations(1);
#endif

}  // namespace
}  // namespace quantscope::bench
