// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/npy_file.h"

#include <bit>
#include <string>

#include "core/base/text_file.h"

namespace quantscope {

namespace {

static_assert(std::endian::native == std::endian::little);

const char* typeName(NumberType type) {
    switch (type) {
        case NumberType::UInt8:
            return "|u1";
        case NumberType::UInt16:
            return "<u2";
        case NumberType::UInt32:
            return "<u4";
        case NumberType::Int64:
            return "<i8";
        case NumberType::Float64:
            return "<f8";
        case NumberType::Float32:
            break;
    }
    return "<f4";
}

// A tuple as Python writes it: "(3, 4)", "(3,)".
std::string tuple(const Shape& shape) {
    std::string text = "(";
    for (const Index length : shape)
        text += std::to_string(length) + (shape.size() == 1 ? "," : ", ");
    if (shape.size() > 1) text.resize(text.size() - 2);
    return text + ")";
}

}  // namespace

void writeNpy(const std::filesystem::path& path, const Shape& shape, NumberType type,
              std::span<const std::byte> bytes) {
    constexpr std::size_t alignment = 64;
    std::string dictionary = std::string("{'descr': '") + typeName(type) +
                             "', 'fortran_order': False, 'shape': " + tuple(shape) + ", }";
    constexpr std::size_t preamble = 10;  // Magic number, version, length of the dictionary.
    const std::size_t used = preamble + dictionary.size() + 1;
    dictionary.append((alignment - used % alignment) % alignment, ' ');
    dictionary += '\n';
    std::string content("\x93NUMPY\x01\x00", 8);
    content += static_cast<char>(dictionary.size() % 256);
    content += static_cast<char>(dictionary.size() / 256);
    content += dictionary;
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    writeTextFile(path, content);
}

}  // namespace quantscope
