// SPDX-License-Identifier: GPL-3.0-or-later
// The searches behind trellis, lattice and superblock codes, and the rotation in front of them.
#include "compared_rounds.h"
#include "core/base/random.h"
#include "cpu_time.h"
#include "method_run.h"
#include "plugins/e8/e8_method.h"
#include "plugins/hadamard/rotation.h"
#include "plugins/kquant/kquant_method.h"
#include "plugins/trellis/trellis_method.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

/// Rows of 4096 Gaussian weights.
const Matrix& gaussianRows() {
    static const Matrix rows = [] {
        Random random(5);
        Matrix values(1024, 4096);
        for (Index i = 0; i < values.view().size(); ++i)
            values.data()[i] = static_cast<float>(random.normal());
        return values;
    }();
    return rows;
}

// Encoding, training included, in millions of weights per second. The share of a copy of memory
// only tells how busy the machine was.
void encodeWeights(benchmark::State& state, std::shared_ptr<const Method> method,
                   const std::string& text, Index rows) {
    const ViewSource source(gaussianRows().view().middleRows(0, rows));
    double error = 0.0;
    double bits = 0.0;
    std::vector<double> rates;
    runRounds(state, againstCopy(), [&](ComparedRounds& rounds) {
        const double before = rounds.yardstick();
        const MethodRun run = runMethod(method, text, source, 1);
        const double seconds = run.trainSeconds + run.encodeSeconds;
        rounds.add(static_cast<double>(source.size()) * sizeof(float) * 1e-9, seconds,
                   (before + rounds.yardstick()) / 2.0);
        rates.push_back(static_cast<double>(source.size()) / seconds * 1e-6);
        error = run.relativeError;
        bits = run.bitsPerWeight;
    });
    state.counters["Mweights/s"] = median(rates);
    state.counters["nmse"] = error;
    state.counters["bits"] = bits;
    state.SetLabel(text);
}

void encodeTrellis(benchmark::State& state, const std::string& text, Index rows) {
    encodeWeights(state, std::make_shared<trellis::TrellisMethod>(), text, rows);
}

void encodeLattice(benchmark::State& state, const std::string& text, Index rows) {
    encodeWeights(state, std::make_shared<e8::E8Method>(), text, rows);
}

void encodeSuperblocks(benchmark::State& state, const std::string& text, Index rows) {
    encodeWeights(state, std::make_shared<kquant::KquantMethod>(), text, rows);
}

// Rotating rows in place, in GB that are read and written per second, against copying memory.
void rotateRows(benchmark::State& state, Index cols) {
    const hadamard::Rotation rotation(cols, 7, 0);
    Matrix rows = gaussianRows();
    const Index count = rows.view().size() / cols;
    runRounds(state, againstCopy(), [&](ComparedRounds& rounds) {
        const double before = rounds.yardstick();
        const double seconds = cpuSecondsOf([&] {
            for (Index r = 0; r < count; ++r) {
                rotation.apply(std::span(rows.data() + r * cols, static_cast<std::size_t>(cols)));
            }
        });
        rounds.add(2.0 * sizeof(float) * static_cast<double>(rows.view().size()) * 1e-9, seconds,
                   (before + rounds.yardstick()) / 2.0);
    });
}

BENCHMARK_CAPTURE(rotateRows, 4096, 4096)->Iterations(roundCount)->UseManualTime();
BENCHMARK_CAPTURE(encodeTrellis, L12, "trellis:bits=2,state=12", 256)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeTrellis, L16, "trellis:bits=2,state=16", 32)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeTrellis, L16_hyb, "trellis:bits=2,state=16,code=hyb,v=2", 32)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeLattice, two_bits, "e8:bits=2", 256)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeLattice, four_bits, "e8:bits=4", 128)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeSuperblocks, q4_k, "kquant:layout=q4_k", 1024)
    ->Iterations(roundCount)
    ->UseManualTime();
BENCHMARK_CAPTURE(encodeSuperblocks, iq4_xs, "kquant:layout=iq4_xs", 1024)
    ->Iterations(roundCount)
    ->UseManualTime();

}  // namespace
}  // namespace quantscope::bench
