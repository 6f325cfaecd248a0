// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pvq_plugin.h"

#include "plugins/pvq/pvq_method.h"

namespace quantscope::pvq {

std::shared_ptr<const Method> PvqPlugin::method() const {
    return std::make_shared<PvqMethod>();
}

}  // namespace quantscope::pvq
