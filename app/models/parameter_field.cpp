// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/parameter_field.h"

#include <algorithm>

#include "core/base/error.h"

namespace quantscope {

namespace {

// Names the owner of a parameter in messages that stand beside its field.
constexpr const char* thisMethod = "this method";

QString fullText(const Error& error) {
    return QString::fromStdString(error.fullText());
}

// The values of one parameter of a sweep. Throws Error.
std::vector<Json> sweptValues(const std::string& id, const Json& value) {
    std::vector<Json> values;
    for (const MethodSpec& one : SweptMethod{{thisMethod, Json{{id, value}}}}.expand()) {
        values.push_back(one.parameters.at(id));
    }
    return values;
}

// Throws Error when one of the values is not allowed; returns how many there are.
int checkValues(const ParameterSpec& spec, const Json& value, const MethodRegistry& registry) {
    const std::vector<Json> values = sweptValues(spec.id, value);
    for (const Json& one : values) {
        const Json resolved = resolveParameters(thisMethod, {spec}, Json{{spec.id, one}});
        if (spec.type == ParameterType::Method) {
            registry.resolve(MethodSpec::fromJson(resolved.at(spec.id)));
        }
    }
    return static_cast<int>(values.size());
}

Json valueOf(const ParameterSpec& spec, const Json& parameters) {
    const auto found = parameters.find(spec.id);
    return found == parameters.end() ? spec.defaultValue : *found;
}

// Whether the parameter counts for at least one combination of those that it depends on.
bool enabledSomewhere(const ParameterSpec& spec, const std::vector<ParameterSpec>& schema,
                      const Json& parameters) {
    SweptMethod decisive{{thisMethod, Json::object()}};
    for (const ParameterSpec& other : schema) {
        const bool asked = std::ranges::any_of(spec.enabledIf, [&](const EnabledIf& condition) {
            return condition.parameter == other.id;
        });
        if (asked) decisive.method.parameters[other.id] = valueOf(other, parameters);
    }
    try {
        return std::ranges::any_of(decisive.expand(), [&](const MethodSpec& combination) {
            return isEnabled(spec, combination.parameters);
        });
    } catch (const Error&) {
        // The parameter that it depends on is wrong and says so itself.
        return true;
    }
}

bool sameValue(const ParameterSpec& spec, const Json& a, const Json& b) {
    return a == b || parameterText(spec, a) == parameterText(spec, b);
}

// The text as the value of a parameter in the text form of methods.
QString asMethodValue(const ParameterSpec& spec, const QString& text) {
    if (text.startsWith(QLatin1Char('[')) || text.startsWith(QLatin1Char('('))) return text;
    if (spec.type == ParameterType::Method) return QStringLiteral("(%1)").arg(text);
    return text.contains(QLatin1Char(',')) ? QStringLiteral("[%1]").arg(text) : text;
}

QString notUnderstood(const ParameterSpec& spec, const QString& text) {
    switch (spec.type) {
        case ParameterType::Integer:
        case ParameterType::Real:
            return QStringLiteral(
                       "\"%1\" is not understood. Write a number, a range such as 2..8 or 2..8..2, "
                       "or a list such as 2, 4, 8.")
                .arg(text);
        case ParameterType::Method:
            return QStringLiteral(
                       "\"%1\" is not understood. Write a method such as scalar:bits=4, or a list "
                       "such as [(scalar:bits=4), pq].")
                .arg(text);
        case ParameterType::IntegerList:
            return QStringLiteral(
                       "\"%1\" is not understood. Write numbers with plus signs such as 8+6+4, or "
                       "several such lists: 8+6, 8+4.")
                .arg(text);
        case ParameterType::Boolean:
        case ParameterType::Choice:
            break;
    }
    return QStringLiteral("\"%1\" is not understood. Write a value, or a list of values.")
        .arg(text);
}

}  // namespace

std::vector<ParameterField> parameterFields(const SweptMethod& method,
                                            const MethodRegistry& registry) {
    std::vector<ParameterField> fields;
    const std::vector<ParameterSpec> schema = registry.method(method.method.id).parameters();
    for (const ParameterSpec& spec : schema) {
        ParameterField field;
        field.spec = spec;
        field.value = valueOf(spec, method.method.parameters);
        field.text = parameterText(spec, field.value);
        field.isDefault = sameValue(spec, field.value, spec.defaultValue);
        field.enabled = enabledSomewhere(spec, schema, method.method.parameters);
        try {
            field.valueCount = checkValues(spec, field.value, registry);
        } catch (const Error& error) {
            field.error = fullText(error);
        }
        fields.push_back(std::move(field));
    }
    return fields;
}

ParsedParameter parseParameter(const ParameterSpec& spec, const QString& text,
                               const MethodRegistry& registry) {
    const QString typed = text.trimmed();
    if (typed.isEmpty()) return {spec.defaultValue, {}};
    ParsedParameter parsed;
    try {
        const QString line = QStringLiteral("method:%1=%2")
                                 .arg(QString::fromStdString(spec.id), asMethodValue(spec, typed));
        const Json parameters = SweptMethod::parse(line.toStdString()).method.parameters;
        if (parameters.size() != 1) return {{}, notUnderstood(spec, typed)};
        parsed.value = parameters.at(spec.id);
    } catch (const Error&) {
        return {{}, notUnderstood(spec, typed)};
    }
    try {
        checkValues(spec, parsed.value, registry);
    } catch (const Error& error) {
        parsed.error = fullText(error);
    }
    return parsed;
}

QString parameterText(const ParameterSpec& spec, const Json& value) {
    // An empty field, not an empty text in quotes.
    if (spec.type == ParameterType::IntegerList && value == "") return {};
    const std::string line = MethodSpec{"method", Json{{spec.id, value}}}.toText();
    QString text = QString::fromStdString(line.substr(line.find('=') + 1));
    if (spec.type == ParameterType::Method && text.startsWith(QLatin1Char('('))) {
        text = text.mid(1, text.size() - 2);
    }
    return text;
}

SweptMethod withParameter(SweptMethod method, const ParameterSpec& spec, const Json& value) {
    const bool isGiven = method.method.parameters.contains(spec.id);
    if (isGiven || !sameValue(spec, value, spec.defaultValue)) {
        method.method.parameters[spec.id] = value;
    }
    return method;
}

SweptMethod nestedMethod(const Json& value) {
    return {MethodSpec::fromJson(value)};
}

Json nestedValue(const SweptMethod& method) {
    return method.method.parameters.empty() ? Json(method.method.id) : method.method.toJson();
}

QString methodProblem(const SweptMethod& method, const MethodRegistry& registry) {
    // Parameters are checked one by one, which finds the same faults as checking every combination
    // and takes the sum of their values instead of the product.
    try {
        const MethodSpec& spec = method.method;
        registry.resolve({spec.id, Json::object()});
        for (const auto& [name, value] : spec.parameters.items()) {
            for (const Json& one : sweptValues(name, value)) {
                registry.resolve({spec.id, Json{{name, one}}});
            }
        }
        if (settingsCount(method) == 0) method.expand();
        return {};
    } catch (const Error& error) {
        return fullText(error);
    }
}

std::size_t settingsCount(const SweptMethod& method) {
    constexpr std::size_t maximum = 10000;  // What SweptMethod::expand() allows.
    try {
        std::size_t count = 1;
        for (const auto& [name, value] : method.method.parameters.items()) {
            count *= sweptValues(name, value).size();
            if (count > maximum) return 0;
        }
        return count;
    } catch (const Error&) {
        return 0;
    }
}

}  // namespace quantscope
