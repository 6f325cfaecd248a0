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
/// parentheses: `mixed:bits=3,base=(scalar:scheme=asym)`. JSON form: {"id": ..., "parameters": {...}};
/// a nested method is such an object again.
struct MethodSpec {
    std::string id;
    Json parameters = Json::object();  ///< Numbers, booleans, strings, or nested methods.

    bool operator==(const MethodSpec&) const = default;

    std::string toText() const;
    Json toJson() const;
    static MethodSpec fromJson(const Json& json);
};

/// A method in which parameters may take several values each. Text form: `bits=2..8`, `bits=2..8..2`
/// (with a step), `bits=[2,4,8]`. JSON form: an array, or {"from": 2, "to": 8, "step": 2}. Sweeps inside a
/// nested method are allowed.
struct SweptMethod {
    MethodSpec method;  ///< Swept parameters hold their JSON form.

    bool operator==(const SweptMethod&) const = default;

    /// Throws Error naming the place of the first thing that is not understood.
    static SweptMethod parse(std::string_view text);
    std::string toText() const;
    /// Every combination; the last parameter varies fastest. Throws Error for ranges that are empty or
    /// have more than 10,000 combinations.
    std::vector<MethodSpec> expand() const;
};

}  // namespace quantscope
