// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/quant/method.h"
#include "core/tensor/value_shape.h"

namespace quantscope {

/// An invertible change of a matrix, made before another method quantizes it and undone after
/// decoding. Immutable; all calls from any thread.
class Transform {
public:
    virtual ~Transform() = default;

    /// Changes a whole matrix of finite numbers. What overflows may be infinite, but not NaN; it is
    /// cut to the largest float. Throws Cancelled.
    virtual void apply(MatrixSpan weights, const std::stop_token& stop) const = 0;

    /// Changes rows firstRow ... back: any rows if rowByRow(), else all of them at once.
    virtual void invert(Index firstRow, MatrixSpan rows) const = 0;
    virtual bool rowByRow() const { return true; }

    /// The Hessian for which the changed matrix loses what the given one loses: with changed
    /// weights W' = U W V^T and U orthogonal, V^-T H V^-1. The same Hessian where columns stay
    /// what they are. Throws Cancelled.
    virtual std::shared_ptr<const Hessian> applyTo(std::shared_ptr<const Hessian> hessian,
                                                   const std::stop_token& stop) const;

    /// What decoders need to know besides the parameters.
    virtual std::vector<Section> sections() const = 0;

    /// What the user should know of how it was fitted, in sentences.
    virtual std::vector<std::string> remarks() const { return {}; }
};

/// What a transform costs on a tensor of some shape.
struct TransformCost {
    std::string refusal;  ///< As in Preflight.
    std::vector<std::string> warnings;
    RateLedger rate;
    bool rateIsExact = true;
    /// Besides the changed weights: of what applyTo() does to a Hessian, most of all.
    std::uint64_t workingBytes = 0;
    double multiplyAdds = 0.0;
};

/// A method that changes the matrix and leaves the coding to another method, its parameter "base".
/// Offers the whole of Method but for what is particular to the transform. The base's sections are
/// stored as "base/...", and the shape of the weights before and after in the header.
class TransformMethod : public Method {
public:
    std::vector<ParameterSpec> parameters() const final;
    /// To be overridden only by methods that offer other ways of encoding what they decode.
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const final;

    /// The parameters besides the base.
    virtual std::vector<ParameterSpec> ownParameters() const = 0;
    /// Judges a shape; must be fast.
    virtual TransformCost cost(const ParameterValues& values, Index rows, Index cols,
                               const SideInformation& side) const = 0;
    /// Throws Error or Cancelled.
    virtual std::unique_ptr<Transform> fit(const ParameterValues& values, MatrixView weights,
                                           const SideInformation& side,
                                           const RunContext& context) const = 0;
    /// The transform that fit() made. Throws Error when the sections do not fit.
    virtual std::unique_ptr<Transform> load(const ParameterValues& values,
                                            const EncodedTensor& tensor) const = 0;
};

/// What the transforms in front of a quantizer did to the weights.
struct ShapeChange {
    ValueShape before;  ///< Of the weights.
    ValueShape after;   ///< Of what the quantizer behind the last transform got.
};
/// As it stands in the header of a tensor that a TransformMethod encoded; absent for other methods.
/// Throws Error when the header is damaged.
std::optional<ShapeChange> shapeChange(const EncodedTensor& tensor);

}  // namespace quantscope
