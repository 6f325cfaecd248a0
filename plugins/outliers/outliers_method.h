// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/transform_method.h"
#include "plugins/outliers/loss_picker.h"

namespace quantscope::outliers {

/// The method "outliers": outliers kept apart in front of another method.
class OutliersMethod final : public TransformMethod {
public:
    std::string id() const override { return "outliers"; }
    std::string name() const override { return "Outlier split"; }
    std::string version() const override { return "2"; }
    std::string help() const override;
    std::vector<ParameterSpec> ownParameters() const override;
    TransformCost cost(const ParameterValues& values, Index rows, Index cols,
                       const SideInformation& side) const override;
    std::unique_ptr<Transform> fit(const ParameterValues& values, MatrixView weights,
                                   const SideInformation& side,
                                   const RunContext& context) const override;
    /// Where weights are picked by the layer loss, a quantizer of rounds; what it stores is decoded
    /// as always.
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Transform> load(const ParameterValues& values,
                                    const EncodedTensor& tensor) const override;

private:
    LossPicker m_picker;
};

}  // namespace quantscope::outliers
