// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <limits>

#include "core/base/json.h"

namespace quantscope {

/// JSON has no infinities, but broken models have infinite perplexities: what is not finite becomes
/// null.
inline Json finiteJson(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

/// The other way about: null is infinity. Throws Json::exception when it is no number either.
inline double finiteFrom(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

}  // namespace quantscope
