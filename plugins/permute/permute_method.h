// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/transform_method.h"

namespace quantscope::permute {

/// The method "permute": channels sorted by magnitude in front of another method.
class PermuteMethod final : public TransformMethod {
public:
    std::string id() const override { return "permute"; }
    std::string name() const override { return "Channel permutation"; }
    std::string version() const override { return "1"; }
    std::string help() const override;
    std::vector<ParameterSpec> ownParameters() const override;
    TransformCost cost(const ParameterValues& values, Index rows, Index cols,
                       const SideInformation& side) const override;
    std::unique_ptr<Transform> fit(const ParameterValues& values, MatrixView weights,
                                   const SideInformation& side,
                                   const RunContext& context) const override;
    std::unique_ptr<Transform> load(const ParameterValues& values,
                                    const EncodedTensor& tensor) const override;
};

}  // namespace quantscope::permute
