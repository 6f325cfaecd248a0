// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_method.h"

#include "plugins/rvq/rvq_decoder.h"
#include "plugins/rvq/rvq_quantizer.h"

namespace quantscope::rvq {

std::string RvqMethod::help() const {
    return "Residual vector quantization (Juang and Gray 1982; Chen, Guan and Wang 2010): a "
           "vector, "
           "which is a row or a piece of it, is coded by a sum of codewords. The codebook of each "
           "stage comes from k-means of what the stages before it leave; codes are searched with a "
           "beam, and at the end all codebooks are fitted again together. With groups, every part "
           "of "
           "a vector has stages of its own (Yang et al., HiFi-Codec 2023). A vector costs groups * "
           "stages * bits; the codebooks cost stages * 2^bits vectors.";
}

std::vector<ParameterSpec> RvqMethod::parameters() const {
    return rvqParameters();
}

std::unique_ptr<Quantizer> RvqMethod::quantizer(const MethodSpec& spec,
                                                const MethodRegistry& /*registry*/) const {
    return std::make_unique<RvqQuantizer>(spec);
}

std::unique_ptr<Decoder> RvqMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                            const MethodRegistry& /*registry*/) const {
    return std::make_unique<RvqDecoder>(std::move(tensor));
}

}  // namespace quantscope::rvq
