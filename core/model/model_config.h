// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/io/tensor_file.h"

namespace quantscope {

/// The shape of a Llama-type decoder (Touvron et al. 2023): RMS norms, rotary positions in the
/// half-split order of Hugging Face, grouped-query attention (Ainslie et al. 2023), SwiGLU.
struct ModelConfig {
    Index hidden = 0;        ///< Width of the residual stream.
    Index intermediate = 0;  ///< Width inside the feed-forward part.
    Index layers = 0;
    Index heads = 0;
    Index keyValueHeads = 0;  ///< Divides heads.
    Index headSize = 0;       ///< Even.
    Index vocabulary = 0;
    Index context = 0;  ///< Most positions.
    double normEpsilon = 1e-5;
    double ropeBase = 10000.0;
    bool tiedHead = false;  ///< The output matrix is the embedding.

    Index keyValueWidth() const { return keyValueHeads * headSize; }
    Index queryWidth() const { return heads * headSize; }

    /// From the root attribute config_json (as Hugging Face's config.json), or from root attributes
    /// of the same names. Throws Error that names what is missing, impossible or not supported.
    static ModelConfig from(const TensorFile& file);
};

/// A weight that a model of some configuration has.
struct ModelTensor {
    std::string name;  ///< As Hugging Face names it.
    Shape shape;       ///< (out, in), or (width) for norms.
    bool isLinear =
        false;  ///< One of the matrices of the layers; neither embedding, norm nor head.
};

/// All weights of a model, in the order of the computation. A tied head is not listed.
std::vector<ModelTensor> modelTensors(const ModelConfig& config);

/// Name of a weight of layer `layer`: layerTensor(2, "mlp.up_proj").
std::string layerTensor(Index layer, const std::string& part);

inline constexpr const char* embeddingTensor = "model.embed_tokens.weight";
inline constexpr const char* finalNormTensor = "model.norm.weight";
inline constexpr const char* headTensor = "lm_head.weight";

}  // namespace quantscope
