// SPDX-License-Identifier: GPL-3.0-or-later
#include "compared_rounds.h"
#include "method_run.h"
#include "plugins/rvq/rvq_method.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

// Trains on the given number of vectors and encodes; the share is that of the distances which a
// search of every stage and beam entry would compute, which products of codewords save.
void encodeRvq(benchmark::State& state, const std::string& text, DataSet set, Index codes,
               Index beam) {
    const MatrixView x = dataSet(set).view();
    std::vector<double> errors;
    std::vector<double> trainSeconds;
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        const double before = rounds.yardstick();
        const MethodRun run =
            runMethod(std::make_shared<rvq::RvqMethod>(), text, ViewSource(x), errors.size() + 1);
        // The first stage has one entry.
        const double searches = static_cast<double>((codes - 1) * beam + 1) * 256.0;
        rounds.add(2e-9 * static_cast<double>(x.size()) * searches, run.encodeSeconds,
                   (before + rounds.yardstick()) / 2.0);
        errors.push_back(run.relativeError);
        trainSeconds.push_back(run.trainSeconds);
    });
    state.counters["nmse"] = median(errors);
    state.counters["train_s"] = median(trainSeconds);
    state.counters["kvec/s"] = 1e-3 * static_cast<double>(x.rows) / state.counters["cpu_s"];
    state.SetLabel(text);
}

BENCHMARK_CAPTURE(encodeRvq, clustered_8x8_greedy,
                  "rvq:stages=8,bits=8,dim=0,beam=1,refit=0,train=32768", DataSet::Clustered, 8, 1)
    ->Iterations(3)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeRvq, clustered_8x8_beam5,
                  "rvq:stages=8,bits=8,dim=0,beam=5,refit=0,train=32768", DataSet::Clustered, 8, 5)
    ->Iterations(3)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeRvq, clustered_8x8_refitted,
                  "rvq:stages=8,bits=8,dim=0,beam=5,refit=5,train=32768", DataSet::Clustered, 8, 5)
    ->Iterations(3)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeRvq, student_4x8_beam5,
                  "rvq:stages=4,bits=8,dim=8,beam=5,refit=0,train=65536", DataSet::Student, 4, 5)
    ->Iterations(3)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeRvq, student_4x8_refitted,
                  "rvq:stages=4,bits=8,dim=8,beam=5,refit=5,train=65536", DataSet::Student, 4, 5)
    ->Iterations(3)
    ->UseManualTime();

}  // namespace
}  // namespace quantscope::bench
