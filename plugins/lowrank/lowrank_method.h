// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/hessian/repair_method.h"

namespace quantscope::lowrank {

/// The method "lowrank": a low-rank matrix that is added to what another method decodes to.
class LowRankMethod final : public RepairMethod {
public:
    std::string id() const override { return "lowrank"; }
    std::string name() const override { return "Low-rank repair"; }
    std::string version() const override { return "1"; }
    std::string help() const override;
    std::vector<ParameterSpec> ownParameters() const override;
    TransformCost cost(const ParameterValues& values, Index rows, Index cols,
                       const SideInformation& side) const override;
    int rounds(const ParameterValues& values) const override;
    std::shared_ptr<const Hessian> judge(const ParameterValues& values,
                                         const SideInformation& side) const override;
    Matrix firstTarget(const ParameterValues& values, MatrixView weights,
                       const SideInformation& side, const RunContext& context) const override;
    FittedRepair fit(const ParameterValues& values, const RepairCase& state,
                     const SideInformation& side, const RunContext& context) const override;
    std::unique_ptr<Repair> load(const ParameterValues& values,
                                 const EncodedTensor& tensor) const override;
};

}  // namespace quantscope::lowrank
