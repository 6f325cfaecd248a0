// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/kquant_quantizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"
#include "plugins/kquant/superblock.h"

namespace quantscope::kquant {

namespace {

constexpr int floatBits = 16;

/// The exponent of the largest magnitude; 0 for a tensor of zeros.
int largestExponent(const TensorSource& weights, const std::stop_token& stop) {
    const WeightReader reader(weights, stop);
    const float largest = parallelReduce(
        weights.rows(), reader.rowsAtOnce(), stop, 0.0F,
        [&](Index begin, Index end) {
            std::vector<float> storage;
            const MatrixView rows = reader.read(begin, end - begin, storage);
            float most = 0.0F;
            for (Index r = 0; r < rows.rows; ++r) {
                for (const float weight : rows.row(r))
                    most = std::max(most, std::abs(weight));
            }
            return most;
        },
        [](float& total, float part) { total = std::max(total, part); });
    return largest > 0.0F ? std::ilogb(largest) : 0;
}

/// How much the squared error of each column counts, about 1 in the mean; empty for all the same.
std::vector<float> columnWeights(const SideInformation& side) {
    if (!side.hessian) return {};
    const std::vector<double>& diagonal = side.hessian->diagonal;
    const double mean = std::accumulate(diagonal.begin(), diagonal.end(), 0.0) /
                        static_cast<double>(diagonal.size());
    if (!(mean > 0.0)) return {};
    // No column counts for nothing, so that every part has a fit.
    constexpr double least = 1e-6;
    std::vector<float> weights;
    for (const double value : diagonal)
        weights.push_back(static_cast<float>(std::max(value / mean, least)));
    return weights;
}

/// Codes of all superblocks, as they are before packing.
struct Coded {
    std::vector<std::uint32_t> scales;
    std::vector<std::uint32_t> minima;
    std::vector<std::uint32_t> floats;
};

/// Weights of one superblock, scaled by a power of two, and how much each counts.
class Window {
public:
    Window(const Layout& layout, Index cols, int exponent, const std::vector<float>& columns)
        : m_cols(cols),
          m_factor(std::exp2(-exponent)),
          m_columns(columns),
          m_values(static_cast<std::size_t>(layout.superblock)),
          m_weights(m_values.size(), 1.0F) {}

    /// Takes `weights`, the first of which is number `first` of the tensor.
    void fill(std::span<const float> weights, Index first) {
        std::ranges::fill(m_values, 0.0F);
        std::ranges::transform(weights, m_values.begin(), [this](float weight) {
            return static_cast<float>(static_cast<double>(weight) * m_factor);
        });
        if (m_columns.empty()) return;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const Index column = (first + static_cast<Index>(i)) % m_cols;
            m_weights[i] = m_columns[static_cast<std::size_t>(column)];
        }
    }

    std::span<const float> values() const { return m_values; }
    std::span<const float> weights() const { return m_weights; }

private:
    Index m_cols;
    double m_factor;
    const std::vector<float>& m_columns;
    std::vector<float> m_values;
    std::vector<float> m_weights;
};

void place(const std::vector<std::uint32_t>& from, Index block, std::vector<std::uint32_t>& all) {
    std::ranges::copy(from, all.begin() + block * std::ssize(from));
}

Section packed(const char* name, RatePart part, const std::vector<std::uint32_t>& codes,
               int width) {
    return {name, part, PackedCodes::bitCount(std::ssize(codes), width),
            PackedCodes::pack(codes, width)};
}

}  // namespace

Index superblockCount(const Layout& layout, Index weights) {
    return (weights + layout.superblock - 1) / layout.superblock;
}

KquantQuantizer::KquantQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_layout(layoutFrom(ParameterValues(m_spec.parameters))),
      m_useHessian(ParameterValues(m_spec.parameters).boolean("importance")) {}

Preflight KquantQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    if (m_useHessian && side.hessian && side.hessian->size != cols) {
        result.refusal = "The Hessian is for " + std::to_string(side.hessian->size) +
                         " input channels, but the tensor has " + std::to_string(cols) +
                         ". Choose the Hessian that belongs to it, or importance=false.";
        return result;
    }
    if (cols % m_layout.superblock != 0) {
        result.warnings.push_back("Rows of " + std::to_string(cols) +
                                  " weights are no multiple of " +
                                  std::to_string(m_layout.superblock) +
                                  ": blocks go on in the next row, and llama.cpp would not use "
                                  "this layout here.");
    }
    const Index blocks = superblockCount(m_layout, rows * cols);
    const auto add = [&](RatePart part, Index count, int width) {
        const std::uint64_t bits = PackedCodes::bitCount(count, width);
        result.rate[part] += bits;
        result.rate[RatePart::Padding] += (8 - bits % 8) % 8;
    };
    add(RatePart::Codes, blocks * m_layout.superblock, m_layout.bits);
    add(RatePart::Scales, blocks * m_layout.floats(), floatBits);
    add(RatePart::Scales, 1, exponentBits);
    if (m_layout.hasParts()) {
        for (int i = 0; i < m_layout.floats(); ++i)
            add(RatePart::Scales, blocks * m_layout.parts(), m_layout.scaleBits);
    }
    // Scales wait unpacked.
    constexpr std::uint64_t buffers = std::uint64_t{32} << 20;
    result.workingBytes = buffers + static_cast<std::uint64_t>(blocks) * 4 *
                                        static_cast<std::uint64_t>(2 * m_layout.parts() + 2);
    constexpr double roundings = 20.0;
    const double perRounding = m_layout.levels == LevelKind::Table ? 50.0 : 8.0;
    result.multiplyAdds =
        static_cast<double>(rows) * static_cast<double>(cols) * roundings * perRounding;
    return result;
}

EncodedTensor KquantQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                        const RunContext& context, PhaseSeconds& seconds) const {
    const Index rows = weights.rows();
    const Index cols = weights.cols();
    int exponent = 0;
    std::vector<float> columns;
    {
        const PhaseTimer timer(seconds.train);
        exponent = largestExponent(weights, context.stop());
        if (m_useHessian) columns = columnWeights(side);
    }
    const PhaseTimer timer(seconds.encode);
    const Index blocks = superblockCount(m_layout, rows * cols);
    const auto size = static_cast<std::size_t>(m_layout.superblock);
    const Index codeCount = blocks * m_layout.superblock;
    Section codes{codesSection, RatePart::Codes, PackedCodes::bitCount(codeCount, m_layout.bits),
                  std::vector<std::uint8_t>(PackedCodes::byteCount(codeCount, m_layout.bits))};
    Coded coded;
    const auto parts =
        static_cast<std::size_t>(m_layout.hasParts() ? blocks * m_layout.parts() : 0);
    coded.scales.resize(parts);
    coded.minima.resize(m_layout.isAffine() ? parts : 0);
    coded.floats.resize(static_cast<std::size_t>(blocks * m_layout.floats()));
    ProgressCounter progress(context, static_cast<double>(rows), "encoding");
    const Index granule = m_layout.superblock / std::gcd(m_layout.superblock, cols);
    forEachRowRange(
        weights, granule, context.stop(),
        [&](Index begin, Index end, std::span<const float> values) {
            Window window(m_layout, cols, exponent, columns);
            for (std::size_t first = 0; first < values.size(); first += size) {
                constexpr std::size_t blocksPerCheck = 256;
                if (first / size % blocksPerCheck == 0) context.throwIfStopped();
                const Index weight = begin * cols + static_cast<Index>(first);
                window.fill(values.subspan(first, std::min(size, values.size() - first)), weight);
                const Superblock block =
                    encodeSuperblock(m_layout, window.values(), window.weights());
                const Index number = weight / m_layout.superblock;
                PackedCodes::packAt(codes.bytes, number * m_layout.superblock, block.codes,
                                    m_layout.bits);
                place(block.scales, number, coded.scales);
                place(block.minima, number, coded.minima);
                place({block.floats.begin(), block.floats.end()}, number, coded.floats);
            }
            progress.add(static_cast<double>(end - begin));
        });
    EncodedTensor encoded{m_spec, rows, cols, Json::object(), {}};
    encoded.sections.push_back(std::move(codes));
    encoded.sections.push_back(packed(floatsSection, RatePart::Scales, coded.floats, floatBits));
    const auto exponentCode =
        static_cast<std::uint32_t>(static_cast<std::uint16_t>(static_cast<std::int16_t>(exponent)));
    encoded.sections.push_back(
        packed(exponentSection, RatePart::Scales, {exponentCode}, exponentBits));
    if (m_layout.hasParts()) {
        encoded.sections.push_back(
            packed(scalesSection, RatePart::Scales, coded.scales, m_layout.scaleBits));
        if (m_layout.isAffine()) {
            encoded.sections.push_back(
                packed(minimaSection, RatePart::Scales, coded.minima, m_layout.scaleBits));
        }
    }
    return encoded;
}

}  // namespace quantscope::kquant
