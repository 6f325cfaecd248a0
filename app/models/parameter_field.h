// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <vector>

#include "core/quant/method.h"

namespace quantscope {

/// One parameter as a form shows it: its schema and the value that it has in a swept method.
struct ParameterField {
    ParameterSpec spec;
    QString text;        ///< The value as typed: "4", "2..8", "[2,4,8]", "asym", "scalar:bits=4".
    Json value;          ///< Its JSON form (the default when the spec does not give it).
    int valueCount = 1;  ///< Values it takes in the sweep.
    bool isDefault = true;  ///< Not given, or given with the default value.
    bool enabled = true;    ///< Counts for at least one combination of the sweep.
    QString error;          ///< Why the value is not allowed; empty when it is.
};

/// The form of a swept method: every parameter of its schema, in schema order. Values that the
/// schema does not know are not shown here; methodProblem() names them.
std::vector<ParameterField> parameterFields(const SweptMethod& method,
                                            const MethodRegistry& registry);

/// What came of a typed text.
struct ParsedParameter {
    Json value;     ///< In the form that SweptMethod holds.
    QString error;  ///< A sentence that says what is allowed; empty when the text is fine.

    bool ok() const { return error.isEmpty(); }
};

/// Reads a text typed for a parameter: a value, a range "2..8" or "2..8..2", or a list "[2,4,8]"
/// (brackets may be left out: "2, 4, 8"); an empty text is the default. Numbers are read in the C
/// locale and checked against the schema.
ParsedParameter parseParameter(const ParameterSpec& spec, const QString& text,
                               const MethodRegistry& registry);

/// The text that parseParameter() reads back as `value`.
QString parameterText(const ParameterSpec& spec, const Json& value);

/// `method` with one parameter set. A default is written down only where a value was given before:
/// who chose 5 and goes back to 4 sees 4 in the label, not nothing.
SweptMethod withParameter(SweptMethod method, const ParameterSpec& spec, const Json& value);

/// The method inside a parameter of type Method, for a nested form; and back.
SweptMethod nestedMethod(const Json& value);
Json nestedValue(const SweptMethod& method);

/// Why a swept method cannot run at all (unknown method, unknown or bad parameter, too many
/// combinations), as one sentence with a way out; empty when it can.
QString methodProblem(const SweptMethod& method, const MethodRegistry& registry);

/// How many fixed methods the sweep stands for; 0 when it cannot be expanded.
std::size_t settingsCount(const SweptMethod& method);

}  // namespace quantscope
