// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/method.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

void MethodRegistry::add(std::shared_ptr<const Method> method) {
    if (contains(method->id())) {
        throw Error("Two plugins offer a method with the id '" + method->id() + "'.",
                    "Remove one of them from the plugin folders.");
    }
    m_methods.push_back(std::move(method));
    std::ranges::sort(m_methods, {}, [](const auto& m) { return m->id(); });
}

std::vector<std::shared_ptr<const Method>> MethodRegistry::methods() const {
    return m_methods;
}

bool MethodRegistry::contains(const std::string& id) const {
    return std::ranges::any_of(m_methods, [&](const auto& m) { return m->id() == id; });
}

const Method& MethodRegistry::method(const std::string& id) const {
    for (const auto& method : m_methods) {
        if (method->id() == id) return *method;
    }
    std::vector<std::string> ids;
    std::string list;
    for (const auto& method : m_methods) {
        ids.push_back(method->id());
        list += (list.empty() ? "" : ", ") + method->id();
    }
    const std::string near = nearestWord(id, ids);
    throw Error("There is no method '" + id + "'.",
                (near.empty() ? "" : "Did you mean '" + near + "'? ") + "Available: " + list + ".");
}

MethodSpec MethodRegistry::resolve(const MethodSpec& spec) const {
    const std::vector<ParameterSpec> schema = method(spec.id).parameters();
    MethodSpec resolved{spec.id, resolveParameters(spec.id, schema, spec.parameters)};
    for (const ParameterSpec& parameter : schema) {
        if (parameter.type != ParameterType::Method) continue;
        Json& nested = resolved.parameters[parameter.id];
        nested = resolve(MethodSpec::fromJson(nested)).toJson();
    }
    return resolved;
}

std::unique_ptr<Quantizer> MethodRegistry::quantizer(const MethodSpec& spec) const {
    return method(spec.id).quantizer(resolve(spec), *this);
}

std::unique_ptr<Decoder> MethodRegistry::decoder(
    std::shared_ptr<const EncodedTensor> tensor) const {
    const Method& owner = method(tensor->method.id);
    // Throws where an artifact holds values that the schema forbids.
    MethodSpec resolved = resolve(tensor->method);
    if (resolved != tensor->method) {
        // Written before a parameter was added, whose default is what was done then.
        EncodedTensor filled = *tensor;
        filled.method = std::move(resolved);
        tensor = std::make_shared<const EncodedTensor>(std::move(filled));
    }
    return owner.decoder(std::move(tensor), *this);
}

}  // namespace quantscope
