// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/hessian/repair_method.h"

namespace quantscope::outliers {

/// Kept weights picked by the layer loss, in turn with the base that codes the others: QuantEase
/// with outliers (Behdin et al. 2023, section 4.2).
///
/// The weights are W ~ Q + S, S with as many entries as are kept. The base codes W - S; then S
/// becomes the largest entries of S + E H / (c d) with E = W - Q - S, d = diag H and c d at least
/// H, where the size of an entry is |s| sqrt(d): a step that never raises tr(E H E^T). (QuantEase
/// takes lambda_max(H) for c d; the bound by the diagonal counts channels by what they matter, as
/// picking by size does.) The entries that are kept then become those of the least loss, one after
/// the other. Started from the weights that are picked by size, it never ends above them; started
/// from none, it picks where the base errs most.
///
/// What is stored are the values Q + S at the places of S, in the stead of what the base decodes to
/// there: with Q given, the same as adding S, and decoded as weights picked by size are.
class LossPicker final : public Repairer {
public:
    std::vector<ParameterSpec> ownParameters() const override { return {}; }
    TransformCost cost(const ParameterValues& values, Index rows, Index cols,
                       const SideInformation& side) const override;
    int rounds(const ParameterValues& values) const override;
    std::shared_ptr<const Hessian> judge(const ParameterValues& values,
                                         const SideInformation& side) const override;
    Matrix firstTarget(const ParameterValues& values, MatrixView weights,
                       const SideInformation& side, const RunContext& context) const override;
    FittedRepair fit(const ParameterValues& values, const RepairCase& state,
                     const SideInformation& side, const RunContext& context) const override;
};

}  // namespace quantscope::outliers
