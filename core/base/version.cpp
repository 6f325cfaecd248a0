// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/version.h"

namespace quantscope {

std::string_view programVersion() {
    return QUANTSCOPE_VERSION;
}

}  // namespace quantscope
