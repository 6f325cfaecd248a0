// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/hadamard/hadamard_plugin.h"

#include "plugins/hadamard/hadamard_method.h"

namespace quantscope::hadamard {

std::shared_ptr<const Method> HadamardPlugin::method() const {
    return std::make_shared<HadamardMethod>();
}

}  // namespace quantscope::hadamard
