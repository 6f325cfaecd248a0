// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pca/pca_plugin.h"

#include "plugins/pca/pca_method.h"

namespace quantscope::pca {

std::shared_ptr<const Method> PcaPlugin::method() const {
    return std::make_shared<PcaMethod>();
}

}  // namespace quantscope::pca
