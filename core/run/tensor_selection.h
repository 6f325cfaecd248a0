// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/io/tensor_file.h"
#include "core/run/experiment_spec.h"

namespace quantscope {

/// Whether a tensor name is meant by a pattern: it is that very name (which may hold characters
/// that are special in globs), as it is or as it is printed (see printableText), or the glob
/// matches.
bool meansTensor(const std::string& pattern, const std::string& name);
/// Whether it is meant by any of them.
bool meansTensor(const std::vector<std::string>& patterns, const std::string& name);

/// Patterns over the names of a file. One that is the name of a tensor, as it is or as it is
/// printed, means that tensor alone, whatever it means as a glob.
class TensorPatterns {
public:
    TensorPatterns(const std::vector<std::string>& patterns, std::span<const TensorInfo> tensors);
    bool mean(const std::string& name) const;

private:
    std::set<std::string> m_names;
    std::vector<std::string> m_globs;
};

/// A tensor that an experiment quantizes.
struct SelectedTensor {
    const TensorInfo* info = nullptr;
    FoldRule fold;
    bool normalized = false;
    bool isSearched =
        false;  ///< Queries and their exact neighbours are known; see SearchGroundTruth.
};

/// The tensors that an experiment is about.
struct TensorSelection {
    std::vector<SelectedTensor> tensors;  ///< In file order.
    std::vector<std::string> remarks;  ///< Patterns that match nothing, entries left out, cautions.
};

/// Applies patterns, exclusions, foldings and normalization. The infos belong to `file`. Throws
/// Error when nothing is left or a folding does not fit a tensor.
TensorSelection selectTensors(const TensorFile& file, const DataSpec& data);

}  // namespace quantscope
