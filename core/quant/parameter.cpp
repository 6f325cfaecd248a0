// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/parameter.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

std::string typeName(ParameterType type) {
    switch (type) {
        case ParameterType::Integer:
            return "integer";
        case ParameterType::Real:
            return "real";
        case ParameterType::Boolean:
            return "boolean";
        case ParameterType::Choice:
            return "choice";
        case ParameterType::Method:
            return "method";
        case ParameterType::IntegerList:
            return "integers";
    }
    return "";
}

// A value as it is written in specs; what enabledIf compares with.
std::string valueText(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number()) return formatNumber(value.get<double>());
    if (value.is_object() && value.contains("id")) return MethodSpec::fromJson(value).toText();
    return value.dump();
}

std::string allowedText(const ParameterSpec& spec) {
    switch (spec.type) {
        case ParameterType::Boolean:
            return "true or false";
        case ParameterType::Method:
            return "a method";
        case ParameterType::Choice: {
            std::string list;
            for (const ParameterChoice& choice : spec.choices) {
                list += (list.empty() ? "" : ", ") + choice.value;
            }
            return "one of " + list;
        }
        case ParameterType::IntegerList:
            return "empty or up to " + std::to_string(spec.longest) + " whole numbers from " +
                   formatNumber(*spec.minimum) + " to " + formatNumber(*spec.maximum) +
                   " with plus signs, such as 8+6+4";
        case ParameterType::Integer:
        case ParameterType::Real:
            break;
    }
    std::string text = spec.type == ParameterType::Integer ? "a whole number" : "a number";
    if (spec.minimum && spec.maximum) {
        return text + " from " + formatNumber(*spec.minimum) + " to " + formatNumber(*spec.maximum);
    }
    if (spec.minimum) return text + " of at least " + formatNumber(*spec.minimum);
    if (spec.maximum) return text + " of at most " + formatNumber(*spec.maximum);
    return text;
}

[[noreturn]] void refuse(const std::string& methodId, const ParameterSpec& spec, const Json& given,
                         const std::string& extra = {}) {
    if (given.is_array() || (given.is_object() && given.contains("from"))) {
        const MethodSpec sweep{methodId, Json{{spec.id, given}}};
        throw Error("Several values are given for '" + spec.id + "' (" + sweep.toText() +
                        "), but one is needed here.",
                    "Choose " + allowedText(spec) + ".");
    }
    throw Error(
        "Parameter '" + spec.id + "' of " + methodId + " cannot be " + valueText(given) + ".",
        "It is " + allowedText(spec) + "." + extra);
}

bool readNumber(const Json& given, double& value) {
    if (given.is_number()) {
        value = given.get<double>();
        return std::isfinite(value);
    }
    return given.is_string() && parseNumber(given.get_ref<const std::string&>(), value) &&
           std::isfinite(value);
}

Json checkNumber(const std::string& methodId, const ParameterSpec& spec, const Json& given) {
    double value = 0.0;
    if (!readNumber(given, value) || (spec.minimum && value < *spec.minimum) ||
        (spec.maximum && value > *spec.maximum)) {
        refuse(methodId, spec, given);
    }
    if (spec.type == ParameterType::Real) return value;
    // Beyond 2^53 neighbouring integers share a double, and the range check above could not tell.
    if (value != std::rint(value) || std::abs(value) > 0x1.0p53) refuse(methodId, spec, given);
    return static_cast<std::int64_t>(value);
}

Json checkBoolean(const std::string& methodId, const ParameterSpec& spec, const Json& given) {
    if (given.is_boolean()) return given;
    if (given == "true") return true;
    if (given == "false") return false;
    refuse(methodId, spec, given);
}

Json checkChoice(const std::string& methodId, const ParameterSpec& spec, const Json& given) {
    if (given.is_structured() || given.is_null()) refuse(methodId, spec, given);
    const std::string text = valueText(given);
    std::vector<std::string> values;
    for (const ParameterChoice& choice : spec.choices) {
        if (choice.value == text) return text;
        values.push_back(choice.value);
    }
    const std::string near = nearestWord(text, values);
    refuse(methodId, spec, given, near.empty() ? "" : " Did you mean '" + near + "'?");
}

Json checkMethod(const std::string& methodId, const ParameterSpec& spec, const Json& given) {
    if (!given.is_string() && !(given.is_object() && given.contains("id"))) {
        refuse(methodId, spec, given);
    }
    return MethodSpec::fromJson(given).toJson();
}

// The numbers of a list as it is written; nothing if it is not understood.
std::optional<std::vector<std::int64_t>> listedIntegers(const Json& given) {
    if (!given.is_string() && !given.is_number()) return std::nullopt;
    const std::string text = valueText(given);
    std::vector<std::int64_t> numbers;
    if (text.empty()) return numbers;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('+', begin), text.size());
        if (!parseNumber(text.substr(begin, end - begin), numbers.emplace_back())) {
            return std::nullopt;
        }
        begin = end + 1;
    }
    return numbers;
}

Json checkIntegerList(const std::string& methodId, const ParameterSpec& spec, const Json& given) {
    const auto numbers = listedIntegers(given);
    if (!numbers || static_cast<Index>(numbers->size()) > spec.longest) {
        refuse(methodId, spec, given);
    }
    std::string text;
    for (const std::int64_t number : *numbers) {
        const auto value = static_cast<double>(number);
        if (value < *spec.minimum || value > *spec.maximum) refuse(methodId, spec, given);
        text += (text.empty() ? "" : "+") + std::to_string(number);
    }
    return numbers->size() == 1 ? Json(numbers->front()) : Json(text);
}

Json checkValue(const std::string& methodId, const ParameterSpec& spec, const Json& given) {
    switch (spec.type) {
        case ParameterType::Integer:
        case ParameterType::Real:
            return checkNumber(methodId, spec, given);
        case ParameterType::Boolean:
            return checkBoolean(methodId, spec, given);
        case ParameterType::Choice:
            return checkChoice(methodId, spec, given);
        case ParameterType::Method:
            return checkMethod(methodId, spec, given);
        case ParameterType::IntegerList:
            return checkIntegerList(methodId, spec, given);
    }
    return given;
}

void checkNames(const std::string& methodId, const std::vector<ParameterSpec>& schema,
                const Json& given) {
    std::vector<std::string> names;
    std::string list;
    for (const ParameterSpec& spec : schema) {
        names.push_back(spec.id);
        list += (list.empty() ? "" : ", ") + spec.id;
    }
    for (const auto& [name, value] : given.items()) {
        if (std::ranges::find(names, name) != names.end()) continue;
        const std::string near = nearestWord(name, names);
        throw Error("The method " + methodId + " has no parameter '" + name + "'.",
                    (near.empty() ? "" : "Did you mean '" + near + "'? ") +
                        (list.empty() ? "It has no parameters." : "It has: " + list + "."));
    }
}

ParameterSpec makeParameter(ParameterText text, ParameterType type, Json defaultValue) {
    ParameterSpec spec;
    spec.id = std::move(text.id);
    spec.label = std::move(text.label);
    spec.help = std::move(text.help);
    spec.unit = std::move(text.unit);
    spec.type = type;
    spec.defaultValue = std::move(defaultValue);
    return spec;
}

ParameterSpec bounded(ParameterSpec spec, double minimum, double maximum,
                      std::optional<double> step) {
    spec.minimum = minimum;
    spec.maximum = maximum;
    spec.step = step;
    return spec;
}

}  // namespace

ParameterSpec integerParameter(ParameterText text, std::int64_t defaultValue, double minimum,
                               double maximum, std::optional<double> step) {
    return bounded(makeParameter(std::move(text), ParameterType::Integer, defaultValue), minimum,
                   maximum, step);
}

ParameterSpec realParameter(ParameterText text, double defaultValue, double minimum, double maximum,
                            double step) {
    return bounded(makeParameter(std::move(text), ParameterType::Real, defaultValue), minimum,
                   maximum, step);
}

ParameterSpec booleanParameter(ParameterText text, bool defaultValue) {
    return makeParameter(std::move(text), ParameterType::Boolean, defaultValue);
}

ParameterSpec choiceParameter(ParameterText text, std::string defaultValue,
                              std::vector<ParameterChoice> choices) {
    ParameterSpec spec =
        makeParameter(std::move(text), ParameterType::Choice, std::move(defaultValue));
    spec.choices = std::move(choices);
    return spec;
}

ParameterSpec methodParameter(ParameterText text, std::string defaultValue) {
    return makeParameter(std::move(text), ParameterType::Method, std::move(defaultValue));
}

ParameterSpec integerListParameter(ParameterText text, double minimum, double maximum,
                                   Index longest) {
    ParameterSpec spec =
        bounded(makeParameter(std::move(text), ParameterType::IntegerList, std::string()), minimum,
                maximum, std::nullopt);
    spec.longest = longest;
    return spec;
}

std::string EnabledIf::text() const {
    std::string alternatives;
    for (std::size_t i = 0; i < values.size(); ++i)
        alternatives += (i > 0 ? "|" : "") + (values[i].empty() ? "\"\"" : values[i]);
    return parameter + "=" + alternatives;
}

ParameterSpec ParameterSpec::onlyWith(std::string parameter,
                                      std::vector<std::string> values) const {
    ParameterSpec spec = *this;
    spec.enabledIf.push_back({std::move(parameter), std::move(values)});
    return spec;
}

ParameterSpec ParameterSpec::foldedAway() const {
    ParameterSpec spec = *this;
    spec.advanced = true;
    return spec;
}

Json ParameterSpec::toJson() const {
    Json json{{"id", id},     {"label", label},         {"help", help},
              {"unit", unit}, {"type", typeName(type)}, {"default", defaultValue}};
    if (minimum) json["min"] = *minimum;
    if (maximum) json["max"] = *maximum;
    if (step) json["step"] = *step;
    if (type == ParameterType::IntegerList) json["longest"] = longest;
    if (type == ParameterType::Choice) {
        json["choices"] = Json::array();
        for (const ParameterChoice& choice : choices) {
            json["choices"].push_back(Json{{"value", choice.value}, {"label", choice.label}});
        }
    }
    if (!enabledIf.empty()) {
        json["enabled_if"] = Json::array();
        for (const EnabledIf& condition : enabledIf) {
            json["enabled_if"].push_back(
                Json{{"parameter", condition.parameter}, {"values", condition.values}});
        }
    }
    json["advanced"] = advanced;
    return json;
}

bool isEnabled(const ParameterSpec& spec, const Json& parameters) {
    return std::ranges::all_of(spec.enabledIf, [&](const EnabledIf& condition) {
        const auto found = parameters.find(condition.parameter);
        return found != parameters.end() &&
               std::ranges::find(condition.values, valueText(*found)) != condition.values.end();
    });
}

std::vector<std::string> ineffectiveParameters(const std::vector<ParameterSpec>& schema,
                                               const Json& parameters) {
    std::vector<std::string> remarks;
    for (const ParameterSpec& spec : schema) {
        const auto found = parameters.find(spec.id);
        if (found == parameters.end() || *found == spec.defaultValue) continue;
        if (isEnabled(spec, parameters)) continue;
        std::string conditions;
        for (const EnabledIf& condition : spec.enabledIf) {
            conditions += (conditions.empty() ? "" : " and ") + condition.text();
        }
        remarks.push_back(spec.id + "=" + valueText(*found) +
                          " has no effect here: it counts only with " + conditions + ".");
    }
    return remarks;
}

const Json& ParameterValues::value(const std::string& id) const {
    const auto found = m_values.find(id);
    if (found == m_values.end()) {
        throw Error("The parameter '" + id + "' is missing.",
                    "The artifact is damaged or was written by another version; quantize again.");
    }
    return *found;
}

namespace {

[[noreturn]] void wrongType(const std::string& id, const Json& value) {
    throw Error("The parameter '" + id + "' cannot be " + value.dump() + ".",
                "The artifact is damaged or was written by another version; quantize again.");
}

}  // namespace

std::int64_t ParameterValues::integer(const std::string& id) const {
    const Json& found = value(id);
    if (!found.is_number_integer()) wrongType(id, found);
    return found.get<std::int64_t>();
}

double ParameterValues::real(const std::string& id) const {
    const Json& found = value(id);
    if (!found.is_number()) wrongType(id, found);
    return found.get<double>();
}

bool ParameterValues::boolean(const std::string& id) const {
    const Json& found = value(id);
    if (!found.is_boolean()) wrongType(id, found);
    return found.get<bool>();
}

std::string ParameterValues::choice(const std::string& id) const {
    const Json& found = value(id);
    if (!found.is_string()) wrongType(id, found);
    return found.get<std::string>();
}

std::vector<int> ParameterValues::integers(const std::string& id) const {
    const Json& found = value(id);
    const auto numbers = listedIntegers(found);
    if (!numbers) wrongType(id, found);
    return {numbers->begin(), numbers->end()};
}

MethodSpec ParameterValues::method(const std::string& id) const {
    return MethodSpec::fromJson(value(id));
}

Json resolveParameters(const std::string& methodId, const std::vector<ParameterSpec>& schema,
                       const Json& given) {
    if (!given.is_object()) {
        throw Error("The parameters of " + methodId + " cannot be " + given.dump() + ".",
                    R"(Write an object, for example {"bits": 4}.)");
    }
    checkNames(methodId, schema, given);
    Json resolved = Json::object();
    for (const ParameterSpec& spec : schema) {
        const auto found = given.find(spec.id);
        resolved[spec.id] =
            checkValue(methodId, spec, found == given.end() ? spec.defaultValue : *found);
    }
    return resolved;
}

}  // namespace quantscope
