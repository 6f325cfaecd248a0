// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_method.h"

#include "plugins/scalar/scalar_decoder.h"
#include "plugins/scalar/scalar_quantizer.h"

namespace quantscope::scalar {

std::string ScalarMethod::help() const {
    return "Codes every weight on its own: on a uniform grid (symmetric, asymmetric or mid-rise) "
           "or on a "
           "trained table of levels (Lloyd-Max), with one scale per tensor, row, column or group "
           "of input "
           "channels, over the full range or clipped to the least squared error.";
}

std::vector<ParameterSpec> ScalarMethod::parameters() const {
    return scalarParameters();
}

std::unique_ptr<Quantizer> ScalarMethod::quantizer(const MethodSpec& spec,
                                                   const MethodRegistry& /*registry*/) const {
    return std::make_unique<ScalarQuantizer>(spec);
}

std::unique_ptr<Decoder> ScalarMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                               const MethodRegistry& /*registry*/) const {
    return std::make_unique<ScalarDecoder>(std::move(tensor));
}

}  // namespace quantscope::scalar
