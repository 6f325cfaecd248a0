// SPDX-License-Identifier: GPL-3.0-or-later
#include "compared_rounds.h"
#include "method_run.h"
#include "plugins/scalar/scalar_method.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

// The heavy-tailed values as the rows of a layer.
ViewSource layer() {
    return ViewSource(MatrixView(dataSet(DataSet::Student).data(), 1024, 4096));
}

// Encoding or decoding, in GB of float32 values per second, against copying memory.
void measureScalar(benchmark::State& state, const std::string& text, bool encoding) {
    const ViewSource source = layer();
    const double gigabytes = static_cast<double>(source.size()) * sizeof(float) * 1e-9;
    double error = 0.0;
    runRounds(state, againstCopy(), [&](ComparedRounds& rounds) {
        const double before = rounds.yardstick();
        const MethodRun run = runMethod(std::make_shared<scalar::ScalarMethod>(), text, source, 1);
        const double seconds = encoding ? run.trainSeconds + run.encodeSeconds : run.decodeSeconds;
        rounds.add(gigabytes, seconds, (before + rounds.yardstick()) / 2.0);
        error = run.relativeError;
    });
    state.counters["nmse"] = error;
    state.SetLabel(text);
}

constexpr const char* rowWise = "scalar:bits=8,granularity=row";
constexpr const char* groupWise = "scalar:bits=4,granularity=group,group=128";
constexpr const char* clipped = "scalar:bits=4,granularity=group,group=128,clip=mse";

BENCHMARK_CAPTURE(measureScalar, encode_row, rowWise, true)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(measureScalar, encode_group, groupWise, true)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(measureScalar, encode_clipped, clipped, true)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(measureScalar, decode_row, rowWise, false)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(measureScalar, decode_group, groupWise, false)
    ->Iterations(roundCount)
    ->UseManualTime();

}  // namespace
}  // namespace quantscope::bench
