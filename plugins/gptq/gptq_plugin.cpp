// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/gptq/gptq_plugin.h"

#include "plugins/gptq/gptq_method.h"

namespace quantscope::gptq {

std::shared_ptr<const Method> GptqPlugin::method() const {
    return std::make_shared<GptqMethod>();
}

}  // namespace quantscope::gptq
