// SPDX-License-Identifier: GPL-3.0-or-later
#include "toy_method.h"

#include "core/base/error.h"

namespace quantscope {

namespace {

ParameterSpec parameter(const std::string& id, ParameterType type, Json defaultValue) {
    ParameterSpec spec;
    spec.id = id;
    spec.label = id;
    spec.type = type;
    spec.defaultValue = std::move(defaultValue);
    return spec;
}

ParameterSpec integer(const std::string& id, int value, double low, double high) {
    ParameterSpec spec = parameter(id, ParameterType::Integer, value);
    spec.minimum = low;
    spec.maximum = high;
    return spec;
}

class ToyMethod final : public Method {
public:
    ToyMethod(std::string id, std::vector<ParameterSpec> parameters)
        : m_id(std::move(id)), m_parameters(std::move(parameters)) {}

    std::string id() const override { return m_id; }
    std::string name() const override { return "The " + m_id + " method"; }
    std::string version() const override { return "1"; }
    std::string help() const override { return "Only a schema."; }
    std::vector<ParameterSpec> parameters() const override { return m_parameters; }
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& /*spec*/,
                                         const MethodRegistry& /*registry*/) const override {
        throw Error("The toy method quantizes nothing.");
    }
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> /*tensor*/,
                                     const MethodRegistry& /*registry*/) const override {
        throw Error("The toy method decodes nothing.");
    }

private:
    std::string m_id;
    std::vector<ParameterSpec> m_parameters;
};

std::vector<ParameterSpec> toyParameters() {
    ParameterSpec scale = parameter("scale", ParameterType::Real, 1.0);
    scale.minimum = 0.0;
    ParameterSpec mode = parameter("mode", ParameterType::Choice, "plain");
    mode.choices = {{"plain", "Plain"}, {"grouped", "In groups"}};
    ParameterSpec group = integer("group", 64, 1, 1024);
    group.enabledIf = {{"mode", {"grouped"}}};
    return {integer("bits", 4, 1, 8),
            scale,
            parameter("signed", ParameterType::Boolean, true),
            mode,
            group,
            parameter("base", ParameterType::Method, "inner"),
            integerListParameter({"list", "list", "Only a list."}, 1, 16, 4)};
}

}  // namespace

MethodRegistry toyRegistry() {
    MethodRegistry registry;
    registry.add(std::make_shared<ToyMethod>("toy", toyParameters()));
    registry.add(std::make_shared<ToyMethod>("inner", std::vector{integer("bits", 2, 1, 4)}));
    return registry;
}

}  // namespace quantscope
