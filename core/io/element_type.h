// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace quantscope {

/// How the bits of a stored number are to be read. Values are decoded by us, not by HDF5, which
/// knows neither bfloat16 in its disguises nor the special values of the 8-bit formats.
struct ElementType {
    enum class Kind {
        SignedInteger,
        UnsignedInteger,
        /// Sign bit, exponent, mantissa without its leading 1; IEEE rules for zero, subnormals,
        /// infinity and NaN.
        Float,
        /// As Float, but without infinities: only the all-ones pattern is NaN (OCP 8-bit floating
        /// point specification 1.0: E4M3).
        FiniteFloat,
        None,  ///< Not a number.
    };

    Kind kind = Kind::None;
    int bytes = 0;
    bool bigEndian = false;
    int exponentBits = 0;  ///< Float only.
    int mantissaBits = 0;  ///< Float only; stored bits, without the leading 1.
    int exponentBias = 0;  ///< Float only.
    /// Stored in a form that only HDF5 can decode (x87, VAX, packed integers): it is read as
    /// float64.
    bool convertedByHdf5 = false;

    bool operator==(const ElementType&) const = default;
    bool isNumber() const { return kind != Kind::None; }
    bool isInteger() const;
    bool isNativeFloat32() const;

    static ElementType integer(int bytes, bool isSigned, bool bigEndian);
    static ElementType ieee(int bytes, bool bigEndian);
    static ElementType bfloat16(bool bigEndian);
    static ElementType float8e4m3();
    static ElementType float8e5m2();
};

/// "float32", "bfloat16 big-endian", "uint8", "float8_e4m3", "float24 (e8m15)".
std::string elementTypeName(const ElementType& type);

/// The type that a `dtype` attribute names ("bfloat16", "torch.float16", "float8_e4m3fn") for
/// elements of `bytes` bytes whose own type says nothing; kind None if the name means nothing here.
ElementType elementTypeFromName(const std::string& name, int bytes, bool bigEndian);

/// Decodes `count` elements; `raw` holds count * type.bytes bytes. Rounds to nearest; values beyond
/// the target become infinite.
void decodeElements(const ElementType& type, const std::byte* raw, std::size_t count, float* out);
void decodeElements(const ElementType& type, const std::byte* raw, std::size_t count, double* out);
/// For integer types only. uint64 above the signed range wraps.
void decodeElements(const ElementType& type, const std::byte* raw, std::size_t count,
                    std::int64_t* out);

}  // namespace quantscope
