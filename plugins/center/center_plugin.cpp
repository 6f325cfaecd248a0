// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/center/center_plugin.h"

#include "plugins/center/center_method.h"

namespace quantscope::center {

std::shared_ptr<const Method> CenterPlugin::method() const {
    return std::make_shared<CenterMethod>();
}

}  // namespace quantscope::center
