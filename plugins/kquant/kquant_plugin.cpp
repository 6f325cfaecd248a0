// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/kquant_plugin.h"

#include "plugins/kquant/kquant_method.h"

namespace quantscope::kquant {

std::shared_ptr<const Method> KquantPlugin::method() const {
    return std::make_shared<KquantMethod>();
}

}  // namespace quantscope::kquant
