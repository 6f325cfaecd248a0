// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <span>
#include <string>

#include "core/run/experiment_spec.h"
#include "core/tensor/tensor_info.h"

namespace quantscope {

/// Names of the quantizable tensors that the spec's globs choose.
std::set<std::string> chosenTensors(std::span<const TensorInfo> tensors, const DataSpec& data);

/// `data` with globs that choose exactly the quantizable tensors in `wanted`. Of the ways to say
/// it, the shortest wins: globs that the user wrote stay as long as they choose nothing unwanted,
/// whole groups become "group/*", the rest exact names; or all stay and the unwanted are excluded.
DataSpec withChosenTensors(std::span<const TensorInfo> tensors, const DataSpec& data,
                           const std::set<std::string>& wanted);

/// A glob that matches this name and none of the other tensors' (special characters are quoted).
std::string exactPattern(std::span<const TensorInfo> tensors, const std::string& name);

/// The folding that holds for a tensor: the user's, if one of the spec's patterns matches,
/// otherwise the reader's guess.
FoldRule chosenFold(const TensorInfo& tensor, const DataSpec& data);

/// `data` with the user's folding for one tensor; the reader's guess needs no entry.
DataSpec withFold(std::span<const TensorInfo> tensors, const DataSpec& data,
                  const std::string& name, const FoldRule& fold);

}  // namespace quantscope
