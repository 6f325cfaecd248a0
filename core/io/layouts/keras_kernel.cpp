// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/keras_kernel.h"

#include "core/io/layouts/file_layout.h"

namespace quantscope {

namespace {

bool isDepthwise(std::string_view path, std::string_view role) {
    return role == "depthwise_kernel" ||
           (contains(path, "depthwise_conv") && role != "pointwise_kernel");
}

bool isTransposedConvolution(std::string_view path) {
    return contains(path, "transpose") || contains(path, "deconv");
}

bool isAttentionInput(std::string_view path) {
    return contains(path, "query") || contains(path, "key_dense") || contains(path, "/key/") ||
           contains(path, "value");
}

}  // namespace

void orientKerasWeight(std::string_view path, std::string_view role, OutlineEntry& entry) {
    const auto rank = static_cast<int>(entry.info.shape.size());
    if (rank < 2) return;
    if (role == "embeddings" || (rank == 2 && contains(path, "embedding"))) {
        setFold(entry, {0}, "rows = vocabulary, columns = embedding dimensions (Keras embedding)");
    } else if (rank == 2) {
        setFold(entry, {1}, "rows = output channels; stored transposed (Keras dense: in, out)");
    } else if (isDepthwise(path, role)) {
        setFold(entry, {rank - 2, rank - 1},
                "rows = output channels (Keras depthwise convolution: kernel, in, multiplier)");
    } else if (isTransposedConvolution(path)) {
        setFold(entry, {rank - 2},
                "rows = output channels (Keras transposed convolution: kernel, out, in)");
    } else if (rank == 3 &&
               (contains(path, "attention_output") || contains(path, "output_dense"))) {
        setFold(entry, {2},
                "rows = output channels (Keras attention output: head, dimension, out)");
    } else if (rank == 3 && contains(path, "attention") && isAttentionInput(path)) {
        setFold(entry, {1, 2},
                "rows = output channels of all heads (Keras attention: in, head, dimension)");
    } else {
        setFold(entry, {rank - 1}, "rows = output channels (Keras convolution: kernel, in, out)");
    }
}

}  // namespace quantscope
