// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/format_plugin.h"

#include "plugins/format/format_method.h"

namespace quantscope::format {

std::shared_ptr<const Method> FormatPlugin::method() const {
    return std::make_shared<FormatMethod>();
}

}  // namespace quantscope::format
