// SPDX-License-Identifier: GPL-3.0-or-later
#include "roofline.h"

#include <cblas.h>

#include <algorithm>
#include <vector>

#include "core/base/random.h"
#include "cpu_time.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "roofline.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::bench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// More sums than any processor has multiply-adds in flight.
constexpr std::size_t sumCount = 12;

// Returns the number of floating-point operations done; `result` keeps them from being left out.
double multiplyAdd(std::size_t steps, float* result) {
    const hn::CappedTag<float, 16> tag;
    using Floats = hn::Vec<decltype(tag)>;
    const Floats factor = hn::Set(tag, 0.5F);
    Floats sums[sumCount];
    for (std::size_t i = 0; i < sumCount; ++i)
        sums[i] = hn::Set(tag, static_cast<float>(i));
    for (std::size_t step = 0; step < steps; ++step) {
        for (Floats& sum : sums)
            sum = hn::MulAdd(sum, factor, factor);
    }
    for (std::size_t i = 1; i < sumCount; ++i)
        sums[0] = hn::Add(sums[0], sums[i]);
    *result = hn::GetLane(hn::SumOfLanes(tag, sums[0]));
    return 2.0 * static_cast<double>(steps * sumCount * hn::Lanes(tag));
}

}  // namespace
}  // namespace quantscope::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope::bench {
namespace {

HWY_EXPORT(multiplyAdd);

std::vector<float> normalValues(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> values(count);
    std::ranges::generate(values, [&] { return static_cast<float>(random.normal()); });
    return values;
}

}  // namespace

double multiplyAddRate() {
    constexpr std::size_t steps = 10'000'000;
    double operations = 0.0;
    float result = 0.0F;
    const double seconds =
        cpuSecondsOf([&] { operations = HWY_DYNAMIC_DISPATCH(multiplyAdd)(steps, &result); });
    return operations / seconds * 1e-9;
}

double sgemmRate() {
    constexpr int size = 1536;
    constexpr double operations = 2.0 * size * size * size;
    // Not constants: processors run faster on values with few different bits.
    static const std::vector<float> a = normalValues(size * size, 1);
    static const std::vector<float> b = normalValues(size * size, 2);
    static std::vector<float> c(size * size);
    openblas_set_num_threads(1);
    const double seconds = cpuSecondsOf([] {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size, size, size, 1.0F, a.data(), size,
                    b.data(), size, 0.0F, c.data(), size);
    });
    return operations / seconds * 1e-9;
}

double copyRate() {
    constexpr std::size_t count = std::size_t{1} << 25;
    static const std::vector<float> from(count, 1.0F);
    static std::vector<float> to(count);
    const double seconds = cpuSecondsOf([] { std::copy_n(from.data(), from.size(), to.data()); });
    return 2.0 * sizeof(float) * static_cast<double>(count) / seconds * 1e-9;
}

std::string sgemmKernels() {
    return openblas_get_corename();
}

}  // namespace quantscope::bench
#endif
