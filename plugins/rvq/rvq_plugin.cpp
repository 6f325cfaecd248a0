// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_plugin.h"

#include "plugins/rvq/rvq_method.h"

namespace quantscope::rvq {

std::shared_ptr<const Method> RvqPlugin::method() const {
    return std::make_shared<RvqMethod>();
}

}  // namespace quantscope::rvq
