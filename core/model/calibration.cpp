// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/calibration.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/hessian/activation_hessian.h"

namespace quantscope {

namespace {

// Rows of tokens whose activations are held together take about this much.
constexpr std::uint64_t waveBytes = std::uint64_t{256} << 20;

/// H and samples of one input while rows of tokens come in.
class InputCollector {
public:
    InputCollector(std::vector<std::string> tensors, Index channels, Index samples)
        : m_products(channels) {
        m_result.tensors = std::move(tensors);
        m_result.channels = channels;
        m_result.activations = Matrix(samples, channels);
    }

    /// Inputs of one row of tokens, which begins at `firstPosition` of all.
    void add(MatrixView x, Index firstPosition, const std::vector<Index>& positions,
             const std::stop_token& stop) {
        m_products.add(x, stop);
        const auto first = std::ranges::lower_bound(positions, firstPosition);
        for (auto position = first;
             position != positions.end() && *position < firstPosition + x.rows; ++position) {
            std::ranges::copy(
                x.row(*position - firstPosition),
                m_result.activations.span().row(position - positions.begin()).begin());
        }
    }

    LayerCalibration finish(Index count) {
        m_result.hessian = m_products.finish(2.0 / static_cast<double>(count));
        return std::move(m_result);
    }

private:
    LayerCalibration m_result;
    InputProducts m_products;
};

Index channelsAt(const ModelConfig& config, LinearInput input) {
    switch (input) {
        case LinearInput::Attention:
        case LinearInput::FeedForward:
            return config.hidden;
        case LinearInput::AttentionOutput:
            return config.queryWidth();
        case LinearInput::FeedForwardOutput:
            break;
    }
    return config.intermediate;
}

std::vector<std::string> tensorsAt(Index layer, LinearInput input) {
    std::vector<std::string> tensors;
    for (const std::string_view part : linearLayersAt(input))
        tensors.push_back(layerTensor(layer, std::string(part)));
    return tensors;
}

/// Rows of tokens that go through a layer together; follows from the sizes alone.
Index rowsPerWave(const ModelConfig& config, Index length) {
    Index floats = 0;
    for (const LinearInput input : allLinearInputs)
        floats += channelsAt(config, input) * length;
    const auto bytes = static_cast<std::uint64_t>(floats) * sizeof(float);
    return std::clamp<Index>(static_cast<Index>(waveBytes / bytes), 1, 32);
}

/// The inputs that a row of tokens gives in one layer.
using TappedRow = std::array<Matrix, allLinearInputs.size()>;

Matrix copyOf(MatrixView values) {
    Matrix copy(values.rows, values.cols);
    for (Index r = 0; r < values.rows; ++r)
        std::ranges::copy(values.row(r), copy.span().row(r).begin());
    return copy;
}

}  // namespace

std::vector<Index> sampledPositions(Index count, Index sample, std::uint64_t seed) {
    // Floyd's algorithm (Bentley 1987): every set is equally likely.
    std::unordered_set<Index> chosen;
    Random random(seed);
    for (Index next = std::max<Index>(0, count - sample); next < count; ++next) {
        if (!chosen.insert(random.below(next + 1)).second) chosen.insert(next);
    }
    std::vector<Index> positions(chosen.begin(), chosen.end());
    std::ranges::sort(positions);
    return positions;
}

void calibrate(const ForwardPass& pass, const TokenRows& tokens,
               const std::vector<Index>& positions, const RunContext& context,
               const CalibrationSink& sink) {
    const ModelConfig& config = pass.model().config();
    const std::stop_token& stop = context.stop();
    const auto samples = static_cast<Index>(positions.size());
    std::vector<Matrix> hidden;
    for (Index r = 0; r < tokens.rows; ++r)
        hidden.push_back(pass.embed(tokens.row(r)));
    const Index wave = rowsPerWave(config, tokens.length);
    const double steps = static_cast<double>(config.layers) + 1.0;
    for (Index layer = 0; layer < config.layers; ++layer) {
        std::vector<InputCollector> collectors;
        for (const LinearInput input : allLinearInputs)
            collectors.emplace_back(tensorsAt(layer, input), channelsAt(config, input), samples);
        for (Index first = 0; first < tokens.rows; first += wave) {
            const Index count = std::min(wave, tokens.rows - first);
            std::vector<TappedRow> taps(static_cast<std::size_t>(count));
            parallelFor(count, 1, stop, [&](Index begin, Index end) {
                for (Index r = begin; r < end; ++r) {
                    const auto tap = [&](LinearInput input, MatrixView x) {
                        taps[static_cast<std::size_t>(r)][static_cast<std::size_t>(input)] =
                            copyOf(x);
                    };
                    pass.layer(layer, hidden[static_cast<std::size_t>(first + r)].span(), tap,
                               stop);
                }
            });
            for (Index r = 0; r < count; ++r) {
                for (std::size_t i = 0; i < collectors.size(); ++i) {
                    collectors[i].add(taps[static_cast<std::size_t>(r)][i].view(),
                                      (first + r) * tokens.length, positions, stop);
                }
            }
            const double done = static_cast<double>(layer) + static_cast<double>(first + count) /
                                                                 static_cast<double>(tokens.rows);
            context.progress(done / steps, "layer " + std::to_string(layer + 1) + " of " +
                                               std::to_string(config.layers));
        }
        for (InputCollector& collector : collectors)
            sink(collector.finish(tokens.count()));
    }
    InputCollector head({headTensor}, config.hidden, samples);
    for (Index r = 0; r < tokens.rows; ++r) {
        Matrix& states = hidden[static_cast<std::size_t>(r)];
        pass.finalNorm(states.span());
        head.add(states.view(), r * tokens.length, positions, stop);
    }
    sink(head.finish(tokens.count()));
}

}  // namespace quantscope
