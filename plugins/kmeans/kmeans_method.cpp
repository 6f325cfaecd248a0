// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kmeans/kmeans_method.h"

#include "plugins/kmeans/kmeans_decoder.h"
#include "plugins/kmeans/kmeans_quantizer.h"

namespace quantscope::kmeans {

std::string KmeansMethod::help() const {
    return "Vector quantization with one codebook (Linde, Buzo and Gray 1980): a vector, which is "
           "a row or a piece of it, is coded by the nearest of up to 65,536 codewords, which "
           "k-means finds. Codewords that would stay unused are revived, or move with the others. "
           "A vector costs bits; the codebook costs 2^bits vectors.";
}

std::vector<ParameterSpec> KmeansMethod::parameters() const {
    return kmeansParameters();
}

std::unique_ptr<Quantizer> KmeansMethod::quantizer(const MethodSpec& spec,
                                                   const MethodRegistry& /*registry*/) const {
    return std::make_unique<KmeansQuantizer>(spec);
}

std::unique_ptr<Decoder> KmeansMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                               const MethodRegistry& /*registry*/) const {
    return std::make_unique<KmeansDecoder>(std::move(tensor));
}

}  // namespace quantscope::kmeans
