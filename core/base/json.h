// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

namespace quantscope {

/// JSON whose objects keep the order in which keys were written, so that files read well.
using Json = nlohmann::ordered_json;

}  // namespace quantscope
