// SPDX-License-Identifier: GPL-3.0-or-later
#include "sign_plugin.h"

#include "sign_method.h"

namespace quantscope {

std::shared_ptr<const Method> SignPlugin::method() const {
    return std::make_shared<SignMethod>();
}

}  // namespace quantscope
