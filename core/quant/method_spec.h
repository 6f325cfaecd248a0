// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace quantscope {

/// A quantization method with chosen parameters: the same thing in the window, on the command line,
/// in experiment files and in results.
///
/// Text form: `id:name=value,name=value`. A value that is itself a method with parameters stands in
/// parentheses: `mixed:bits=3,base=(scalar:scheme=asym)`; one without parameters is its id alone.
/// `hadamard:side=both | e8:bits=2` is another way to write `hadamard:side=both,base=(e8:bits=2)`;
/// the canonical text has the parentheses.
/// Texts that would read as something else stand in double quotes, as in JSON. Spaces between the
/// parts are ignored. JSON form: {"id": ..., "parameters": {...}}; a nested method is such an
/// object again, or its text form.
struct MethodSpec {
    std::string id;
    Json parameters = Json::object();  ///< Numbers, booleans, strings, or nested methods.

    bool operator==(const MethodSpec&) const = default;

    /// The canonical text; SweptMethod::parse reads it back to a method that resolves to the same.
    std::string toText() const;
    Json toJson() const;
    /// Reads both forms (a JSON string holds the text form). Throws Error for anything else.
    static MethodSpec fromJson(const Json& json);
};

/// A method in which parameters may take several values each. Text form: `bits=2..8`,
/// `bits=2..8..2` (with a step), `bits=[2,4,8]`. JSON form: an array, or {"from": 2, "to": 8,
/// "step": 2}; the step is 1 unless given. Sweeps inside a nested method are allowed.
struct SweptMethod {
    MethodSpec method;  ///< Swept parameters hold their JSON form.

    bool operator==(const SweptMethod&) const = default;

    /// Takes Faiss's index-factory strings, too (see methodFromFaissFactory()). Throws Error naming
    /// the place of the first thing that is not understood, counting characters from 1.
    static SweptMethod parse(std::string_view text);
    std::string toText() const;
    /// Every combination; the last parameter varies fastest. Throws Error for ranges that are empty
    /// or have more than 10,000 combinations, and for lists that name a value twice.
    std::vector<MethodSpec> expand() const;
};

}  // namespace quantscope
