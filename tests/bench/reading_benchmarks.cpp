// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "compared_rounds.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/io/tensor_file.h"
#include "core/io/tensor_writer.h"
#include "core/tensor/statistics.h"
#include "cpu_time.h"
#include "method_run.h"
#include "plugins/pq/pq_method.h"
#include "synthetic_data.h"

namespace quantscope::bench {
namespace {

constexpr Index cols = 128;
constexpr double bytesPerGb = 1e9;

// A file with one matrix of normal values, "x"; gone when the benchmark has ended.
class LargeFile {
public:
    LargeFile(Index rows, bool compress)
        : m_path(std::filesystem::temp_directory_path() /
                 ("quantscope-bench-" + std::to_string(getpid()) + ".h5")) {
        // One block of values again and again: making them takes longer than writing them.
        Matrix block(1024, cols);
        Random random(5);
        for (Index i = 0; i < block.view().size(); ++i)
            block.data()[i] = static_cast<float>(random.normal());
        TensorWriter writer(m_path, compress);
        writer.write("x", {rows, cols}, FoldRule{},
                     [&](Index first, MatrixSpan out) {
                         for (Index row = 0; row < out.rows; ++row) {
                             std::ranges::copy(block.view().row((first + row) % block.rows()),
                                               out.row(row).begin());
                         }
                     },
                     {});
        writer.finish();
    }
    ~LargeFile() { std::filesystem::remove(m_path); }
    LargeFile(const LargeFile&) = delete;
    LargeFile& operator=(const LargeFile&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    std::shared_ptr<TensorFile> open() const { return TensorFile::open(m_path, {}); }
    std::unique_ptr<TensorSource> source() const { return open()->source("x", FoldRule{}); }

private:
    std::filesystem::path m_path;
};

// Reads a whole file with read(2) into one buffer; GB per processor second.
double plainReadRate(const std::filesystem::path& path) {
    std::vector<char> buffer(std::size_t{1} << 20);
    std::size_t total = 0;
    const double seconds = cpuSecondsOf([&] {
        const int file = open(path.c_str(), O_RDONLY);
        for (ssize_t got = 1; got > 0; total += static_cast<std::size_t>(got))
            got = read(file, buffer.data(), buffer.size());
        close(file);
    });
    return static_cast<double>(total) / seconds / bytesPerGb;
}

double bytesOf(const TensorSource& source) {
    return static_cast<double>(source.size()) * sizeof(float) / bytesPerGb;
}

void readAll(const TensorSource& source) {
    Matrix block(blockRows(cols), cols);
    for (Index row = 0; row < source.rows(); row += block.rows()) {
        source.read(row, block.span().middleRows(0, std::min(block.rows(), source.rows() - row)),
                    {});
    }
}

// All rows of a file in the cache of the system, against reading its bytes. range(0): gzip or not.
void readHdf5(benchmark::State& state) {
    const LargeFile file(state.range(0) != 0 ? 100'000 : 500'000, state.range(0) != 0);
    const std::unique_ptr<TensorSource> source = file.source();
    runRounds(state, {"GB/s", "read", [&] { return plainReadRate(file.path()); }},
              [&](ComparedRounds& rounds) {
                  rounds.measure(bytesOf(*source), [&] { readAll(*source); });
              });
}
BENCHMARK(readHdf5)->ArgNames({"gzip"})->Arg(0)->Arg(1)->Iterations(roundCount)->UseManualTime();

void passStatistics(benchmark::State& state) {
    const ViewSource source(dataSet(DataSet::Gaussian).view());
    runRounds(state, againstCopy(), [&](ComparedRounds& rounds) {
        rounds.measure(bytesOf(source),
                       [&] { benchmark::DoNotOptimize(computeStatistics(source, {})); });
    });
}
BENCHMARK(passStatistics)->Iterations(roundCount)->UseManualTime();

// Probing a file of 2 GB in a child process and listing it; wall time, which is what people wait.
void openTwoGigabytes(benchmark::State& state) {
    constexpr Index rows = 4'000'000;
    const LargeFile file(rows, false);
    const OpenOptions options{QUANTSCOPE_BENCH_PROBER, false};
    for (auto _ : state) {
        const auto start = std::chrono::steady_clock::now();
        benchmark::DoNotOptimize(TensorFile::open(file.path(), options)->tensors().size());
        state.SetIterationTime(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
}
BENCHMARK(openTwoGigabytes)->Iterations(roundCount)->UseManualTime()->Unit(benchmark::kMillisecond);

// The most memory this process has held since the last call of resetPeakMemory, in MB.
double peakMemory() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kib = 0.0;
        if (word == "VmHWM:" && status >> kib) return kib * 1024.0 / 1e6;
    }
    return 0.0;
}
void resetPeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

// Product quantization of a file of 4 GB, block by block, against the same work on values in
// memory.
void quantizeFourGigabytes(benchmark::State& state) {
    constexpr Index rows = 8'000'000;
    constexpr Index rowsInMemory = 1'000'000;
    const std::string method = "pq:m=16,bits=8,train=65536";
    const LargeFile file(rows, false);
    Arena arena(1);
    for (auto _ : state) {
        double perRowInMemory = 0.0;
        MethodRun run;
        arena.execute([&] {
            {
                Matrix values(rowsInMemory, cols);
                file.source()->read(0, values.span(), {});
                perRowInMemory = runMethod(std::make_shared<pq::PqMethod>(), method,
                                           ViewSource(values.view()), 1)
                                     .encodeSeconds /
                                 static_cast<double>(rowsInMemory);
            }
            resetPeakMemory();
            const std::unique_ptr<TensorSource> source = file.source();
            run = runMethod(std::make_shared<pq::PqMethod>(), method, *source, 1);
        });
        state.counters["peak_MB"] = peakMemory();
        state.counters["encode_s"] = run.encodeSeconds;
        state.counters["of_memory"] =
            run.encodeSeconds / static_cast<double>(rows) / perRowInMemory;
        state.SetIterationTime(run.encodeSeconds);
    }
}
BENCHMARK(quantizeFourGigabytes)->Iterations(1)->UseManualTime();

}  // namespace
}  // namespace quantscope::bench
