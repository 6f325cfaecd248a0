// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/encoded_tensor.h"
#include "core/quant/parameter.h"

namespace quantscope {

/// How codewords are stored: as binary16 or binary32 numbers times a power of two that all
/// codebooks of a tensor share, so that tensors of any magnitude keep their precision. While they
/// are trained, codewords are relative to 2^exponent, as the vectors of a TrainingSample are.
class CodewordFormat {
public:
    CodewordFormat(bool half, int exponent) : m_half(half), m_exponent(exponent) {}

    /// The parameter by which methods offer the choice, "precision", and its value.
    static ParameterSpec parameter();
    static bool isHalf(const ParameterValues& values);

    int exponent() const { return m_exponent; }
    int bitsPerComponent() const { return bitsPerComponent(m_half); }
    static int bitsPerComponent(bool half) { return half ? 16 : 32; }

    /// The largest component that can be stored.
    static double largest(bool half);

    /// Replaces codewords by the nearest ones that can be stored.
    void round(MatrixSpan codewords) const;

    /// The codewords (rounded before) as a section of count * dim numbers, little-endian, row by
    /// row.
    Section store(const std::string& name, MatrixView codewords) const;
    /// The codewords at their true magnitude. Throws Error when the section does not hold count x
    /// dim finite numbers.
    Matrix load(const Section& section, Index count, Index dim) const;

    /// The exponent as a section of its own.
    static constexpr int exponentBits = 16;
    Section storeExponent() const;
    /// Throws Error when the tensor has no valid exponent.
    static CodewordFormat load(const EncodedTensor& tensor, bool half);

private:
    bool m_half;
    int m_exponent;
};

}  // namespace quantscope
