// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope::e8 {

/// The method "e8": points of the lattice E8.
class E8Method final : public Method {
public:
    std::string id() const override { return "e8"; }
    std::string name() const override { return "Lattice quantization (E8)"; }
    std::string version() const override { return "1"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope::e8
