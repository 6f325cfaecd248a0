// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_plugin.h"

#include "plugins/e8/e8_method.h"

namespace quantscope::e8 {

std::shared_ptr<const Method> E8Plugin::method() const {
    return std::make_shared<E8Method>();
}

}  // namespace quantscope::e8
