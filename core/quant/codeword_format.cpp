// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/codeword_format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/float16.h"

namespace quantscope {
namespace {

constexpr const char* exponentSection = "codebook/exponent";
constexpr const char* precisionParameter = "precision";

// Vectors are below 2 in magnitude; sums of codewords and refitted codebooks may exceed that. With
// this factor binary16 holds values up to 31.9, and has its full precision down to 2^-25.
constexpr float halfFactor = 0x1.0p11F;
constexpr float largestHalf = 65504.0F;

std::uint16_t halfBits(float value) {
    return toFloat16(std::clamp(value * halfFactor, -largestHalf, largestHalf));
}

Error damaged(const std::string& what) {
    return Error("The encoded tensor is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

template <typename Word>
void append(std::vector<std::uint8_t>& bytes, Word word) {
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
        bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
    }
}

template <typename Word>
Word wordAt(const std::vector<std::uint8_t>& bytes, std::size_t position) {
    Word word = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
        word = static_cast<Word>(word | static_cast<Word>(bytes[position + i]) << (8 * i));
    }
    return word;
}

}  // namespace

ParameterSpec CodewordFormat::parameter() {
    return choiceParameter(
               {precisionParameter, "Codebook precision",
                "How codewords are stored; they are rounded before the tensor is encoded."},
               "fp16", {{"fp16", "16-bit floating point"}, {"fp32", "32-bit floating point"}})
        .foldedAway();
}

bool CodewordFormat::isHalf(const ParameterValues& values) {
    return values.choice(precisionParameter) == "fp16";
}

double CodewordFormat::largest(bool half) {
    return half ? static_cast<double>(largestHalf / halfFactor)
                : static_cast<double>(std::numeric_limits<float>::max());
}

void CodewordFormat::round(MatrixSpan codewords) const {
    if (!m_half) return;
    for (Index k = 0; k < codewords.rows; ++k) {
        for (float& value : codewords.row(k))
            value = fromFloat16(halfBits(value)) / halfFactor;
    }
}

Section CodewordFormat::store(const std::string& name, MatrixView codewords) const {
    Section section{name, RatePart::Codebooks, 0, {}};
    for (Index k = 0; k < codewords.rows; ++k) {
        for (const float value : codewords.row(k)) {
            if (m_half) {
                append(section.bytes, halfBits(value));
            } else {
                append(section.bytes, std::bit_cast<std::uint32_t>(value));
            }
        }
    }
    section.usedBits = section.bytes.size() * 8;
    return section;
}

Matrix CodewordFormat::load(const Section& section, Index count, Index dim) const {
    const std::size_t width = m_half ? sizeof(std::uint16_t) : sizeof(std::uint32_t);
    const std::size_t size = section.bytes.size() / width;
    // A damaged artifact may claim a length of codewords that no memory holds.
    if (section.bytes.size() % width != 0 || size % static_cast<std::size_t>(count) != 0 ||
        size / static_cast<std::size_t>(count) != static_cast<std::size_t>(dim)) {
        throw damaged("section '" + section.name + "' has " + std::to_string(section.bytes.size()) +
                      " bytes");
    }
    Matrix codewords(count, dim);
    const double scale = std::exp2(m_exponent);
    for (std::size_t i = 0; i < size; ++i) {
        const float stored =
            m_half ? fromFloat16(wordAt<std::uint16_t>(section.bytes, i * width)) / halfFactor
                   : std::bit_cast<float>(wordAt<std::uint32_t>(section.bytes, i * width));
        if (!std::isfinite(stored))
            throw damaged("a codeword of '" + section.name + "' is not finite");
        codewords.data()[i] = toFiniteFloat(static_cast<double>(stored) * scale);
    }
    return codewords;
}

Section CodewordFormat::storeExponent() const {
    Section section{exponentSection, RatePart::Codebooks, exponentBits, {}};
    append(section.bytes, static_cast<std::uint16_t>(static_cast<std::int16_t>(m_exponent)));
    return section;
}

CodewordFormat CodewordFormat::load(const EncodedTensor& tensor, bool half) {
    const Section& section = tensor.section(exponentSection);
    if (section.bytes.size() != sizeof(std::int16_t)) throw damaged("its exponent is cut off");
    const auto exponent = static_cast<std::int16_t>(wordAt<std::uint16_t>(section.bytes, 0));
    // The range of binary32, subnormal numbers included.
    constexpr int least = -149;
    constexpr int most = 127;
    if (exponent < least || exponent > most) {
        throw damaged("its exponent is " + std::to_string(exponent));
    }
    return {half, exponent};
}

}  // namespace quantscope
