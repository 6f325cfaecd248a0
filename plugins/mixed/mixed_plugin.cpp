// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_plugin.h"

#include "plugins/mixed/mixed_method.h"

namespace quantscope::mixed {

std::shared_ptr<const Method> MixedPlugin::method() const {
    return std::make_shared<MixedMethod>();
}

}  // namespace quantscope::mixed
