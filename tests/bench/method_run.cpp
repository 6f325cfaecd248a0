// SPDX-License-Identifier: GPL-3.0-or-later
#include "method_run.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "core/base/parallel.h"
#include "core/quant/method_spec.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/quantizer.h"
#include "cpu_time.h"

namespace quantscope::bench {
namespace {

struct Sums {
    double error = 0.0;
    double energy = 0.0;
};

// Squared error and energy, block by block.
Sums compare(const TensorSource& source, const QuantizedTensor& tensor) {
    return parallelReduce(
        source.rows(), blockRows(source.cols()), {}, Sums{},
        [&](Index begin, Index end) {
            Matrix exact(end - begin, source.cols());
            Matrix decoded(end - begin, source.cols());
            source.read(begin, exact.span(), {});
            tensor.decode(begin, decoded.span());
            Sums sums;
            for (Index i = 0; i < exact.view().size(); ++i) {
                const auto value = static_cast<double>(exact.data()[i]);
                const double difference = value - static_cast<double>(decoded.data()[i]);
                sums.error += difference * difference;
                sums.energy += value * value;
            }
            return sums;
        },
        [](Sums& total, const Sums& part) {
            total.error += part.error;
            total.energy += part.energy;
        });
}

}  // namespace

MethodRun runMethod(std::shared_ptr<const Method> method, const std::string& text,
                    const TensorSource& source, std::uint64_t seed) {
    MethodRegistry registry;
    registry.add(std::move(method));
    const std::unique_ptr<Quantizer> quantizer =
        registry.quantizer(SweptMethod::parse(text).method);
    const double start = cpuSeconds();
    std::atomic<double> trained = start;
    const RunContext context(seed, {}, [&](double, std::string_view phase) {
        if (phase != "encoding") trained = cpuSeconds();
    });
    PhaseSeconds wall;
    const QuantizedTensor tensor(quantizer->quantize(source, {}, context, wall), registry);
    MethodRun run;
    run.encodeSeconds = cpuSeconds() - trained;
    run.trainSeconds = trained - start;
    run.wallTrainSeconds = wall.train;
    run.wallEncodeSeconds = wall.encode;
    Matrix block(blockRows(source.cols()), source.cols());
    run.decodeSeconds = cpuSecondsOf([&] {
        for (Index row = 0; row < source.rows(); row += block.rows()) {
            tensor.decode(row,
                          block.span().middleRows(0, std::min(block.rows(), source.rows() - row)));
        }
    });
    const Sums sums = compare(source, tensor);
    run.relativeError = sums.error / sums.energy;
    run.bitsPerWeight = tensor.rate().bitsPerWeight(source.size());
    return run;
}

}  // namespace quantscope::bench
