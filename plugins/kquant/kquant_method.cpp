// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/kquant_method.h"

#include "plugins/kquant/kquant_decoder.h"
#include "plugins/kquant/kquant_layout.h"
#include "plugins/kquant/kquant_quantizer.h"

namespace quantscope::kquant {

std::string KquantMethod::help() const {
    return "Codes weights with the bits that llama.cpp's block layouts spend: blocks of 32 with a "
           "16-bit scale, or superblocks of 256 whose parts have small integer scales (and minima) "
           "times a 16-bit one. Scales are fitted here to the least squared error, weighted by the "
           "diagonal of a Hessian where one is given.";
}

std::vector<ParameterSpec> KquantMethod::parameters() const {
    return kquantParameters();
}

std::unique_ptr<Quantizer> KquantMethod::quantizer(const MethodSpec& spec,
                                                   const MethodRegistry& /*registry*/) const {
    return std::make_unique<KquantQuantizer>(spec);
}

std::unique_ptr<Decoder> KquantMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                               const MethodRegistry& /*registry*/) const {
    return std::make_unique<KquantDecoder>(std::move(tensor));
}

}  // namespace quantscope::kquant
