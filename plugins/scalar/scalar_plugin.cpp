// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_plugin.h"

#include "plugins/scalar/scalar_method.h"

namespace quantscope::scalar {

std::shared_ptr<const Method> ScalarPlugin::method() const {
    return std::make_shared<ScalarMethod>();
}

}  // namespace quantscope::scalar
