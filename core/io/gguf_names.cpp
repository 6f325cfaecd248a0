// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/gguf_names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace quantscope {

namespace {

struct NamePair {
    std::string_view huggingFace;
    std::string_view gguf;
};

// The ending (.weight, .bias) is the same on both sides.
constexpr auto modelParts = std::to_array<NamePair>(
    {{"model.embed_tokens", "token_embd"}, {"model.norm", "output_norm"}, {"lm_head", "output"}});

constexpr auto layerParts = std::to_array<NamePair>({{"self_attn.q_proj", "attn_q"},
                                                     {"self_attn.k_proj", "attn_k"},
                                                     {"self_attn.v_proj", "attn_v"},
                                                     {"self_attn.o_proj", "attn_output"},
                                                     {"self_attn.q_norm", "attn_q_norm"},
                                                     {"self_attn.k_norm", "attn_k_norm"},
                                                     {"mlp.gate_proj", "ffn_gate"},
                                                     {"mlp.up_proj", "ffn_up"},
                                                     {"mlp.down_proj", "ffn_down"},
                                                     {"input_layernorm", "attn_norm"},
                                                     {"post_attention_layernorm", "ffn_norm"}});

constexpr std::string_view huggingFaceLayers = "model.layers.";
constexpr std::string_view ggufLayers = "blk.";

struct Direction {
    std::string_view fromLayers;
    std::string_view toLayers;
    std::string_view NamePair::*from;
    std::string_view NamePair::*to;
};

template <typename Pairs>
std::string_view renamed(std::string_view part, const Pairs& pairs, const Direction& way) {
    const auto found = std::ranges::find(pairs, part, way.from);
    return found == pairs.end() ? std::string_view() : (*found).*way.to;
}

std::string translated(std::string_view name, const Direction& way) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    const std::string_view ending = name.substr(dot);
    if (ending != ".weight" && ending != ".bias") return {};
    std::string_view part = name.substr(0, dot);
    std::string start;
    std::string_view other;
    if (part.starts_with(way.fromLayers)) {
        part.remove_prefix(way.fromLayers.size());
        const std::size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
        if (digits == 0 || part.substr(digits, 1) != ".") return {};
        start = std::string(way.toLayers) + std::string(part.substr(0, digits + 1));
        other = renamed(part.substr(digits + 1), layerParts, way);
    } else {
        other = renamed(part, modelParts, way);
    }
    if (other.empty()) return {};
    return start + std::string(other) + std::string(ending);
}

}  // namespace

std::string ggufName(const std::string& huggingFace) {
    return translated(huggingFace,
                      {huggingFaceLayers, ggufLayers, &NamePair::huggingFace, &NamePair::gguf});
}

std::string huggingFaceName(const std::string& gguf) {
    return translated(gguf,
                      {ggufLayers, huggingFaceLayers, &NamePair::gguf, &NamePair::huggingFace});
}

}  // namespace quantscope
