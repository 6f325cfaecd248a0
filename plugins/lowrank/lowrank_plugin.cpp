// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/lowrank/lowrank_plugin.h"

#include "plugins/lowrank/lowrank_method.h"

namespace quantscope::lowrank {

std::shared_ptr<const Method> LowRankPlugin::method() const {
    return std::make_shared<LowRankMethod>();
}

}  // namespace quantscope::lowrank
