// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_method.h"

#include "plugins/e8/e8_decoder.h"
#include "plugins/e8/e8_quantizer.h"

namespace quantscope::e8 {

std::string E8Method::help() const {
    return "Codes eight weights at a time by the nearest of 2^16 points near the origin of the "
           "lattice E8, found exactly, and with 3 or 4 bits what is left by a second book (Tseng "
           "et al., QuIP#, 2024). The points are computed, so no codebook is stored. Made for "
           "weights that look Gaussian; put a rotation in front of others.";
}

std::vector<ParameterSpec> E8Method::parameters() const {
    return e8Parameters();
}

std::unique_ptr<Quantizer> E8Method::quantizer(const MethodSpec& spec,
                                               const MethodRegistry& /*registry*/) const {
    return std::make_unique<E8Quantizer>(spec);
}

std::unique_ptr<Decoder> E8Method::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                           const MethodRegistry& /*registry*/) const {
    return std::make_unique<E8Decoder>(std::move(tensor));
}

}  // namespace quantscope::e8
