// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kmeans/kmeans_plugin.h"

#include "plugins/kmeans/kmeans_method.h"

namespace quantscope::kmeans {

std::shared_ptr<const Method> KmeansPlugin::method() const {
    return std::make_shared<KmeansMethod>();
}

}  // namespace quantscope::kmeans
