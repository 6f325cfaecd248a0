// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/json_fields.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

std::string abridged(const Json& value) {
    constexpr std::size_t longest = 60;
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > longest) text = text.substr(0, longest) + "...";
    return text;
}

}  // namespace

JsonFields::JsonFields(const Json& json, std::string place,
                       std::initializer_list<std::string_view> known)
    : m_json(json), m_place(std::move(place)) {
    std::string list;
    for (const std::string_view key : known)
        list += (list.empty() ? "" : ", ") + std::string(key);
    const std::string subject = m_place.empty() ? "The document" : "'" + m_place + "'";
    if (!json.is_object()) {
        throw Error(subject + " cannot be " + abridged(json) + ".",
                    "It is an object with the keys " + list + ".");
    }
    for (const auto& [key, value] : json.items()) {
        if (std::ranges::find(known, key) != known.end()) continue;
        const std::string near =
            nearestWord(key, std::vector<std::string>(known.begin(), known.end()));
        throw Error(subject + " has an unknown key '" + key + "'.",
                    (near.empty() ? "" : "Did you mean '" + near + "'? ") + "Known: " + list + ".");
    }
}

const Json* JsonFields::find(std::string_view key) const {
    const auto found = m_json.find(std::string(key));
    return found == m_json.end() ? nullptr : &*found;
}

void JsonFields::refuse(std::string_view key, const std::string& what,
                        const std::string& remedy) const {
    throw Error(
        "'" + std::string(key) + "'" + (m_place.empty() ? "" : " of '" + m_place + "'") + what,
        remedy);
}

const Json& JsonFields::required(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) refuse(key, " is missing.", "Add it.");
    return *value;
}

std::string JsonFields::text(std::string_view key, const std::string& fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_string()) refuse(key, " cannot be " + abridged(*value) + ".", "It is a text.");
    return value->get<std::string>();
}

bool JsonFields::boolean(std::string_view key, bool fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) {
        refuse(key, " cannot be " + abridged(*value) + ".", "It is true or false.");
    }
    return value->get<bool>();
}

std::uint64_t JsonFields::count(std::string_view key, std::uint64_t fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_number_integer() ||
        (!value->is_number_unsigned() && value->get<std::int64_t>() < 0)) {
        refuse(key, " cannot be " + abridged(*value) + ".",
               "It is a whole number from 0 to 18446744073709551615.");
    }
    return value->get<std::uint64_t>();
}

std::vector<Json> JsonFields::list(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_array()) refuse(key, " cannot be " + abridged(*value) + ".", "It is a list.");
    return value->get<std::vector<Json>>();
}

std::vector<std::string> JsonFields::texts(std::string_view key,
                                           std::vector<std::string> fallback) const {
    if (!has(key)) return fallback;
    std::vector<std::string> texts;
    for (const Json& entry : list(key)) {
        if (!entry.is_string()) {
            refuse(key, " cannot hold " + abridged(entry) + ".", "It is a list of texts.");
        }
        texts.push_back(entry.get<std::string>());
    }
    return texts;
}

}  // namespace quantscope
