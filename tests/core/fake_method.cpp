// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/fake_method.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"

namespace quantscope {

namespace {

std::uint64_t usedBits(Index rows, Index cols, int bits) {
    return PackedCodes::bitCount(rows * cols, bits);
}

class FakeDecoder final : public Decoder {
public:
    explicit FakeDecoder(std::shared_ptr<const EncodedTensor> tensor)
        : m_tensor(std::move(tensor)),
          m_bits(static_cast<int>(ParameterValues(m_tensor->method.parameters).integer("bits"))) {
        const Section& scale = m_tensor->section("scale");
        if (scale.bytes.size() != sizeof m_scale) throw Error("The scale has a wrong size.");
        std::memcpy(&m_scale, scale.bytes.data(), sizeof m_scale);
    }

    void decode(Index firstRow, MatrixSpan out) const override {
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(out.cols));
        for (Index r = 0; r < out.rows; ++r) {
            PackedCodes::unpack(m_tensor->section("codes").bytes, (firstRow + r) * out.cols, m_bits,
                                codes);
            for (Index c = 0; c < out.cols; ++c) {
                out(r, c) = level(codes[static_cast<std::size_t>(c)]);
            }
        }
    }

    std::vector<Codebook> codebooks() const override {
        Codebook book{"levels", 1, std::vector<std::uint64_t>((std::size_t{1} << m_bits) - 1), {}};
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_tensor->rows * m_tensor->cols));
        PackedCodes::unpack(m_tensor->section("codes").bytes, 0, m_bits, codes);
        for (const std::uint32_t code : codes)
            ++book.counts[code];
        for (std::uint32_t code = 0; code < book.counts.size(); ++code)
            book.codewords.push_back(level(code));
        return {book};
    }

    std::vector<float> levels(Index, Index) const override { return codebooks()[0].codewords; }

private:
    float level(std::uint32_t code) const {
        const int zero = (1 << (m_bits - 1)) - 1;
        return m_scale * static_cast<float>(static_cast<int>(code) - zero);
    }

    std::shared_ptr<const EncodedTensor> m_tensor;
    int m_bits;
    float m_scale = 0.0F;
};

template <typename T, typename Value>
void raise(std::atomic<T>& most, Value value) {
    T old = most;
    while (old < value && !most.compare_exchange_weak(old, static_cast<T>(value))) {
    }
}

/// Counts one quantizer as running for as long as it lives.
class Presence {
public:
    Presence(FakeProbe& probe, std::int64_t megabytes) : m_probe(probe), m_megabytes(megabytes) {
        raise(m_probe.mostRunning, ++m_probe.running);
        raise(m_probe.mostMegabytes, m_probe.usedMegabytes += m_megabytes);
    }
    ~Presence() {
        --m_probe.running;
        m_probe.usedMegabytes -= m_megabytes;
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

private:
    FakeProbe& m_probe;
    std::int64_t m_megabytes;
};

class FakeQuantizer final : public Quantizer {
public:
    FakeQuantizer(MethodSpec spec, std::shared_ptr<FakeProbe> probe)
        : m_spec(std::move(spec)), m_values(m_spec.parameters), m_probe(std::move(probe)) {}

    Preflight preflight(Index rows, Index cols, const SideInformation&) const override {
        Preflight preflight;
        if (m_values.choice("fault") == "refuse") {
            preflight.refusal = "It was told to refuse. Set fault=none.";
        }
        const auto bits = static_cast<int>(m_values.integer("bits"));
        preflight.rate[RatePart::Codes] = usedBits(rows, cols, bits);
        preflight.rate[RatePart::Scales] = 32;
        preflight.rate[RatePart::Padding] =
            8 * PackedCodes::byteCount(rows * cols, bits) - usedBits(rows, cols, bits);
        preflight.workingBytes = static_cast<std::uint64_t>(m_values.integer("megabytes")) << 20;
        preflight.multiplyAdds = static_cast<double>(rows * cols);
        return preflight;
    }

    EncodedTensor quantize(const TensorSource& weights, const SideInformation&,
                           const RunContext& context, PhaseSeconds& seconds) const override {
        const Presence presence(*m_probe, m_values.integer("megabytes"));
        const PhaseTimer timer(seconds.encode);
        if (m_values.choice("fault") == "error") throw Error("It was told to fail.", "Do not.");
        if (m_values.choice("fault") == "fault") throw std::logic_error("out of order");
        wait(context);
        EncodedTensor encoded = encode(readAll(weights, context.stop()), context);
        ++m_probe->quantized;
        return encoded;
    }

private:
    // In a loop, so that other threads of the arena take part as they would in real work.
    void wait(const RunContext& context) const {
        const std::int64_t delay = m_values.integer("delay");
        std::atomic<Index> done{0};
        parallelFor(delay, 1, context.stop(), [&](Index, Index) {
            raise(m_probe->mostInLoops, ++m_probe->inLoops);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            --m_probe->inLoops;
            context.progress(static_cast<double>(++done) / static_cast<double>(delay), "waiting");
        });
        const auto together = static_cast<int>(m_values.integer("together"));
        const auto giveUp = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (m_probe->mostRunning < together && std::chrono::steady_clock::now() < giveUp) {
            context.throwIfStopped();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    EncodedTensor encode(const Matrix& weights, const RunContext& context) const {
        const auto bits = static_cast<int>(m_values.integer("bits"));
        const int top = (1 << (bits - 1)) - 1;
        const MatrixView view = weights.view();
        float largest = 0.0F;
        for (Index i = 0; i < view.size(); ++i)
            largest = std::max(largest, std::abs(view.data[i]));
        const float scale = largest / static_cast<float>(top);
        std::vector<std::uint32_t> codes;
        Random random = context.random(static_cast<std::uint64_t>(m_values.integer("noise_seed")));
        for (Index i = 0; i < view.size(); ++i) {
            double level = scale > 0.0F ? view.data[i] / scale : 0.0;
            if (m_values.boolean("noise")) level += random.uniform() - 0.5;
            const double code = std::clamp(std::nearbyint(level), -1.0 * top, 1.0 * top);
            codes.push_back(static_cast<std::uint32_t>(static_cast<int>(code) + top));
        }
        std::vector<std::uint8_t> scaleBytes(sizeof scale);
        std::memcpy(scaleBytes.data(), &scale, sizeof scale);
        EncodedTensor encoded;
        encoded.method = m_spec;
        encoded.rows = view.rows;
        encoded.cols = view.cols;
        encoded.sections = {{"codes", RatePart::Codes, usedBits(view.rows, view.cols, bits),
                             PackedCodes::pack(codes, bits)},
                            {"scale", RatePart::Scales, 32, scaleBytes}};
        return encoded;
    }

    MethodSpec m_spec;
    ParameterValues m_values;
    std::shared_ptr<FakeProbe> m_probe;
};

ParameterSpec integerParameter(const char* id, int defaultValue, double minimum, double maximum) {
    ParameterSpec spec;
    spec.id = id;
    spec.label = id;
    spec.help = "For tests.";
    spec.defaultValue = defaultValue;
    spec.minimum = minimum;
    spec.maximum = maximum;
    return spec;
}

}  // namespace

std::vector<ParameterSpec> FakeMethod::parameters() const {
    ParameterSpec fault = integerParameter("fault", 0, 0, 0);
    fault.type = ParameterType::Choice;
    fault.defaultValue = "none";
    fault.choices = {
        {"none", "None"}, {"refuse", "Refuse"}, {"error", "Error"}, {"fault", "Fault"}};
    ParameterSpec noise = integerParameter("noise", 0, 0, 0);
    noise.type = ParameterType::Boolean;
    noise.defaultValue = false;
    ParameterSpec noiseSeed = integerParameter("noise_seed", 0, 0, 1000000);
    noiseSeed.enabledIf = {{"noise", {"true"}}};
    return {integerParameter("bits", 4, 2, 8),
            integerParameter("delay", 0, 0, 100000),
            integerParameter("together", 0, 0, 64),
            integerParameter("megabytes", 0, 0, 1000000),
            fault,
            noise,
            noiseSeed};
}

std::unique_ptr<Quantizer> FakeMethod::quantizer(const MethodSpec& spec,
                                                 const MethodRegistry&) const {
    return std::make_unique<FakeQuantizer>(spec, m_probe);
}

std::unique_ptr<Decoder> FakeMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                             const MethodRegistry&) const {
    return std::make_unique<FakeDecoder>(std::move(tensor));
}

MethodRegistry fakeRegistry(std::shared_ptr<FakeProbe> probe) {
    MethodRegistry registry;
    registry.add(std::make_shared<FakeMethod>(std::move(probe)));
    return registry;
}

}  // namespace quantscope
