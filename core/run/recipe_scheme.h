// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/matrix_view.h"
#include "core/quant/method_spec.h"

namespace quantscope {

/// A uniform grid as other programs describe theirs.
struct IntegerScheme {
    enum class Sharing { Tensor, Row, Group };

    int bits = 4;
    bool isSymmetric = true;
    Sharing sharing = Sharing::Row;  ///< Of scales.
    Index group = 0;                 ///< Input channels that share a scale; 0: not in groups.
    bool minimizesError = false;     ///< Clips ranges to the least squared error.
    bool hasFeedback = false;        ///< Rounding errors are carried on (GPTQ)...
    bool inActOrder = false;         ///< ...from the channels with the largest inputs on.

    bool operator==(const IntegerScheme&) const = default;
    /// "4 bits, symmetric, groups of 32, GPTQ in act-order": equal for equal schemes only.
    std::string toText() const;
};

/// What a method with all its parameters comes to. Throws Error that says why it is no such grid.
IntegerScheme integerScheme(const MethodSpec& method);

/// The type of ggml that has this method's layout, as llama-quantize spells it. Throws Error that
/// says why there is none.
std::string ggmlType(const MethodSpec& method);
/// Consecutive weights of a row that a ggml type stores together.
Index ggmlBlock(const std::string& type);

}  // namespace quantscope
