// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/smooth/smooth_plugin.h"

#include "plugins/smooth/smooth_method.h"

namespace quantscope::smooth {

std::shared_ptr<const Method> SmoothPlugin::method() const {
    return std::make_shared<SmoothMethod>();
}

}  // namespace quantscope::smooth
