// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cmath>
#include <memory>

#include "compared_rounds.h"
#include "core/base/random.h"
#include "core/hessian/hessian_form.h"
#include "core/kernels/product.h"
#include "core/quant/quantized_tensor.h"
#include "cpu_time.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/scalar/scalar_method.h"

namespace quantscope::bench {
namespace {

constexpr Index size = 2048;
constexpr Index samples = 4096;

/// A layer: weights 0.02 t(5); inputs with a falling spectrum in a random basis, some noise, and 1%
/// of channels eight times as large. H = (2/n) sum x x^T.
struct Layer {
    Matrix weights{size, size};
    std::shared_ptr<Hessian> hessian = std::make_shared<Hessian>();
};

double studentT(Random& random, int degrees) {
    double squares = 0.0;
    for (int i = 0; i < degrees; ++i) {
        const double x = random.normal();
        squares += x * x;
    }
    return random.normal() / std::sqrt(squares / degrees);
}

// x <- x D H / sqrt(size) with random signs D and the Hadamard matrix H: with two of them, a random
// rotation for our purpose.
void mix(std::span<double> x, const std::vector<double>& signs) {
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] *= signs[i] / std::sqrt(static_cast<double>(x.size()));
    for (std::size_t half = 1; half < x.size(); half *= 2) {
        for (std::size_t first = 0; first < x.size(); first += 2 * half) {
            for (std::size_t i = first; i < first + half; ++i) {
                const double sum = x[i] + x[i + half];
                x[i + half] = x[i] - x[i + half];
                x[i] = sum;
            }
        }
    }
}

std::vector<double> inputs(Random& random) {
    std::array<std::vector<double>, 2> signs;
    for (std::vector<double>& one : signs) {
        for (Index j = 0; j < size; ++j)
            one.push_back(random.below(2) == 0 ? 1.0 : -1.0);
    }
    std::vector<double> x(static_cast<std::size_t>(samples * size));
    double energy = 0.0;
    for (Index n = 0; n < samples; ++n) {
        const std::span<double> row(x.data() + n * size, static_cast<std::size_t>(size));
        for (Index j = 0; j < size; ++j)
            row[static_cast<std::size_t>(j)] =
                random.normal() / std::sqrt(static_cast<double>(j + 1));
        for (const std::vector<double>& one : signs)
            mix(row, one);
        for (const double value : row)
            energy += value * value;
    }
    const double noise = 0.1 * std::sqrt(energy / static_cast<double>(samples * size));
    std::vector<double> gains(static_cast<std::size_t>(size), 1.0);
    for (Index i = 0; i < size / 100; ++i)
        gains[static_cast<std::size_t>(random.below(size))] = 8.0;
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = (x[i] + noise * random.normal()) * gains[i % static_cast<std::size_t>(size)];
    return x;
}

const Layer& layer() {
    static const Layer made = [] {
        Layer result;
        Random random(1011);
        for (Index i = 0; i < size * size; ++i)
            result.weights.data()[i] = static_cast<float>(0.02 * studentT(random, 5));
        const std::vector<double> x = inputs(random);
        const StridedView<double> view{x.data(), samples, size, size, 1};
        Hessian& hessian = *result.hessian;
        hessian.size = size;
        hessian.source = "synthetic";
        hessian.full.resize(static_cast<std::size_t>(size * size));
        addProduct(2.0 / static_cast<double>(samples), view.transposed(), view, hessian.full.data(),
                   size);
        for (Index j = 0; j < size; ++j)
            hessian.diagonal.push_back(hessian.full[static_cast<std::size_t>(j * (size + 1))]);
        return result;
    }();
    return made;
}

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<gptq::GptqMethod>());
        return made;
    }();
    return methods;
}

EncodedTensor encode(const std::string& method) {
    PhaseSeconds ignored;
    return registry()
        .quantizer(SweptMethod::parse(method).method)
        ->quantize(ViewSource(layer().weights.view()), {layer().hessian}, RunContext(), ignored);
}

double lossOf(EncodedTensor encoded) {
    const QuantizedTensor tensor(std::move(encoded), registry());
    Matrix errors(size, size);
    tensor.decode(0, errors.span());
    for (Index i = 0; i < size * size; ++i)
        errors.data()[i] -= layer().weights.data()[i];
    return HessianForm(layer().hessian, size).of(errors.view());
}

// 0: natural order, groups refitted; 1: act-order; 2: act-order and clipped grids.
const std::array<std::string, 3> variants = {"gptq:order=natural,base=(", "gptq:order=act,base=(",
                                             "gptq:order=act,base=(clip=mse,"};

std::string baseText(std::int64_t bits) {
    return "bits=" + std::to_string(bits) + ",scheme=asym,granularity=group,group=128";
}

void roundWithFeedback(benchmark::State& state) {
    std::string method = variants[static_cast<std::size_t>(state.range(1))];
    method.insert(method.find('(') + 1, "scalar:");
    method += baseText(state.range(0)) + ")";
    const auto n = static_cast<double>(size);
    // One product of half a square matrix with the weights, and a Cholesky factor.
    const double work = 1e-9 * (n * n * n + n * n * n / 3.0);
    double loss = 0.0;
    runRounds(state, againstSgemm(), [&](ComparedRounds& rounds) {
        rounds.measure(work, [&] { benchmark::DoNotOptimize(encode(method)); });
    });
    loss = lossOf(encode(method));
    state.counters["Mweights/s"] = 1e-6 * n * n / state.counters["cpu_s"];
    state.counters["loss/nearest"] = loss / lossOf(encode("scalar:" + baseText(state.range(0))));
    state.SetLabel(method);
}
BENCHMARK(roundWithFeedback)
    ->ArgNames({"bits", "variant"})
    ->ArgsProduct({{4, 2}, {0, 1, 2}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(roundCount);

}  // namespace
}  // namespace quantscope::bench
