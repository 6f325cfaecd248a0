// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/forward_pass.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/kernels/exponentials.h"
#include "core/kernels/product.h"

namespace quantscope {

namespace {

// Positions that one thread takes through a matrix at a time.
constexpr Index linearPositions = 128;
// Queries whose attention is computed together.
constexpr Index queryBlock = 64;

// y = x W^T
Matrix linear(MatrixView x, MatrixView weights, const std::stop_token& stop) {
    Matrix y(x.rows, weights.rows);
    const StridedView<float> transposed = strided(weights).transposed();
    parallelFor(x.rows, linearPositions, stop, [&](Index begin, Index end) {
        addProduct(1.0F, strided(x.middleRows(begin, end - begin)), transposed,
                   y.span().row(begin).data(), y.cols());
    });
    return y;
}

void add(MatrixSpan x, MatrixView y) {
    for (Index r = 0; r < x.rows; ++r)
        std::ranges::transform(x.row(r), y.row(r), x.row(r).begin(), std::plus());
}

Matrix normed(MatrixView x, MatrixView gain, double epsilon) {
    Matrix y(x.rows, x.cols);
    for (Index r = 0; r < x.rows; ++r) {
        double squares = 0.0;
        for (const float value : x.row(r))
            squares += static_cast<double>(value) * value;
        const auto factor =
            static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(x.cols) + epsilon));
        for (Index c = 0; c < x.cols; ++c)
            y(r, c) = x(r, c) * factor * gain(0, c);
    }
    return y;
}

}  // namespace

std::span<const std::string_view> linearLayersAt(LinearInput input) {
    using namespace std::string_view_literals;
    static constexpr std::array attention = {"self_attn.q_proj"sv, "self_attn.k_proj"sv,
                                             "self_attn.v_proj"sv};
    static constexpr std::array attentionOutput = {"self_attn.o_proj"sv};
    static constexpr std::array feedForward = {"mlp.gate_proj"sv, "mlp.up_proj"sv};
    static constexpr std::array feedForwardOutput = {"mlp.down_proj"sv};
    switch (input) {
        case LinearInput::Attention:
            return attention;
        case LinearInput::AttentionOutput:
            return attentionOutput;
        case LinearInput::FeedForward:
            return feedForward;
        case LinearInput::FeedForwardOutput:
            break;
    }
    return feedForwardOutput;
}

ForwardPass::ForwardPass(LanguageModel model) : m_model(std::move(model)) {
    const ModelConfig& config = m_model.config();
    const Index half = config.headSize / 2;
    for (Index position = 0; position < config.context; ++position) {
        for (Index i = 0; i < half; ++i) {
            const double exponent = static_cast<double>(i) / static_cast<double>(half);
            const double angle =
                static_cast<double>(position) / std::pow(config.ropeBase, exponent);
            m_rotation.cosines.push_back(static_cast<float>(std::cos(angle)));
            m_rotation.sines.push_back(static_cast<float>(std::sin(angle)));
        }
    }
}

Matrix ForwardPass::embed(std::span<const std::int32_t> tokens) const {
    const MatrixView embedding = m_model.weights(embeddingTensor);
    Matrix hidden(static_cast<Index>(tokens.size()), embedding.cols);
    for (Index r = 0; r < hidden.rows(); ++r) {
        std::ranges::copy(embedding.row(tokens[static_cast<std::size_t>(r)]),
                          hidden.span().row(r).begin());
    }
    return hidden;
}

void ForwardPass::rotate(MatrixSpan heads) const {
    const Index size = m_model.config().headSize;
    const Index half = size / 2;
    for (Index position = 0; position < heads.rows; ++position) {
        const float* cosines = m_rotation.cosines.data() + position * half;
        const float* sines = m_rotation.sines.data() + position * half;
        for (Index first = 0; first < heads.cols; first += size) {
            float* head = heads.row(position).data() + first;
            for (Index i = 0; i < half; ++i) {
                const float x = head[i];
                const float y = head[i + half];
                head[i] = x * cosines[i] - y * sines[i];
                head[i + half] = y * cosines[i] + x * sines[i];
            }
        }
    }
}

Matrix ForwardPass::attention(MatrixView queries, MatrixView keys, MatrixView values,
                              const std::stop_token& stop) const {
    const ModelConfig& config = m_model.config();
    const Index size = config.headSize;
    const Index sharing = config.heads / config.keyValueHeads;
    const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(size)));
    Matrix out(queries.rows, queries.cols);
    const Index blocks = (queries.rows + queryBlock - 1) / queryBlock;
    parallelFor(config.heads * blocks, blocks, stop, [&](Index begin, Index end) {
        std::vector<float> scores;
        for (Index task = begin; task < end; ++task) {
            throwIfStopped(stop);
            const Index head = task / blocks;
            const Index first = task % blocks * queryBlock;
            const Index count = std::min(queryBlock, queries.rows - first);
            const Index visible = first + count;
            const Index shared = head / sharing * size;
            scores.assign(static_cast<std::size_t>(count * visible), 0.0F);
            const MatrixSpan weights(scores.data(), count, visible);
            addProduct(scale,
                       strided(queries.middleRows(first, count).middleCols(head * size, size)),
                       strided(keys.middleRows(0, visible).middleCols(shared, size)).transposed(),
                       weights.data, visible);
            for (Index r = 0; r < count; ++r) {
                const auto seen = static_cast<std::size_t>(first + r + 1);
                softmax(weights.row(r).first(seen));
                std::ranges::fill(weights.row(r).subspan(seen), 0.0F);
            }
            addProduct(1.0F, strided(weights),
                       strided(values.middleRows(0, visible).middleCols(shared, size)),
                       &out(first, head * size), out.cols());
        }
    });
    return out;
}

void ForwardPass::layer(Index index, MatrixSpan hidden, const Tap& tap,
                        const std::stop_token& stop) const {
    const double epsilon = m_model.config().normEpsilon;
    const auto weights = [&](const char* part) {
        return m_model.weights(layerTensor(index, part));
    };
    const auto tell = [&](LinearInput input, const Matrix& x) {
        if (tap) tap(input, x.view());
    };
    const Matrix entering = normed(hidden, weights("input_layernorm"), epsilon);
    tell(LinearInput::Attention, entering);
    Matrix queries = linear(entering.view(), weights("self_attn.q_proj"), stop);
    Matrix keys = linear(entering.view(), weights("self_attn.k_proj"), stop);
    const Matrix values = linear(entering.view(), weights("self_attn.v_proj"), stop);
    rotate(queries.span());
    rotate(keys.span());
    const Matrix mixed = attention(queries.view(), keys.view(), values.view(), stop);
    tell(LinearInput::AttentionOutput, mixed);
    add(hidden, linear(mixed.view(), weights("self_attn.o_proj"), stop).view());

    const Matrix between = normed(hidden, weights("post_attention_layernorm"), epsilon);
    tell(LinearInput::FeedForward, between);
    Matrix gate = linear(between.view(), weights("mlp.gate_proj"), stop);
    const Matrix up = linear(between.view(), weights("mlp.up_proj"), stop);
    for (Index r = 0; r < gate.rows(); ++r)
        multiplySilu(gate.span().row(r), up.view().row(r));
    tell(LinearInput::FeedForwardOutput, gate);
    add(hidden, linear(gate.view(), weights("mlp.down_proj"), stop).view());
}

void ForwardPass::finalNorm(MatrixSpan hidden) const {
    const Matrix result =
        normed(hidden, m_model.weights(finalNormTensor), m_model.config().normEpsilon);
    for (Index r = 0; r < hidden.rows; ++r)
        std::ranges::copy(result.view().row(r), hidden.row(r).begin());
}

Matrix ForwardPass::hiddenStates(std::span<const std::int32_t> tokens,
                                 const std::stop_token& stop) const {
    Matrix hidden = embed(tokens);
    for (Index index = 0; index < m_model.config().layers; ++index)
        layer(index, hidden.span(), {}, stop);
    finalNorm(hidden.span());
    return hidden;
}

void ForwardPass::logits(MatrixView hidden, MatrixSpan out) const {
    for (Index r = 0; r < out.rows; ++r)
        std::ranges::fill(out.row(r), 0.0F);
    addProduct(1.0F, strided(hidden), strided(m_model.head()).transposed(), out.data, out.stride);
}

std::vector<std::int32_t> continueGreedily(const ForwardPass& pass,
                                           std::vector<std::int32_t> tokens, Index count,
                                           const std::stop_token& stop) {
    std::vector<std::int32_t> added;
    Matrix logits(1, pass.model().config().vocabulary);
    for (Index i = 0; i < count; ++i) {
        const Matrix hidden = pass.hiddenStates(tokens, stop);
        pass.logits(hidden.view().middleRows(hidden.rows() - 1, 1), logits.span());
        const auto likeliest = std::ranges::max_element(logits.view().row(0));
        added.push_back(static_cast<std::int32_t>(likeliest - logits.view().row(0).begin()));
        tokens.push_back(added.back());
    }
    return added;
}

}  // namespace quantscope
