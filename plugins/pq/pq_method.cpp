// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_method.h"

#include "plugins/pq/pq_decoder.h"
#include "plugins/pq/pq_quantizer.h"

namespace quantscope::pq {

std::string PqMethod::help() const {
    return "Product quantization (Jégou, Douze, Schmid 2011): every row is a vector, cut into m "
           "slices; "
           "each slice is coded by the nearest codeword of a codebook that k-means finds for that "
           "slice. "
           "A row costs m * bits; the codebooks cost 2^bits rows.";
}

std::vector<ParameterSpec> PqMethod::parameters() const {
    return pqParameters();
}

std::unique_ptr<Quantizer> PqMethod::quantizer(const MethodSpec& spec,
                                               const MethodRegistry& /*registry*/) const {
    return std::make_unique<PqQuantizer>(spec);
}

std::unique_ptr<Decoder> PqMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                           const MethodRegistry& /*registry*/) const {
    return std::make_unique<PqDecoder>(std::move(tensor));
}

}  // namespace quantscope::pq
