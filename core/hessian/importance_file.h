// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace quantscope {

/// The importance of a layer's input channels.
struct LayerImportance {
    std::string name;              ///< In the file: "blk.0.attn_q.weight".
    std::string tensor;            ///< Its Hugging Face name where that is known, else `name`.
    std::vector<double> diagonal;  ///< Mean of x^2 by channel, over the inputs x of the layer.
};

/// Whether a file is an importance matrix of llama.cpp (llama-imatrix) in one of its two formats,
/// or is meant as one: a GGUF file, or one that is no HDF5 file and ends with .dat or .imatrix.
bool isImportanceFile(const std::filesystem::path& path);

/// Reads an importance file. The older format has no magic number: a count of entries, each with a
/// name, a number of calls and values, which are means times that number; then trailing text. The
/// newer one is a GGUF file of the type "imatrix" with the tensors <name>.in_sum2 and
/// <name>.counts, and one row for each expert of a mixture: those are named as Qwen's with Hugging
/// Face, and those that saw no input are left out. Throws Error that says where a file is damaged.
std::vector<LayerImportance> readImportanceFile(const std::filesystem::path& path);

}  // namespace quantscope
