// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/matrix_view.h"
#include "core/quant/method_spec.h"

namespace quantscope {

/// Kind of a parameter's value.
enum class ParameterType { Integer, Real, Boolean, Choice, Method, IntegerList };

/// One value of a Choice.
struct ParameterChoice {
    std::string value;  ///< As written in specs: "asym".
    std::string label;  ///< For people: "Asymmetric (scale and zero point)".
};

/// A parameter counts only while another one has one of these values.
struct EnabledIf {
    std::string parameter;
    /// Compared with the value's text: "group", "true", "4"; "" is an empty list.
    std::vector<std::string> values;

    /// "granularity=group|row".
    std::string text() const;
};

/// One parameter of a method. The form in the window, the command line, validation and the manual
/// page are all made from this.
struct ParameterSpec {
    std::string id;     ///< Lower case, as written in specs: "bits".
    std::string label;  ///< Sentence case: "Bits per weight".
    std::string help;   ///< One sentence; names the source where the method has one.
    std::string unit;   ///< "bits", "channels"; empty for plain counts.
    ParameterType type = ParameterType::Integer;
    Json defaultValue;
    std::optional<double> minimum;  ///< Integer, Real, and each number of a list: inclusive.
    std::optional<double> maximum;
    std::optional<double> step;            ///< Suggested increment for spin boxes and sliders.
    std::vector<ParameterChoice> choices;  ///< Choice only.
    Index longest = 0;                     ///< IntegerList only: at most so many numbers.
    std::vector<EnabledIf> enabledIf;      ///< All must hold.
    bool advanced = false;                 ///< Folded away in forms until asked for.

    /// The same, with one more condition in `enabledIf`.
    ParameterSpec onlyWith(std::string parameter, std::vector<std::string> values) const;
    /// The same, as an advanced one.
    ParameterSpec foldedAway() const;

    Json toJson() const;
};

/// What a parameter is called and what it means: the fields of ParameterSpec.
struct ParameterText {
    std::string id;
    std::string label;
    std::string help;
    std::string unit = {};
};

/// Schemas of parameters by their kind, from what each kind needs; bounds are inclusive.
ParameterSpec integerParameter(ParameterText text, std::int64_t defaultValue, double minimum,
                               double maximum, std::optional<double> step = 1.0);
ParameterSpec realParameter(ParameterText text, double defaultValue, double minimum, double maximum,
                            double step);
ParameterSpec booleanParameter(ParameterText text, bool defaultValue);
ParameterSpec choiceParameter(ParameterText text, std::string defaultValue,
                              std::vector<ParameterChoice> choices);
ParameterSpec methodParameter(ParameterText text, std::string defaultValue);
/// Whole numbers written with plus signs, "10+8+6"; empty unless given.
ParameterSpec integerListParameter(ParameterText text, double minimum, double maximum,
                                   Index longest);

/// Whether `spec` counts under the values in `parameters` (resolved).
bool isEnabled(const ParameterSpec& spec, const Json& parameters);

/// Remarks on parameters that differ from their default but do not count under the other values
/// ("group=64 has no effect here: it counts only with granularity=group."); for preflight warnings.
std::vector<std::string> ineffectiveParameters(const std::vector<ParameterSpec>& schema,
                                               const Json& parameters);

/// Typed access to the parameters of a resolved method. All throw Error when the parameter is
/// missing or of another type, which happens when an artifact is damaged.
class ParameterValues {
public:
    explicit ParameterValues(Json values) : m_values(std::move(values)) {}

    std::int64_t integer(const std::string& id) const;
    double real(const std::string& id) const;
    bool boolean(const std::string& id) const;
    std::string choice(const std::string& id) const;
    MethodSpec method(const std::string& id) const;
    std::vector<int> integers(const std::string& id) const;  ///< Of an IntegerList.

private:
    const Json& value(const std::string& id) const;

    Json m_values;
};

/// Checks `given` (a JSON object) against a schema and fills in defaults, in schema order. Numbers
/// may be given as text, and integers as 4.0; nested methods as text. A list of integers becomes
/// its text, but one number alone that number (arrays stand for sweeps). Throws Error that names
/// the parameter, the value and the allowed ones, with "did you mean" for misspelt names. Nested
/// methods are checked by the registry (MethodRegistry::resolve).
Json resolveParameters(const std::string& methodId, const std::vector<ParameterSpec>& schema,
                       const Json& given);

}  // namespace quantscope
