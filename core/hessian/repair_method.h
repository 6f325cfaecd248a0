// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/quant/method.h"
#include "core/quant/transform_method.h"

namespace quantscope {

/// What is stored beside the codes of a base method to make up for its errors. Immutable; all calls
/// from any thread.
class Repair {
public:
    virtual ~Repair() = default;

    /// Turns rows firstRow ... of what the base decodes to into those of the tensor.
    virtual void apply(Index firstRow, MatrixSpan rows) const = 0;
    virtual std::vector<Section> sections() const = 0;
};

/// A tensor between two rounds of repairing.
struct RepairCase {
    MatrixView weights;  ///< The tensor.
    MatrixView target;   ///< What the base was given to code.
    MatrixView decoded;  ///< What it made of that.
    int round = 0;
};

struct FittedRepair {
    std::unique_ptr<Repair> repair;
    /// What the base should code in the next round for this repair to fit: the tensor without what
    /// the repair adds.
    Matrix nextTarget;
    std::vector<std::string> remarks = {};  ///< What the user should know of it, in sentences.
};

/// A way of repairing.
class Repairer {
public:
    virtual ~Repairer() = default;

    /// The parameters besides the base.
    virtual std::vector<ParameterSpec> ownParameters() const = 0;
    /// What a repair costs; its work is that of one round. Must be fast.
    virtual TransformCost cost(const ParameterValues& values, Index rows, Index cols,
                               const SideInformation& side) const = 0;
    /// How often base and repair are made in turn, at least 1.
    virtual int rounds(const ParameterValues& values) const = 0;
    /// The Hessian whose layer loss decides; null for the squared error.
    virtual std::shared_ptr<const Hessian> judge(const ParameterValues& values,
                                                 const SideInformation& side) const = 0;
    /// What the base codes in the first round.
    virtual Matrix firstTarget(const ParameterValues& values, MatrixView weights,
                               const SideInformation& side, const RunContext& context) const = 0;
    /// Throws Error or Cancelled.
    virtual FittedRepair fit(const ParameterValues& values, const RepairCase& state,
                             const SideInformation& side, const RunContext& context) const = 0;
};

/// A quantizer that codes with the parameter "base" of `spec` and then fits a repair, in turn:
/// round after round, the base codes what the last repair leaves to it. The round with the smallest
/// loss is stored, so more rounds never make it worse. The header's details tell `loss_unrepaired`,
/// of the base alone in the first round, `loss_repaired` and, of several rounds, `best_round`,
/// from 1. These losses are layerLoss(): of the Hessian as it is given, where what methods with
/// error feedback tell is of the damped one. `repairer` outlives the quantizer. Sections of the
/// base are stored as with a TransformMethod.
std::unique_ptr<Quantizer> makeRepairQuantizer(const Repairer& repairer, const MethodSpec& spec,
                                               const MethodRegistry& registry);

/// A method that repairs what its parameter "base" loses. Offers the whole of Method but for what
/// is particular to the repair.
class RepairMethod : public Method, public Repairer {
public:
    std::vector<ParameterSpec> parameters() const final;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const final;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const final;

    /// The repair that was stored. Throws Error when the sections do not fit.
    virtual std::unique_ptr<Repair> load(const ParameterValues& values,
                                         const EncodedTensor& tensor) const = 0;
};

}  // namespace quantscope
