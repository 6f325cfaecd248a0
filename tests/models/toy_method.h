// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope {

/// A schema with a parameter of every kind, for tests of forms; it quantizes nothing.
///
/// toy: bits (integer 1..8, 4), scale (real > 0, 1), signed (boolean, true), mode (choice
/// plain|grouped, plain), group (integer 1..1024, 64; counts when mode is grouped), base (method,
/// inner). inner: bits (integer 1..4, 2).
MethodRegistry toyRegistry();

}  // namespace quantscope
