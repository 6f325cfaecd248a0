// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/element_type.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/float16.h"

namespace quantscope {

static_assert(std::endian::native == std::endian::little, "element decoding assumes little-endian");

namespace {

template <typename Unsigned>
Unsigned swapped(Unsigned value) {
    if constexpr (sizeof(Unsigned) == 2) {
        return __builtin_bswap16(value);
    } else if constexpr (sizeof(Unsigned) == 4) {
        return __builtin_bswap32(value);
    } else if constexpr (sizeof(Unsigned) == 8) {
        return __builtin_bswap64(value);
    } else {
        return value;
    }
}

/// Calls `convert` on the bits of every element, in the machine's byte order.
template <typename Unsigned, typename Out, typename Convert>
void decodeEach(const std::byte* raw, std::size_t count, bool bigEndian, Out* out,
                const Convert& convert) {
    for (std::size_t i = 0; i < count; ++i) {
        Unsigned bits;
        std::memcpy(&bits, raw + i * sizeof(Unsigned), sizeof(Unsigned));
        out[i] = static_cast<Out>(convert(bigEndian ? swapped(bits) : bits));
    }
}

template <typename Out>
void decodeIntegers(const ElementType& type, const std::byte* raw, std::size_t count, Out* out) {
    const auto decode = [&]<typename Signed, typename Unsigned>(Signed, Unsigned) {
        if (type.kind == ElementType::Kind::SignedInteger) {
            decodeEach<Unsigned>(raw, count, type.bigEndian, out,
                                 [](Unsigned bits) { return static_cast<Signed>(bits); });
        } else {
            decodeEach<Unsigned>(raw, count, type.bigEndian, out,
                                 [](Unsigned bits) { return bits; });
        }
    };
    switch (type.bytes) {
        case 1:
            return decode(std::int8_t{}, std::uint8_t{});
        case 2:
            return decode(std::int16_t{}, std::uint16_t{});
        case 4:
            return decode(std::int32_t{}, std::uint32_t{});
        default:
            return decode(std::int64_t{}, std::uint64_t{});
    }
}

float bfloat16Value(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Any float format of at most 32 bits, by the definition.
double floatValue(const ElementType& type, std::uint32_t bits) {
    const std::uint32_t mantissaMask = (std::uint32_t{1} << type.mantissaBits) - 1;
    const std::uint32_t exponentMask = (std::uint32_t{1} << type.exponentBits) - 1;
    const std::uint32_t mantissa = bits & mantissaMask;
    const std::uint32_t exponent = (bits >> type.mantissaBits) & exponentMask;
    const bool negative = ((bits >> (type.mantissaBits + type.exponentBits)) & 1U) != 0;
    double value = 0.0;
    if (type.kind == ElementType::Kind::Float && exponent == exponentMask) {
        value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
    } else if (exponent == exponentMask && mantissa == mantissaMask) {
        value = std::numeric_limits<double>::quiet_NaN();
    } else if (exponent == 0) {
        value = std::ldexp(mantissa, 1 - type.exponentBias - type.mantissaBits);
    } else {
        value = std::ldexp(mantissa + mantissaMask + 1.0,
                           static_cast<int>(exponent) - type.exponentBias - type.mantissaBits);
    }
    return negative ? -value : value;
}

template <typename Out>
void decodeFloat8(const ElementType& type, const std::byte* raw, std::size_t count, Out* out) {
    std::array<Out, 256> values;
    for (std::uint32_t bits = 0; bits < values.size(); ++bits) {
        values[bits] = static_cast<Out>(floatValue(type, bits));
    }
    decodeEach<std::uint8_t>(raw, count, false, out,
                             [&values](std::uint8_t bits) { return values[bits]; });
}

template <typename Out>
void decodeFloats(const ElementType& type, const std::byte* raw, std::size_t count, Out* out) {
    const ElementType littleEndian = [&] {
        ElementType copy = type;
        copy.bigEndian = false;
        return copy;
    }();
    if (littleEndian == ElementType::ieee(4, false)) {
        decodeEach<std::uint32_t>(raw, count, type.bigEndian, out,
                                  [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
    } else if (type.bytes == 8) {
        decodeEach<std::uint64_t>(raw, count, type.bigEndian, out,
                                  [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
    } else if (littleEndian == ElementType::ieee(2, false)) {
        decodeEach<std::uint16_t>(raw, count, type.bigEndian, out, fromFloat16);
    } else if (littleEndian == ElementType::bfloat16(false)) {
        decodeEach<std::uint16_t>(raw, count, type.bigEndian, out, bfloat16Value);
    } else if (type.bytes == 1) {
        decodeFloat8(type, raw, count, out);
    } else if (type.bytes == 2) {
        decodeEach<std::uint16_t>(raw, count, type.bigEndian, out,
                                  [&](std::uint16_t bits) { return floatValue(type, bits); });
    } else {
        decodeEach<std::uint32_t>(raw, count, type.bigEndian, out,
                                  [&](std::uint32_t bits) { return floatValue(type, bits); });
    }
}

template <typename Out>
void decode(const ElementType& type, const std::byte* raw, std::size_t count, Out* out) {
    if (type.isInteger()) {
        decodeIntegers(type, raw, count, out);
    } else {
        decodeFloats(type, raw, count, out);
    }
}

}  // namespace

bool ElementType::isInteger() const {
    return kind == Kind::SignedInteger || kind == Kind::UnsignedInteger;
}

bool ElementType::isNativeFloat32() const {
    return *this == ieee(4, false);
}

ElementType ElementType::integer(int bytes, bool isSigned, bool bigEndian) {
    ElementType type;
    type.kind = isSigned ? Kind::SignedInteger : Kind::UnsignedInteger;
    type.bytes = bytes;
    type.bigEndian = bigEndian && bytes > 1;
    return type;
}

ElementType ElementType::ieee(int bytes, bool bigEndian) {
    switch (bytes) {
        case 2:
            return {Kind::Float, 2, bigEndian, 5, 10, 15, false};
        case 4:
            return {Kind::Float, 4, bigEndian, 8, 23, 127, false};
        default:
            return {Kind::Float, 8, bigEndian, 11, 52, 1023, false};
    }
}

ElementType ElementType::bfloat16(bool bigEndian) {
    return {Kind::Float, 2, bigEndian, 8, 7, 127, false};
}

ElementType ElementType::float8e4m3() {
    return {Kind::FiniteFloat, 1, false, 4, 3, 7, false};
}

ElementType ElementType::float8e5m2() {
    return {Kind::Float, 1, false, 5, 2, 15, false};
}

std::string elementTypeName(const ElementType& type) {
    const std::string order = type.bigEndian ? " big-endian" : "";
    const std::string bits = std::to_string(type.bytes * 8);
    ElementType plain = type;
    plain.bigEndian = false;
    if (type.kind == ElementType::Kind::SignedInteger) return "int" + bits + order;
    if (type.kind == ElementType::Kind::UnsignedInteger) return "uint" + bits + order;
    for (const int bytes : {2, 4, 8}) {
        if (plain == ElementType::ieee(bytes, false)) return "float" + bits + order;
    }
    if (plain == ElementType::bfloat16(false)) return "bfloat16" + order;
    const std::string fields =
        "e" + std::to_string(type.exponentBits) + "m" + std::to_string(type.mantissaBits);
    if (type.bytes == 1) return "float8_" + fields;
    return "float" + bits + " (" + fields + ")" + order;
}

ElementType elementTypeFromName(const std::string& name, int bytes, bool bigEndian) {
    std::string word = name.substr(name.rfind('.') + 1);  // "torch.bfloat16"
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
    if (bytes == 2 && (word == "bfloat16" || word == "bf16")) {
        return ElementType::bfloat16(bigEndian);
    }
    if (bytes == 2 && (word == "float16" || word == "half" || word == "f16" || word == "fp16")) {
        return ElementType::ieee(2, bigEndian);
    }
    if (bytes == 1 && (word == "float8_e4m3fn" || word == "float8_e4m3" || word == "f8_e4m3")) {
        return ElementType::float8e4m3();
    }
    if (bytes == 1 && (word == "float8_e5m2" || word == "f8_e5m2"))
        return ElementType::float8e5m2();
    return {};
}

void decodeElements(const ElementType& type, const std::byte* raw, std::size_t count, float* out) {
    decode(type, raw, count, out);
}

void decodeElements(const ElementType& type, const std::byte* raw, std::size_t count, double* out) {
    decode(type, raw, count, out);
}

void decodeElements(const ElementType& type, const std::byte* raw, std::size_t count,
                    std::int64_t* out) {
    assert(type.isInteger());
    decodeIntegers(type, raw, count, out);
}

}  // namespace quantscope
