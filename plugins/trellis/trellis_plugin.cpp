// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_plugin.h"

#include "plugins/trellis/trellis_method.h"

namespace quantscope::trellis {

std::shared_ptr<const Method> TrellisPlugin::method() const {
    return std::make_shared<TrellisMethod>();
}

}  // namespace quantscope::trellis
