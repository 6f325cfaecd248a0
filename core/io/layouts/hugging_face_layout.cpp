// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

using namespace std::string_view_literals;

bool isStateName(std::string_view name) {
    const std::string_view last = lastPart(name);
    return contains(last, ".") && (last.ends_with(".weight") || last.ends_with(".bias"));
}

bool isEmbedding(std::string_view name) {
    static constexpr std::array signs = {"embed"sv, "wte."sv, "wpe."sv, "tok_emb"sv, "pos_emb"sv};
    return std::ranges::any_of(signs, [&](std::string_view sign) { return contains(name, sign); });
}

/// The layers that GPT-2 stores as Conv1D, with the axes (in, out).
bool isTransposedLinear(std::string_view name) {
    static constexpr std::array signs = {"attn.c_attn.weight"sv, "attn.c_proj.weight"sv,
                                         "attn.q_attn.weight"sv, "mlp.c_fc.weight"sv,
                                         "mlp.c_proj.weight"sv};
    return std::ranges::any_of(signs, [&](std::string_view sign) { return name.ends_with(sign); });
}

/// Names as PyTorch's state_dict gives them, and Hugging Face files with them:
/// "model.layers.0.mlp.up_proj.weight". Weights have the axes (out, in, ...).
class HuggingFaceLayout final : public FileLayout {
public:
    std::string id() const override { return "hugging-face"; }

    bool matches(const FileOutline& outline) const override {
        std::size_t tensors = 0;
        std::size_t named = 0;
        for (const OutlineEntry& entry : outline.entries) {
            if (entry.info.shape.empty()) continue;
            ++tensors;
            if (isStateName(entry.info.name)) ++named;
        }
        return named > 0 && 2 * named >= tensors;
    }

    void orient(const FileOutline& /*outline*/, OutlineEntry& entry) const override {
        const std::string& name = entry.info.name;
        const std::size_t rank = entry.info.shape.size();
        if (rank == 2 && isEmbedding(name)) {
            setFold(entry, {0}, "rows = vocabulary or positions, columns = embedding dimensions");
        } else if (rank == 2 && isTransposedLinear(name)) {
            setFold(entry, {1}, "rows = output channels; stored (in, out) as GPT-2's Conv1D");
        } else if (rank == 2) {
            setFold(entry, {0}, "rows = output channels (PyTorch linear: out, in)");
        } else if (rank > 2) {
            setFold(entry, {0}, "rows = output channels (PyTorch convolution: out, in, kernel)");
        }
    }
};

}  // namespace

const FileLayout& huggingFaceLayout() {
    static const HuggingFaceLayout layout;
    return layout;
}

}  // namespace quantscope
