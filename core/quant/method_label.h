// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope {

/// What a trial is called wherever it is named, as a method: what was given in `given` and counts.
/// A given default is kept, so that every trial of a sweep shows the swept value; what was not
/// given, and what has no effect under the other parameters, is left out. Nested methods likewise.
/// Resolves to a method that differs from `given` at most in parameters without effect. Throws
/// Error for what the registry does not allow.
MethodSpec labelOf(const MethodSpec& given, const MethodRegistry& registry);

}  // namespace quantscope
