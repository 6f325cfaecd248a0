// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/outliers/outliers_plugin.h"

#include "plugins/outliers/outliers_method.h"

namespace quantscope::outliers {

std::shared_ptr<const Method> OutliersPlugin::method() const {
    return std::make_shared<OutliersMethod>();
}

}  // namespace quantscope::outliers
