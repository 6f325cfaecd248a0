// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/stored_type.h"

#include <algorithm>

namespace quantscope {

namespace {

StoredType notANumber(std::string name, std::size_t bytes, std::string reason) {
    return {std::move(name), bytes, {}, std::move(reason)};
}

StoredType number(const ElementType& element) {
    return {elementTypeName(element), static_cast<std::size_t>(element.bytes), element, {}};
}

/// Elements that only HDF5 can decode are read as float64.
StoredType converted(std::string name, std::size_t bytes) {
    ElementType element = ElementType::ieee(8, false);
    element.convertedByHdf5 = true;
    return {std::move(name), bytes, element, {}};
}

bool isBigEndian(hid_t type) {
    return H5Tget_order(type) == H5T_ORDER_BE;
}

bool hasPlainOrder(hid_t type) {
    const H5T_order_t order = H5Tget_order(type);
    return order == H5T_ORDER_LE || order == H5T_ORDER_BE;
}

bool fillsItsBytes(hid_t type, int bytes) {
    return H5Tget_precision(type) == static_cast<std::size_t>(bytes) * 8 &&
           H5Tget_offset(type) == 0;
}

StoredType describeInteger(hid_t type, const std::string& dtypeName) {
    const auto bytes = static_cast<int>(H5Tget_size(type));
    const bool isSigned = H5Tget_sign(type) == H5T_SGN_2;
    const bool usual = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (!usual || !hasPlainOrder(type) || !fillsItsBytes(type, bytes)) {
        const std::string bits = std::to_string(H5Tget_precision(type));
        return converted((isSigned ? "int" : "uint") + bits, static_cast<std::size_t>(bytes));
    }
    if (!isSigned) {
        const ElementType named = elementTypeFromName(dtypeName, bytes, isBigEndian(type));
        if (named.isNumber()) return number(named);
    }
    return number(ElementType::integer(bytes, isSigned, isBigEndian(type)));
}

StoredType describeFloat(hid_t type) {
    std::size_t signPosition = 0;
    std::size_t exponentPosition = 0;
    std::size_t exponentBits = 0;
    std::size_t mantissaPosition = 0;
    std::size_t mantissaBits = 0;
    H5Tget_fields(type, &signPosition, &exponentPosition, &exponentBits, &mantissaPosition,
                  &mantissaBits);
    const auto bytes = static_cast<int>(H5Tget_size(type));
    const bool plain = hasPlainOrder(type) && fillsItsBytes(type, bytes) &&
                       H5Tget_norm(type) == H5T_NORM_IMPLIED && mantissaPosition == 0 &&
                       exponentPosition == mantissaBits &&
                       signPosition == mantissaBits + exponentBits &&
                       signPosition + 1 == static_cast<std::size_t>(bytes) * 8;
    ElementType element;
    element.kind = ElementType::Kind::Float;
    element.bytes = bytes;
    element.bigEndian = bytes > 1 && isBigEndian(type);
    element.exponentBits = static_cast<int>(exponentBits);
    element.mantissaBits = static_cast<int>(mantissaBits);
    element.exponentBias = static_cast<int>(std::min<std::size_t>(H5Tget_ebias(type), 1 << 20));
    ElementType asE4m3 = element;
    asE4m3.kind = ElementType::Kind::FiniteFloat;
    if (plain && asE4m3 == ElementType::float8e4m3()) return number(asE4m3);
    if (plain && (bytes == 1 || bytes == 2 || bytes == 4)) return number(element);
    if (plain && element == ElementType::ieee(8, element.bigEndian)) return number(element);
    return converted("float" + std::to_string(H5Tget_precision(type)),
                     static_cast<std::size_t>(bytes));
}

StoredType describeOpaque(hid_t type, const std::string& dtypeName) {
    const std::size_t bytes = H5Tget_size(type);
    std::string name = dtypeName;
    if (name.empty()) {
        if (char* const tag = H5Tget_tag(type)) {
            name = tag;
            H5free_memory(tag);
        }
    }
    const ElementType element =
        elementTypeFromName(name, static_cast<int>(std::min<std::size_t>(bytes, 1024)), false);
    if (element.isNumber()) return number(element);
    return notANumber("opaque", bytes,
                      "Opaque bytes: without a dtype attribute such as bfloat16 nothing says what "
                      "they mean.");
}

bool isComplex(hid_t type) {
    if (H5Tget_nmembers(type) != 2) return false;
    for (unsigned i = 0; i < 2; ++i) {
        char* const name = H5Tget_member_name(type, i);
        const bool matches = name != nullptr && std::string(name) == (i == 0 ? "r" : "i");
        H5free_memory(name);
        if (!matches || H5Tget_member_class(type, i) != H5T_FLOAT) return false;
    }
    return true;
}

bool isBoolean(hid_t type) {
    if (H5Tget_nmembers(type) != 2) return false;
    for (unsigned i = 0; i < 2; ++i) {
        char* const name = H5Tget_member_name(type, i);
        const bool matches = name != nullptr && std::string(name) == (i == 0 ? "FALSE" : "TRUE");
        H5free_memory(name);
        if (!matches) return false;
    }
    return true;
}

}  // namespace

StoredType describeType(const Hdf5Pass& /*pass*/, hid_t type, const std::string& dtypeName) {
    const std::size_t bytes = H5Tget_size(type);
    switch (H5Tget_class(type)) {
        case H5T_INTEGER:
            return describeInteger(type, dtypeName);
        case H5T_FLOAT:
            return describeFloat(type);
        case H5T_OPAQUE:
            return describeOpaque(type, dtypeName);
        case H5T_STRING:
            return notANumber("string", bytes, "Text.");
        case H5T_BITFIELD:
            return notANumber("bitfield", bytes, "Bit fields are not numbers.");
        case H5T_TIME:
            return notANumber("time", bytes, "Points in time are not weights.");
        case H5T_REFERENCE:
            return notANumber("reference", bytes, "References to other objects of the file.");
        case H5T_ENUM:
            if (isBoolean(type)) return notANumber("bool", bytes, "Truth values.");
            return notANumber("enum", bytes, "Names out of a list, stored as integers.");
        case H5T_COMPOUND:
            if (isComplex(type)) {
                return notANumber("complex" + std::to_string(bytes * 8), bytes,
                                  "Complex numbers; store the real and the imaginary part as two "
                                  "tensors to quantize them.");
            }
            return notANumber("compound", bytes, "Records of several fields.");
        case H5T_VLEN:
            return notANumber("vlen", bytes, "Rows of different lengths.");
        case H5T_ARRAY:
            return notANumber(
                "array", bytes,
                "Each element is itself an array; store it with these axes in the shape "
                "to quantize it.");
        default:
            return notANumber("unknown", bytes, "A type that this HDF5 library does not know.");
    }
}

}  // namespace quantscope
