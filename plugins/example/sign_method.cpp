// SPDX-License-Identifier: GPL-3.0-or-later
#include "sign_method.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

/// How codes and scales lie in their sections.
struct Layout {
    Index rows = 0;
    Index cols = 0;
    int planes = 1;
    Index group = 1;  ///< Input channels that share their scales; the last group may be shorter.

    Layout(const MethodSpec& spec, Index rowCount, Index colCount)
        : rows(rowCount), cols(colCount) {
        const ParameterValues values(spec.parameters);
        planes = static_cast<int>(values.integer("bits"));
        const auto wanted = static_cast<Index>(values.integer("group"));
        group = wanted == 0 ? std::max<Index>(cols, 1) : wanted;
    }

    Index groups() const { return (cols + group - 1) / group; }
    Index scaleCount() const { return rows * groups() * planes; }
    std::uint64_t codeBits() const { return PackedCodes::bitCount(rows * cols, planes); }

    /// Rows per parallel block; a multiple of 8, so that every block's codes begin at a whole byte.
    Index rowsPerBlock() const { return (blockRows(cols) + 7) / 8 * 8; }
};

// Scales are stored as bfloat16, the upper half of a float: 16 bits with the range of weights, so
// that none is too large or too small, at a precision that costs nothing beside the error of signs.

std::uint16_t nearestScale(float value) {
    constexpr std::uint32_t largest = 0x7F7FU;
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;  // Ties to even.
    return static_cast<std::uint16_t>(std::min(rounded, largest));
}

float scaleValue(std::uint16_t stored) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(stored) << 16);
}

void storeScale(std::span<std::uint8_t> bytes, Index position, std::uint16_t stored) {
    bytes[static_cast<std::size_t>(2 * position)] = static_cast<std::uint8_t>(stored & 0xFFU);
    bytes[static_cast<std::size_t>(2 * position + 1)] = static_cast<std::uint8_t>(stored >> 8);
}

float loadScale(std::span<const std::uint8_t> bytes, Index position) {
    const unsigned low = bytes[static_cast<std::size_t>(2 * position)];
    const unsigned high = bytes[static_cast<std::size_t>(2 * position + 1)];
    return scaleValue(static_cast<std::uint16_t>(low | high << 8));
}

std::uint16_t meanMagnitude(std::span<const float> values) {
    double sum = 0.0;
    for (const float value : values)
        sum += std::abs(static_cast<double>(value));
    return nearestScale(static_cast<float>(sum / static_cast<double>(values.size())));
}

/// Encodes one group, of which `rest` holds the weights: takes the planes off one by one, and sets
/// bit k of a code where plane k is positive.
void encodeGroup(std::span<float> rest, std::span<std::uint32_t> codes, int planes,
                 std::span<std::uint8_t> scales, Index firstScale) {
    std::ranges::fill(codes, 0U);
    for (int plane = 0; plane < planes; ++plane) {
        const std::uint16_t stored = meanMagnitude(rest);
        storeScale(scales, firstScale + plane, stored);
        // The rounded scale is what the decoder will see, so it is what the next plane corrects.
        const float scale = scaleValue(stored);
        for (std::size_t i = 0; i < rest.size(); ++i) {
            const bool positive = rest[i] >= 0.0F;
            if (positive) codes[i] |= 1U << plane;
            rest[i] -= positive ? scale : -scale;
        }
    }
}

class SignQuantizer final : public Quantizer {
public:
    explicit SignQuantizer(MethodSpec spec) : m_spec(std::move(spec)) {}

    Preflight preflight(Index rows, Index cols, const SideInformation&) const override {
        Preflight preflight;
        if (rows < 1 || cols < 1) {
            preflight.refusal = "The tensor has no weights. Choose another tensor.";
            return preflight;
        }
        const Layout layout(m_spec, rows, cols);
        preflight.rate[RatePart::Codes] = layout.codeBits();
        preflight.rate[RatePart::Scales] = 16 * static_cast<std::uint64_t>(layout.scaleCount());
        preflight.rate[RatePart::Padding] =
            8 * PackedCodes::byteCount(rows * cols, layout.planes) - layout.codeBits();
        const Index block = std::min(layout.rowsPerBlock(), rows) * cols;
        preflight.workingBytes =
            static_cast<std::uint64_t>(block) * (sizeof(float) + sizeof(std::uint32_t));
        preflight.multiplyAdds =
            static_cast<double>(rows) * static_cast<double>(cols) * (1.0 + 2.0 * layout.planes);
        return preflight;
    }

    EncodedTensor quantize(const TensorSource& weights, const SideInformation&,
                           const RunContext& context, PhaseSeconds& seconds) const override {
        const PhaseTimer timer(seconds.encode);
        const Layout layout(m_spec, weights.rows(), weights.cols());
        EncodedTensor encoded{m_spec, layout.rows, layout.cols, Json::object(), {}};
        std::vector<std::uint8_t> codes(
            PackedCodes::byteCount(layout.rows * layout.cols, layout.planes));
        std::vector<std::uint8_t> scales(2 * static_cast<std::size_t>(layout.scaleCount()));
        const WeightReader reader(weights, context.stop());
        ProgressCounter progress(context, static_cast<double>(layout.rows), "encoding");
        parallelFor(
            layout.rows, layout.rowsPerBlock(), context.stop(), [&](Index begin, Index end) {
                std::vector<float> storage;
                encodeRows(layout, begin, reader.read(begin, end - begin, storage), codes, scales);
                progress.add(static_cast<double>(end - begin));
            });
        encoded.sections.push_back({"codes", RatePart::Codes, layout.codeBits(), std::move(codes)});
        const std::uint64_t scaleBits = 8 * scales.size();
        encoded.sections.push_back({"scales", RatePart::Scales, scaleBits, std::move(scales)});
        return encoded;
    }

private:
    static void encodeRows(const Layout& layout, Index firstRow, MatrixView weights,
                           std::span<std::uint8_t> codes, std::span<std::uint8_t> scales) {
        std::vector<std::uint32_t> blockCodes(static_cast<std::size_t>(weights.size()));
        std::vector<float> rest;
        for (Index r = 0; r < weights.rows; ++r) {
            const Index row = firstRow + r;
            for (Index g = 0; g < layout.groups(); ++g) {
                const Index first = g * layout.group;
                const auto length =
                    static_cast<std::size_t>(std::min(layout.group, layout.cols - first));
                const auto group = weights.row(r).subspan(static_cast<std::size_t>(first), length);
                rest.assign(group.begin(), group.end());
                encodeGroup(rest,
                            std::span(blockCodes)
                                .subspan(static_cast<std::size_t>(r * layout.cols + first), length),
                            layout.planes, scales, (row * layout.groups() + g) * layout.planes);
            }
        }
        PackedCodes::packAt(codes, firstRow * layout.cols, blockCodes, layout.planes);
    }

    MethodSpec m_spec;
};

Error damaged() {
    return Error("The sections of the encoded tensor do not fit its shape.",
                 "The artifact is damaged; quantize again.");
}

class SignDecoder final : public Decoder {
public:
    explicit SignDecoder(std::shared_ptr<const EncodedTensor> tensor)
        : m_tensor(std::move(tensor)),
          m_layout(m_tensor->method, m_tensor->rows, m_tensor->cols),
          m_codes(m_tensor->section("codes").bytes),
          m_scales(m_tensor->section("scales").bytes) {
        // A damaged artifact may claim any shape; what follows must not overflow.
        constexpr Index mostWeights = Index{1} << 48;
        if (m_layout.rows < 1 || m_layout.cols < 1 || m_layout.rows > mostWeights / m_layout.cols) {
            throw damaged();
        }
        const std::uint64_t codeBytes =
            PackedCodes::byteCount(m_layout.rows * m_layout.cols, m_layout.planes);
        if (m_codes.size() != codeBytes ||
            m_scales.size() != 2 * static_cast<std::size_t>(m_layout.scaleCount())) {
            throw damaged();
        }
    }

    void decode(Index firstRow, MatrixSpan out) const override {
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_layout.cols));
        for (Index r = 0; r < out.rows; ++r) {
            const Index row = firstRow + r;
            PackedCodes::unpack(m_codes, row * m_layout.cols, m_layout.planes, codes);
            for (Index c = 0; c < m_layout.cols; ++c) {
                out(r, c) = value(codes[static_cast<std::size_t>(c)], firstScale(row, c));
            }
        }
    }

    std::vector<Codebook> codebooks() const override {
        Codebook signs{"signs", 1, std::vector<std::uint64_t>(codeCount()), {}};
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_layout.cols));
        for (Index row = 0; row < m_layout.rows; ++row) {
            PackedCodes::unpack(m_codes, row * m_layout.cols, m_layout.planes, codes);
            for (const std::uint32_t code : codes)
                ++signs.counts[code];
        }
        return {signs};
    }

    std::vector<float> levels(Index row, Index column) const override {
        std::vector<float> levels(codeCount());
        for (std::uint32_t code = 0; code < levels.size(); ++code) {
            levels[code] = value(code, firstScale(row, column));
        }
        std::ranges::sort(levels);
        return levels;
    }

private:
    std::size_t codeCount() const { return std::size_t{1} << m_layout.planes; }

    Index firstScale(Index row, Index column) const {
        return (row * m_layout.groups() + column / m_layout.group) * m_layout.planes;
    }

    float value(std::uint32_t code, Index scalePosition) const {
        double sum = 0.0;
        for (int plane = 0; plane < m_layout.planes; ++plane) {
            const double scale = loadScale(m_scales, scalePosition + plane);
            sum += (code >> plane & 1U) != 0U ? scale : -scale;
        }
        return toFiniteFloat(sum);
    }

    std::shared_ptr<const EncodedTensor> m_tensor;
    Layout m_layout;
    std::span<const std::uint8_t> m_codes;
    std::span<const std::uint8_t> m_scales;
};

}  // namespace

std::string SignMethod::help() const {
    return "Keeps the sign of every weight, then the sign of what remains, and so on, each with "
           "the "
           "scale of least squares (Rastegari et al. 2016; Guo et al. 2017).";
}

std::vector<ParameterSpec> SignMethod::parameters() const {
    return {
        integerParameter(
            {"bits", "Sign planes",
             "How many signs are kept per weight; each costs one bit per weight.", "bits"},
            1, 1, 8),
        integerParameter({"group", "Group size",
                          "Input channels that share a scale; 0 means the whole row.", "channels"},
                         0, 0, 1 << 20)};
}

std::unique_ptr<Quantizer> SignMethod::quantizer(const MethodSpec& spec,
                                                 const MethodRegistry&) const {
    return std::make_unique<SignQuantizer>(spec);
}

std::unique_ptr<Decoder> SignMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                             const MethodRegistry&) const {
    return std::make_unique<SignDecoder>(std::move(tensor));
}

}  // namespace quantscope
