// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_plugin.h"

#include "plugins/additive/additive_method.h"

namespace quantscope::additive {

std::shared_ptr<const Method> AdditivePlugin::method() const {
    return std::make_shared<AdditiveMethod>();
}

}  // namespace quantscope::additive
