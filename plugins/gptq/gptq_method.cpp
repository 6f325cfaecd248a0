// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/gptq/gptq_method.h"

#include "plugins/gptq/gptq_quantizer.h"

namespace quantscope::gptq {

std::string GptqMethod::help() const {
    return "Rounds the input channels of a layer one after another on the grid of another method, "
           "and adds what each rounding error does to the layer's output, as the Hessian tells "
           "it, to the channels that follow (GPTQ, Frantar et al. 2022; LDLQ, Chee et al. 2023). "
           "Coordinate descent can follow (QuantEase, Behdin et al. 2023), and rounds that fit "
           "scales and codewords to the layer loss and choose codes anew (decoupleQ, Guo et al. "
           "2024; PV-Tuning, Malinovskii et al. 2024). The result is a tensor of the base method "
           "at the base method's cost.";
}

std::vector<ParameterSpec> GptqMethod::parameters() const {
    return gptqParameters();
}

std::unique_ptr<Quantizer> GptqMethod::quantizer(const MethodSpec& spec,
                                                 const MethodRegistry& registry) const {
    return std::make_unique<GptqQuantizer>(spec, registry);
}

std::unique_ptr<Decoder> GptqMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                             const MethodRegistry& registry) const {
    auto base = std::make_shared<EncodedTensor>(*tensor);
    base->method = GptqSettings::from(ParameterValues(tensor->method.parameters)).base;
    return registry.decoder(std::move(base));
}

}  // namespace quantscope::gptq
