// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pvq_method.h"

#include "plugins/pvq/pvq_decoder.h"
#include "plugins/pvq/pvq_quantizer.h"

namespace quantscope::pvq {

std::string PvqMethod::help() const {
    return "Codes the direction of vectors of n weights by the nearest integer vector whose "
           "magnitudes add up to a number of pulses, as its place in the list of all of them, and "
           "the gain by a trained table (Fischer 1986). No codebook but the table is stored.";
}

std::vector<ParameterSpec> PvqMethod::parameters() const {
    return pvqParameters();
}

std::unique_ptr<Quantizer> PvqMethod::quantizer(const MethodSpec& spec,
                                                const MethodRegistry& /*registry*/) const {
    return std::make_unique<PvqQuantizer>(spec);
}

std::unique_ptr<Decoder> PvqMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                            const MethodRegistry& /*registry*/) const {
    return std::make_unique<PvqDecoder>(std::move(tensor));
}

}  // namespace quantscope::pvq
