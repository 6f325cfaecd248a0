// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/quant/quantized_tensor.h"

namespace quantscope::test {

/// One method set up for tests: quantizes matrices by its text form.
class MethodBench {
public:
    explicit MethodBench(std::shared_ptr<const Method> method) {
        m_registry.add(std::move(method));
    }

    const MethodRegistry& registry() const { return m_registry; }

    std::unique_ptr<Quantizer> quantizer(const std::string& text) const {
        return m_registry.quantizer(SweptMethod::parse(text).method);
    }
    Preflight preflight(const std::string& text, Index rows, Index cols) const {
        return quantizer(text)->preflight(rows, cols, {});
    }
    EncodedTensor encode(const std::string& text, const TensorSource& source,
                         const RunContext& context = RunContext(1)) const {
        PhaseSeconds seconds;
        return quantizer(text)->quantize(source, {}, context, seconds);
    }
    QuantizedTensor quantize(const std::string& text, const Matrix& weights,
                             std::uint64_t seed = 1) const {
        return {encode(text, ViewSource(weights.view()), RunContext(seed)), m_registry};
    }

private:
    MethodRegistry m_registry;
};

/// What the trainings in `work(context)` minimized, by the names of their curves.
template <typename Work>
std::map<std::string, std::vector<double>> trainingCurves(const Work& work) {
    std::mutex mutex;
    std::map<std::string, std::vector<double>> curves;
    work(RunContext(1).withObjective([&](const std::string& series, double value) {
        const std::lock_guard lock(mutex);
        curves[series].push_back(value);
    }));
    return curves;
}

inline Matrix gaussian(Index rows, Index cols, std::uint64_t seed = 1) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index i = 0; i < values.view().size(); ++i) {
        values.data()[i] = static_cast<float>(random.normal());
    }
    return values;
}

inline Matrix decoded(const QuantizedTensor& tensor) {
    Matrix values(tensor.rows(), tensor.cols());
    tensor.decode(0, values.span());
    return values;
}

/// |x - y|^2 / |x|^2 over all values.
inline double nmse(MatrixView x, MatrixView y) {
    double error = 0.0;
    double energy = 0.0;
    for (Index row = 0; row < x.rows; ++row) {
        for (Index c = 0; c < x.cols; ++c) {
            const auto value = static_cast<double>(x(row, c));
            const double difference = value - static_cast<double>(y(row, c));
            error += difference * difference;
            energy += value * value;
        }
    }
    return error / energy;
}

inline bool sameBits(const EncodedTensor& a, const EncodedTensor& b) {
    if (a.sections.size() != b.sections.size()) return false;
    for (std::size_t i = 0; i < a.sections.size(); ++i) {
        if (a.sections[i].name != b.sections[i].name) return false;
        if (a.sections[i].bytes != b.sections[i].bytes) return false;
    }
    return true;
}

/// A matrix that is read in blocks, as from a file; remembers the largest block.
class BlockSource final : public TensorSource {
public:
    explicit BlockSource(MatrixView values) : m_values(values) {}

    Index rows() const override { return m_values.rows; }
    Index cols() const override { return m_values.cols; }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override {
        ViewSource(m_values).read(firstRow, out, stop);
        Index largest = m_largest;
        while (largest < out.rows && !m_largest.compare_exchange_weak(largest, out.rows)) {
        }
    }
    Index largestRead() const { return m_largest; }

private:
    MatrixView m_values;
    mutable std::atomic<Index> m_largest{0};
};

/// Runs `work(context)` and asks it to stop when it reports progress of at least `fraction` in a
/// phase whose name begins with `phase`; returns how long it went on after that. Throws what work
/// throws, but for Cancelled; `cancelled` says whether it threw that.
template <typename Work>
std::chrono::milliseconds timeToStop(double fraction, std::string_view phase, bool& cancelled,
                                     const Work& work) {
    std::stop_source source;
    std::atomic<bool> reached{false};
    std::chrono::steady_clock::time_point asked;
    const RunContext context(1, source.get_token(), [&](double done, std::string_view name) {
        if (done < fraction || !name.starts_with(phase) || reached.exchange(true)) return;
        asked = std::chrono::steady_clock::now();
        source.request_stop();
    });
    cancelled = false;
    try {
        work(context);
    } catch (const Cancelled&) {
        cancelled = true;
    }
    const auto ended = std::chrono::steady_clock::now();
    return std::chrono::duration_cast<std::chrono::milliseconds>(ended - asked);
}

}  // namespace quantscope::test
