// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/hessian/feedback_factor.h"
#include "core/quant/parameter.h"

namespace quantscope::gptq {

/// When the scales of groups of input channels are fitted.
enum class GroupScales {
    Automatic,  ///< Refitted in natural order, otherwise fixed.
    Fixed,      ///< To the original weights.
    Refitted,   ///< To the weights with the feedback of all channels before the group.
};

/// The parameters of rounding with error feedback, typed.
struct GptqSettings {
    MethodSpec base;
    ColumnOrder order = ColumnOrder::Natural;
    GroupScales groups = GroupScales::Automatic;
    double damping = 0.01;  ///< Added to the diagonal, times its mean.
    int descent = 0;        ///< Passes of coordinate descent afterwards.
    int rounds = 0;         ///< Of refitting coefficients and codes in turn, after that.

    /// Throws Error when a parameter is missing or the combination makes no sense.
    static GptqSettings from(const ParameterValues& values);

    bool refits() const {
        return groups == GroupScales::Refitted ||
               (groups == GroupScales::Automatic && order == ColumnOrder::Natural);
    }
};

/// The schema of the method "gptq".
std::vector<ParameterSpec> gptqParameters();

}  // namespace quantscope::gptq
