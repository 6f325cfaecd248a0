// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace quantscope {

/// Strict reading of one JSON object of a file that people write by hand. Every complaint is an
/// Error that names the place ("data", "folds 2") and the key.
class JsonFields {
public:
    /// Throws Error if `json` is no object, or has a key that is not among `known` ("did you
    /// mean"). `json` must outlive this object. `place` is empty for the outermost object.
    JsonFields(const Json& json, std::string place, std::initializer_list<std::string_view> known);

    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// Throws Error if the key is missing.
    const Json& required(std::string_view key) const;

    /// The value of a key, or `fallback` if the key is missing. Throws Error for another type.
    std::string text(std::string_view key, const std::string& fallback) const;
    bool boolean(std::string_view key, bool fallback) const;
    std::uint64_t count(std::string_view key, std::uint64_t fallback) const;
    std::vector<std::string> texts(std::string_view key, std::vector<std::string> fallback) const;
    /// The entries of an array; empty if the key is missing.
    std::vector<Json> list(std::string_view key) const;

    /// Throws Error: "<key> of <place> <what>."
    [[noreturn]] void refuse(std::string_view key, const std::string& what,
                             const std::string& remedy) const;

private:
    const Json* find(std::string_view key) const;

    const Json& m_json;
    std::string m_place;
};

}  // namespace quantscope
