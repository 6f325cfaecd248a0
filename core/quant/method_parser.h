// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "core/quant/method_spec.h"

namespace quantscope {

/// Reads the text form of a method, sweeps included (see SweptMethod::parse).
MethodSpec parseMethod(std::string_view text);

/// Whether `text`, written bare as a value, is read back as this very text: not a number, a boolean
/// or a range, and free of the characters that separate things.
bool readsAsWord(std::string_view text);

}  // namespace quantscope
