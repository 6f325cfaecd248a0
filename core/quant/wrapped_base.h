// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/quant/encoded_tensor.h"
#include "core/quant/parameter.h"
#include "core/quant/quantizer.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

// What methods have in common that leave the coding to another one, their parameter "base": those
// that change the matrix before it (TransformMethod), and those that make up for what it loses
// (RepairMethod).

inline constexpr const char* baseParameterId = "base";
/// The names of the base's sections begin with it; its header is the entry baseParameterId of the
/// header.
inline constexpr const char* baseSectionPrefix = "base/";

/// The parameter; scalar unless chosen.
ParameterSpec baseParameter(const std::string& help);

/// Why a tensor of this shape cannot be worked on with this side information: no weights, or a
/// Hessian of another size. Empty when it can.
std::string refuseSide(Index rows, Index cols, const SideInformation& side);

/// Moves what the base encoded into `encoded`. Its details and remarks go to the top of the header,
/// where the trial's record finds them; `remarks` come before the base's.
void addBase(EncodedTensor& encoded, EncodedTensor base, std::vector<std::string> remarks);

/// What addBase() put in, as the base wrote it; `method` is the base.
std::shared_ptr<const EncodedTensor> baseOf(const EncodedTensor& tensor, MethodSpec method);

/// The whole tensor. Throws Error for values that are not finite, or Cancelled.
Matrix readFinite(const TensorSource& weights, const std::stop_token& stop);

/// Cuts infinite values to the largest float.
void keepFinite(MatrixSpan weights);

}  // namespace quantscope
