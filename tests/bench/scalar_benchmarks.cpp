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

// Encoding or decoding, in GB that are read and written per second (float32 weights, codes and
// scales), against copying memory, of which read and written bytes count as well.
void measureScalar(benchmark::State& state, const std::string& text, bool encoding) {
    const ViewSource source = layer();
    double error = 0.0;
    runRounds(state, againstCopy(), [&](ComparedRounds& rounds) {
        const double before = rounds.yardstick();
        const MethodRun run = runMethod(std::make_shared<scalar::ScalarMethod>(), text, source, 1);
        const double seconds = encoding ? run.trainSeconds + run.encodeSeconds : run.decodeSeconds;
        const double gigabytes =
            static_cast<double>(source.size()) * (sizeof(float) + run.bitsPerWeight / 8.0) * 1e-9;
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
