// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/method_label.h"

namespace quantscope {

MethodSpec labelOf(const MethodSpec& given, const MethodRegistry& registry) {
    const MethodSpec resolved = registry.resolve(given);
    MethodSpec label{given.id, Json::object()};
    for (const ParameterSpec& parameter : registry.method(given.id).parameters()) {
        const auto value = given.parameters.find(parameter.id);
        if (value == given.parameters.end() || !isEnabled(parameter, resolved.parameters)) continue;
        if (parameter.type != ParameterType::Method) {
            // As resolved: "4" and 4.0 are shown as 4.
            label.parameters[parameter.id] = resolved.parameters.at(parameter.id);
            continue;
        }
        const MethodSpec nested = labelOf(MethodSpec::fromJson(*value), registry);
        label.parameters[parameter.id] =
            nested.parameters.empty() ? Json(nested.id) : nested.toJson();
    }
    return label;
}

}  // namespace quantscope
