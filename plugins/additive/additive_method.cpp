// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_method.h"

#include "plugins/additive/additive_decoder.h"
#include "plugins/additive/additive_quantizer.h"

namespace quantscope::additive {

std::string AdditiveMethod::help() const {
    return "Additive quantization (Babenko and Lempitsky 2014; LSQ++: Martinez, Zakhmi, Hoos and "
           "Little 2018): a vector, which is a row or a piece of it, is coded by a sum of "
           "codewords of m codebooks. They start as residual codebooks and are then trained "
           "together: all codewords by least squares, with noise that fades, and codes by local "
           "search. Less error than rvq at the same rate, for more time. A vector costs m * bits; "
           "the codebooks cost m * 2^bits vectors.";
}

std::vector<ParameterSpec> AdditiveMethod::parameters() const {
    return additiveParameters();
}

std::unique_ptr<Quantizer> AdditiveMethod::quantizer(const MethodSpec& spec,
                                                     const MethodRegistry& /*registry*/) const {
    return std::make_unique<AdditiveQuantizer>(spec);
}

std::unique_ptr<Decoder> AdditiveMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                                 const MethodRegistry& /*registry*/) const {
    return std::make_unique<AdditiveDecoder>(std::move(tensor));
}

}  // namespace quantscope::additive
