// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_plugin.h"

#include "plugins/pq/pq_method.h"

namespace quantscope::pq {

std::shared_ptr<const Method> PqPlugin::method() const {
    return std::make_shared<PqMethod>();
}

}  // namespace quantscope::pq
