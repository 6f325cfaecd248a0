// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <memory>

#include "core/quant/method.h"

namespace quantscope {

/// What fake quantizers see of each other while they run.
struct FakeProbe {
    std::atomic<int> running{0};
    std::atomic<int> mostRunning{0};
    std::atomic<std::int64_t> usedMegabytes{0};
    std::atomic<std::int64_t> mostMegabytes{0};
    std::atomic<int> inLoops{0};  ///< Threads that are in the loop of a delay.
    std::atomic<int> mostInLoops{0};
    std::atomic<int> quantized{0};  ///< Tensors quantized to the end.
};

/// A small but honest method for tests of what runs methods: rounds to a symmetric grid of 2^bits -
/// 1 levels per tensor, q = round(w / s), s = max |w| / (2^(bits-1) - 1), and can be told to take
/// its time, to claim memory and to go wrong.
///
/// Parameters: bits (2..8), delay (milliseconds), together (waits until that many have run at once,
/// 10 s at most), megabytes (claimed as working memory), fault
/// (none, refuse: in preflight, error: an Error, fault: another exception), noise (adds a random
/// error of up to half a step, to see whether seeds arrive), noise_seed.
class FakeMethod final : public Method {
public:
    explicit FakeMethod(std::shared_ptr<FakeProbe> probe = std::make_shared<FakeProbe>())
        : m_probe(std::move(probe)) {}

    std::string id() const override { return "fake"; }
    std::string name() const override { return "Fake"; }
    std::string version() const override { return "1"; }
    std::string help() const override { return "Rounds to a grid; for tests."; }
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;

private:
    std::shared_ptr<FakeProbe> m_probe;
};

/// A registry with a FakeMethod.
MethodRegistry fakeRegistry(std::shared_ptr<FakeProbe> probe = std::make_shared<FakeProbe>());

}  // namespace quantscope
