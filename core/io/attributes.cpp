// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/attributes.h"

#include <array>
#include <charconv>
#include <vector>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

herr_t collectName(hid_t /*object*/, const char* name, const H5A_info_t* /*info*/,
                   void* names) noexcept {
    try {
        static_cast<std::vector<std::string>*>(names)->emplace_back(name);
        return 0;
    } catch (...) {
        return -1;
    }
}

std::vector<std::string> rawNames(hid_t object) {
    std::vector<std::string> names;
    hsize_t position = 0;
    H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &position, collectName, &names);
    return names;
}

std::optional<std::string> variableText(hid_t attribute, hid_t type, std::size_t maximumBytes) {
    char* text = nullptr;
    if (H5Aread(attribute, type, static_cast<void*>(&text)) < 0 || text == nullptr) return {};
    std::string value = text;
    H5free_memory(text);
    if (value.size() > maximumBytes) return {};
    return validUtf8(value);
}

std::optional<std::string> fixedText(hid_t attribute, hid_t type, std::size_t maximumBytes) {
    const std::size_t size = H5Tget_size(type);
    if (size > maximumBytes) return {};
    std::string value(size, '\0');
    if (H5Aread(attribute, type, value.data()) < 0) return {};
    if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) {
        value.erase(value.find_last_not_of(' ') + 1);
    }
    value.resize(std::min(value.find('\0'), value.size()));
    return validUtf8(value);
}

std::string shortestText(float value) {
    std::array<char, 32> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), result.ptr};
}

std::optional<std::string> numberText(hid_t attribute, hid_t type) {
    if (H5Tget_class(type) == H5T_FLOAT) {
        double value = 0.0;
        if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0) return {};
        // A float32 is told with the digits it has: 1e-05, not 9.999999747378752e-06.
        return H5Tget_size(type) == 4 ? shortestText(static_cast<float>(value))
                                      : formatNumber(value);
    }
    std::int64_t value = 0;
    if (H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) return {};
    return std::to_string(value);
}

std::optional<std::string> booleanText(hid_t attribute, hid_t type) {
    if (H5Tget_size(type) != 1) return {};
    std::int8_t value = 0;
    if (H5Aread(attribute, type, &value) < 0) return {};
    return std::to_string(value);
}

std::optional<std::string> readText(hid_t attribute, std::size_t maximumBytes,
                                    const Hdf5Pass& pass) {
    const Hdf5Handle type(pass, H5Aget_type(attribute));
    const Hdf5Handle space(pass, H5Aget_space(attribute));
    if (!type.valid() || !space.valid() || H5Sget_simple_extent_npoints(space.id()) != 1) return {};
    switch (H5Tget_class(type.id())) {
        case H5T_STRING:
            return H5Tis_variable_str(type.id()) > 0
                       ? variableText(attribute, type.id(), maximumBytes)
                       : fixedText(attribute, type.id(), maximumBytes);
        case H5T_INTEGER:
        case H5T_FLOAT:
            return numberText(attribute, type.id());
        case H5T_ENUM:
            return booleanText(attribute, type.id());
        default:
            return {};
    }
}

}  // namespace

std::set<std::string> attributeNames(const Hdf5Pass& /*pass*/, hid_t object) {
    std::set<std::string> names;
    for (const std::string& name : rawNames(object))
        names.insert(validUtf8(name));
    return names;
}

std::optional<std::string> textAttribute(const Hdf5Pass& pass, hid_t object,
                                         const std::string& name, std::size_t maximumBytes) {
    if (H5Aexists(object, name.c_str()) <= 0) return {};
    const Hdf5Handle attribute(pass, H5Aopen(object, name.c_str(), H5P_DEFAULT));
    if (!attribute.valid()) return {};
    return readText(attribute.id(), maximumBytes, pass);
}

std::map<std::string, std::string> textAttributes(const Hdf5Pass& pass, hid_t object,
                                                  std::size_t maximumBytes) {
    std::map<std::string, std::string> values;
    for (const std::string& name : rawNames(object)) {
        if (auto value = textAttribute(pass, object, name, maximumBytes)) {
            values.emplace(validUtf8(name), std::move(*value));
        }
    }
    return values;
}

void writeTextAttribute(const Hdf5Pass& pass, hid_t object, const std::string& name,
                        const std::string& value) {
    const Hdf5Handle type(pass, H5Tcopy(H5T_C_S1));
    H5Tset_size(type.id(), value.empty() ? 1 : value.size());
    H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    const Hdf5Handle space(pass, H5Screate(H5S_SCALAR));
    const Hdf5Handle attribute(
        pass, H5Acreate2(object, name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT));
    if (!attribute.valid() || H5Awrite(attribute.id(), type.id(), value.c_str()) < 0) {
        throw hdf5Error(pass, "The attribute '" + printableText(name) + "' cannot be written");
    }
}

void writeIntegerAttribute(const Hdf5Pass& pass, hid_t object, const std::string& name,
                           std::int64_t value) {
    const Hdf5Handle space(pass, H5Screate(H5S_SCALAR));
    const Hdf5Handle attribute(pass, H5Acreate2(object, name.c_str(), H5T_STD_I64LE, space.id(),
                                                H5P_DEFAULT, H5P_DEFAULT));
    if (!attribute.valid() || H5Awrite(attribute.id(), H5T_NATIVE_INT64, &value) < 0) {
        throw hdf5Error(pass, "The attribute '" + printableText(name) + "' cannot be written");
    }
}

}  // namespace quantscope
