// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_method.h"

#include "plugins/trellis/trellis_decoder.h"
#include "plugins/trellis/trellis_quantizer.h"

namespace quantscope::trellis {

std::string TrellisMethod::help() const {
    return "Codes blocks of 256 weights as paths of least squared error through a bit-shift "
           "trellis: every weight gets few bits of its own, and its value follows from the last L "
           "bits of the block (Marcellin and Fischer 1990; Tseng et al., QTIP, 2024). Made for "
           "weights that look Gaussian; put a rotation in front of others.";
}

std::vector<ParameterSpec> TrellisMethod::parameters() const {
    return trellisParameters();
}

std::unique_ptr<Quantizer> TrellisMethod::quantizer(const MethodSpec& spec,
                                                    const MethodRegistry& /*registry*/) const {
    return std::make_unique<TrellisQuantizer>(spec);
}

std::unique_ptr<Decoder> TrellisMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                                const MethodRegistry& /*registry*/) const {
    return std::make_unique<TrellisDecoder>(std::move(tensor));
}

}  // namespace quantscope::trellis
