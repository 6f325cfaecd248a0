// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/method_spec.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/quant/faiss_factory.h"
#include "core/quant/method_parser.h"

namespace quantscope {

namespace {

constexpr double maximumCombinations = 10000;

bool isRange(const Json& value) {
    return value.is_object() && value.contains("from");
}
bool isMethod(const Json& value) {
    return value.is_object() && value.contains("id");
}

std::string textOf(const Json& value);

std::string listText(const Json& values) {
    std::string text = "[";
    for (const Json& value : values) {
        if (text.size() > 1) text += ',';
        text += textOf(value);
    }
    return text + "]";
}

std::string rangeText(const Json& range) {
    std::string text = textOf(range.at("from")) + ".." + textOf(range.value("to", Json()));
    if (range.contains("step")) text += ".." + textOf(range.at("step"));
    return text;
}

std::string nestedText(const Json& value) {
    const std::string text = MethodSpec::fromJson(value).toText();
    return text.find(':') == std::string::npos ? text : "(" + text + ")";
}

std::string textOf(const Json& value) {
    if (value.is_number_float()) return formatNumber(value.get<double>());
    if (value.is_array()) return listText(value);
    if (isRange(value)) return rangeText(value);
    if (isMethod(value)) return nestedText(value);
    if (value.is_string()) {
        const auto text = value.get<std::string>();
        return readsAsWord(text) ? text : value.dump();
    }
    return value.dump();
}

double numberAt(const Json& range, const char* key, const std::string& name) {
    const auto found = range.find(key);
    if (found == range.end() || !found->is_number() || !std::isfinite(found->get<double>())) {
        throw Error("The range of parameter '" + name + "' has no number '" + key + "'.",
                    R"(Write {"from": 2, "to": 8, "step": 1}.)");
    }
    return found->get<double>();
}

// Sums like 0.1 + 2 * 0.1 carry rounding errors that nobody wants to see in a label.
double withoutRoundingNoise(double value) {
    double clean = value;
    return parseNumber(formatSignificant(value, 12), clean) ? clean : value;
}

std::vector<Json> rangeValues(const Json& range, const std::string& name) {
    const double from = numberAt(range, "from", name);
    const double to = numberAt(range, "to", name);
    const double step = range.contains("step") ? numberAt(range, "step", name) : 1.0;
    for (const auto& [key, value] : range.items()) {
        if (key != "from" && key != "to" && key != "step") {
            throw Error("The range of parameter '" + name + "' has an unknown entry '" + key + "'.",
                        "A range has the entries from, to and step.");
        }
    }
    if (step <= 0.0) {
        throw Error("The range " + rangeText(range) + " of parameter '" + name +
                        "' has a step that is not positive.",
                    "Ranges go upwards: write the smaller value first and a positive step.");
    }
    if (to < from) {
        throw Error("The range " + rangeText(range) + " of parameter '" + name + "' is empty.",
                    "Write the smaller value first.");
    }
    // A last value that misses the end by rounding alone belongs to the range.
    const double count = std::floor((to - from) / step * (1.0 + 1e-12) + 1e-9) + 1.0;
    if (!(count <= maximumCombinations)) {
        throw Error("The range " + rangeText(range) + " of parameter '" + name +
                        "' has more than " + formatNumber(maximumCombinations) + " values.",
                    "Take a larger step.");
    }
    const bool integers = range.at("from").is_number_integer() &&
                          (!range.contains("step") || range.at("step").is_number_integer());
    std::vector<Json> values;
    for (int i = 0; i < static_cast<int>(count); ++i) {
        if (integers) {
            const std::int64_t integerStep =
                range.contains("step") ? range.at("step").get<std::int64_t>() : 1;
            values.emplace_back(range.at("from").get<std::int64_t>() + i * integerStep);
        } else {
            values.emplace_back(withoutRoundingNoise(from + i * step));
        }
    }
    return values;
}

std::vector<Json> alternatives(const Json& value, const std::string& name);

std::vector<Json> listValues(const Json& list, const std::string& name) {
    std::vector<Json> values;
    for (const Json& entry : list) {
        for (Json& value : alternatives(entry, name)) {
            if (std::ranges::find(values, value) != values.end()) {
                throw Error("The list " + listText(list) + " of parameter '" + name + "' names " +
                                textOf(value) + " twice.",
                            "Name every value once.");
            }
            values.push_back(std::move(value));
        }
    }
    if (values.empty()) {
        throw Error("The list of parameter '" + name + "' is empty.",
                    "Name at least one value, or leave the parameter out for its default.");
    }
    return values;
}

// Nested methods that arrive as text may be swept as well, so they are read before expanding.
std::optional<MethodSpec> nestedMethod(const Json& value) {
    if (isMethod(value)) return MethodSpec::fromJson(value);
    if (value.is_string() &&
        value.get_ref<const std::string&>().find_first_of(":|") != std::string::npos) {
        return SweptMethod::parse(value.get<std::string>()).method;
    }
    return std::nullopt;
}

std::vector<Json> alternatives(const Json& value, const std::string& name) {
    if (value.is_array()) return listValues(value, name);
    if (isRange(value)) return rangeValues(value, name);
    const std::optional<MethodSpec> nested = nestedMethod(value);
    if (!nested) return {value};
    std::vector<Json> methods;
    for (const MethodSpec& method : SweptMethod{*nested}.expand())
        methods.push_back(method.toJson());
    return methods;
}

}  // namespace

std::string MethodSpec::toText() const {
    std::string text = id;
    for (const auto& [name, value] : parameters.items()) {
        text += text.size() == id.size() ? ':' : ',';
        text += name + "=" + textOf(value);
    }
    return text;
}

Json MethodSpec::toJson() const {
    return Json{{"id", id}, {"parameters", parameters}};
}

MethodSpec MethodSpec::fromJson(const Json& json) {
    if (json.is_string()) return SweptMethod::parse(json.get<std::string>()).method;
    const Error malformed(
        "A method in JSON cannot be " + json.dump() + ".",
        R"(Write {"id": "scalar", "parameters": {"bits": 4}}, or "scalar:bits=4".)");
    if (!json.is_object()) throw malformed;
    MethodSpec spec;
    for (const auto& [key, value] : json.items()) {
        if (key == "id" && value.is_string() && !value.get_ref<const std::string&>().empty()) {
            spec.id = value.get<std::string>();
        } else if (key == "parameters" && value.is_object()) {
            spec.parameters = value;
        } else {
            throw malformed;
        }
    }
    if (spec.id.empty()) throw malformed;
    return spec;
}

SweptMethod SweptMethod::parse(std::string_view text) {
    // Ids of methods begin with small letters, index factories with capitals.
    if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') {
        return {methodFromFaissFactory(text)};
    }
    return {parseMethod(text)};
}

std::string SweptMethod::toText() const {
    return method.toText();
}

std::vector<MethodSpec> SweptMethod::expand() const {
    std::vector<MethodSpec> expanded = {{method.id, Json::object()}};
    for (const auto& [name, value] : method.parameters.items()) {
        const std::vector<Json> values = alternatives(value, name);
        if (static_cast<double>(expanded.size()) * static_cast<double>(values.size()) >
            maximumCombinations) {
            throw Error("The sweep " + toText() + " has more than " +
                            formatNumber(maximumCombinations) + " combinations.",
                        "Sweep fewer parameters at once, or take larger steps.");
        }
        std::vector<MethodSpec> next;
        next.reserve(expanded.size() * values.size());
        for (const MethodSpec& spec : expanded) {
            for (const Json& one : values) {
                next.push_back(spec);
                next.back().parameters[name] = one;
            }
        }
        expanded = std::move(next);
    }
    return expanded;
}

}  // namespace quantscope
