// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace quantscope {

/// What llama.cpp calls the tensor of a Llama-type model that has this name with Hugging Face:
/// "blk.0.attn_q.weight" of "model.layers.0.self_attn.q_proj.weight". Empty for a name that is not
/// known (gguf-py, tensor_mapping.py).
std::string ggufName(const std::string& huggingFace);

/// The other way round; empty for a name that is not known.
std::string huggingFaceName(const std::string& gguf);

}  // namespace quantscope
