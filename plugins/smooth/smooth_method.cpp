// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/smooth/smooth_method.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/quant/scale_format.h"

namespace quantscope::smooth {

namespace {

constexpr const char* factorsSection = "factors";
constexpr ScaleType factorType = ScaleType::Half;

class SmoothTransform final : public Transform {
public:
    /// `cut`: how many factors were outside of what is kept.
    explicit SmoothTransform(Section stored, Index cut = 0)
        : m_cut(cut),
          m_stored(std::move(stored)),
          m_factors(ScaleFormat::load(
              factorType, m_stored.bytes,
              (m_stored.bytes.size() * 8 - ScaleFormat::bitCount(factorType, 0)) / 16)) {}

    void apply(MatrixSpan weights, const std::stop_token& stop) const override {
        parallelFor(weights.rows, blockRows(weights.cols), stop, [&](Index begin, Index end) {
            for (Index r = begin; r < end; ++r) {
                for (Index c = 0; c < weights.cols; ++c)
                    weights(r, c) = static_cast<float>(static_cast<double>(weights(r, c)) *
                                                       m_factors[static_cast<std::size_t>(c)]);
            }
        });
    }

    void invert(Index /*firstRow*/, MatrixSpan rows) const override {
        for (Index r = 0; r < rows.rows; ++r) {
            for (Index c = 0; c < rows.cols; ++c) {
                const double factor = m_factors[static_cast<std::size_t>(c)];
                rows(r, c) = static_cast<float>(static_cast<double>(rows(r, c)) / factor);
            }
        }
    }

    std::shared_ptr<const Hessian> applyTo(std::shared_ptr<const Hessian> hessian,
                                           const std::stop_token& stop) const override {
        auto scaled = std::make_shared<Hessian>(*hessian);
        const auto size = static_cast<std::size_t>(hessian->size);
        for (std::size_t i = 0; i < size; ++i) {
            throwIfStopped(stop);
            scaled->diagonal[i] /= m_factors[i] * m_factors[i];
            for (std::size_t j = 0; j < size && !scaled->full.empty(); ++j)
                scaled->full[i * size + j] /= m_factors[i] * m_factors[j];
        }
        return scaled;
    }

    std::vector<Section> sections() const override { return {m_stored}; }

    std::vector<std::string> remarks() const override {
        if (m_cut == 0) return {};
        return {"The factors of " + std::to_string(m_cut) + " of " +
                std::to_string(m_factors.size()) +
                " input channels were cut to 1024 times their geometric mean, or 1/1024 of it."};
    }

private:
    Index m_cut;
    Section m_stored;
    std::vector<double> m_factors;
};

std::vector<double> largestOfColumns(MatrixView weights, const std::stop_token& stop) {
    std::vector<double> largest(static_cast<std::size_t>(weights.cols));
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(stop);
        for (Index c = 0; c < weights.cols; ++c) {
            double& most = largest[static_cast<std::size_t>(c)];
            most = std::max(most, std::abs(static_cast<double>(weights(r, c))));
        }
    }
    return largest;
}

// Channels without weights or activations, which have no factor, get the smallest of the others.
void fillGaps(std::vector<double>& factors) {
    double least = INFINITY;
    for (const double factor : factors) {
        if (factor > 0.0) least = std::min(least, factor);
    }
    for (double& factor : factors) {
        if (!(factor > 0.0)) factor = std::isfinite(least) ? least : 1.0;
    }
}

// Within what 16-bit floats hold around the geometric mean, and at most 1, so that no product
// overflows. Returns how many had to be cut.
Index normalize(std::vector<double>& factors) {
    constexpr double widest = 0x1.0p10;
    double logs = 0.0;
    for (const double factor : factors)
        logs += std::log(factor);
    const double mean = std::exp(logs / static_cast<double>(factors.size()));
    Index cut = 0;
    for (double& factor : factors) {
        const double kept = std::clamp(factor / mean, 1.0 / widest, widest);
        cut += kept == factor / mean ? 0 : 1;
        factor = kept;
    }
    const double largest = *std::ranges::max_element(factors);
    for (double& factor : factors)
        factor /= largest;
    return cut;
}

}  // namespace

std::string SmoothMethod::help() const {
    return "Multiplies every input channel of the weights by t = x^a / w^(1-a) before another "
           "method quantizes them, and divides by it after decoding: x is the root mean square of "
           "the channel's activations (from the Hessian), w its largest weight (SmoothQuant, Xiao "
           "et al., 2023; AWQ, Lin et al., 2024). Channels that matter get finer steps. Factors "
           "are "
           "kept within 1/1024 and 1024 times their geometric mean.";
}

std::vector<ParameterSpec> SmoothMethod::ownParameters() const {
    return {realParameter({"alpha", "Migration strength",
                           "a: 0 evens out the weights alone, 1 follows the activations alone; the "
                           "best is found by sweeping it."},
                          0.5, 0.0, 1.0, 0.1)};
}

TransformCost SmoothMethod::cost(const ParameterValues& /*values*/, Index rows, Index cols,
                                 const SideInformation& side) const {
    TransformCost cost;
    cost.rate[RatePart::Transforms] =
        ScaleFormat::bitCount(factorType, static_cast<std::uint64_t>(cols));
    cost.multiplyAdds = 2.0 * static_cast<double>(rows) * static_cast<double>(cols);
    if (side.hessian && side.hessian->isFull()) {
        const auto entries = static_cast<std::uint64_t>(cols) * static_cast<std::uint64_t>(cols);
        cost.multiplyAdds += static_cast<double>(entries);
        cost.workingBytes = sizeof(double) * entries;
    }
    if (!side.hessian) {
        cost.warnings.push_back(
            "No Hessian is given, so all activations count as equally large and the weights alone "
            "decide.");
    }
    return cost;
}

std::unique_ptr<Transform> SmoothMethod::fit(const ParameterValues& values, MatrixView weights,
                                             const SideInformation& side,
                                             const RunContext& context) const {
    const double alpha = values.real("alpha");
    const std::vector<double> largest = largestOfColumns(weights, context.stop());
    std::vector<double> factors;
    for (std::size_t c = 0; c < largest.size(); ++c) {
        const double activation = side.hessian ? std::sqrt(side.hessian->diagonal[c]) : 1.0;
        const bool counts = activation > 0.0 && largest[c] > 0.0;
        factors.push_back(counts ? std::pow(activation, alpha) / std::pow(largest[c], 1.0 - alpha)
                                 : 0.0);
    }
    fillGaps(factors);
    const Index cut = normalize(factors);
    Section stored = ScaleFormat::storeRounded(factorsSection, factorType, std::move(factors));
    stored.part = RatePart::Transforms;
    return std::make_unique<SmoothTransform>(std::move(stored), cut);
}

std::unique_ptr<Transform> SmoothMethod::load(const ParameterValues& /*values*/,
                                              const EncodedTensor& tensor) const {
    const Section& stored = tensor.section(factorsSection);
    const std::vector<double> factors = ScaleFormat::load(
        factorType, stored.bytes, static_cast<std::size_t>(std::max<Index>(0, tensor.cols)));
    if (std::ranges::any_of(factors, [](double factor) { return !(factor > 0.0); })) {
        throw Error("The encoded tensor (smooth) is damaged: a factor is zero.",
                    "Read the artifact from its original place, or quantize again.");
    }
    return std::make_unique<SmoothTransform>(stored);
}

}  // namespace quantscope::smooth
