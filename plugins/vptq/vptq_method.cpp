// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_method.h"

#include "plugins/vptq/vptq_decoder.h"
#include "plugins/vptq/vptq_quantizer.h"

namespace quantscope::vptq {

std::string VptqMethod::help() const {
    return "Codes pieces of columns, whose rows are scaled to one size before, by codebooks from "
           "k-means that is weighted by the Hessian's diagonal; column after column, with feedback "
           "of the rounding errors as in GPTQ. A second codebook may code what the first leaves, "
           "and the columns with the largest inputs may have one of their own (VPTQ, Liu et al. "
           "2024).";
}

std::vector<ParameterSpec> VptqMethod::parameters() const {
    return vptqParameters();
}

std::unique_ptr<Quantizer> VptqMethod::quantizer(const MethodSpec& spec,
                                                 const MethodRegistry& /*registry*/) const {
    return std::make_unique<VptqQuantizer>(spec);
}

std::unique_ptr<Decoder> VptqMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                             const MethodRegistry& /*registry*/) const {
    return std::make_unique<VptqDecoder>(*tensor);
}

}  // namespace quantscope::vptq
