// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope {

/// Binary sign quantization: w is replaced by a_1 b_1 + ... + a_B b_B, where b_k is the sign of
/// what the planes before it left over and a_k, one per group of input channels, is the scale of
/// least squares for it: the mean magnitude of that remainder. One plane is the binary weight
/// network of Rastegari et al. (XNOR-Net, 2016, section 3.1), several are the greedy sketch of Guo
/// et al. (Network Sketching, 2017, section 3.1). Costs B bits per weight and 16 B bits per group.
class SignMethod final : public Method {
public:
    std::string id() const override { return "sign"; }
    std::string name() const override { return "Binary sign quantization"; }
    std::string version() const override { return "1"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope
