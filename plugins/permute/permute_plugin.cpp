// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/permute/permute_plugin.h"

#include "plugins/permute/permute_method.h"

namespace quantscope::permute {

std::shared_ptr<const Method> PermutePlugin::method() const {
    return std::make_shared<PermuteMethod>();
}

}  // namespace quantscope::permute
