// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_plugin.h"

#include "plugins/vptq/vptq_method.h"

namespace quantscope::vptq {

std::shared_ptr<const Method> VptqPlugin::method() const {
    return std::make_shared<VptqMethod>();
}

}  // namespace quantscope::vptq
