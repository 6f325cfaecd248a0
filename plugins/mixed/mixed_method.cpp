// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_method.h"

#include "plugins/mixed/mixed_decoder.h"
#include "plugins/mixed/mixed_quantizer.h"

namespace quantscope::mixed {

std::string MixedMethod::help() const {
    return "Gives each group of input channels its own number of bits, more where an error costs "
           "the "
           "layer's output more (diagonal of the Hessian), and codes the channels that have the "
           "same "
           "number of bits together with another method. The mean is a budget that is never "
           "exceeded.";
}

std::vector<ParameterSpec> MixedMethod::parameters() const {
    return mixedParameters();
}

std::unique_ptr<Quantizer> MixedMethod::quantizer(const MethodSpec& spec,
                                                  const MethodRegistry& registry) const {
    return std::make_unique<MixedQuantizer>(spec, registry);
}

std::unique_ptr<Decoder> MixedMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                              const MethodRegistry& registry) const {
    return std::make_unique<MixedDecoder>(*tensor, registry);
}

}  // namespace quantscope::mixed
