// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/importance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

struct NamedScore {
    const char* text;
    ImportanceScore score;
};
constexpr std::array scores = {NamedScore{"trace", ImportanceScore::Trace},
                               NamedScore{"large_weights", ImportanceScore::LargeWeights},
                               NamedScore{"layer_change", ImportanceScore::LayerChange}};

constexpr Index rowsAtOnce = 64;

double largeShare(const Matrix& values, const std::stop_token& stop) {
    const auto count = static_cast<double>(values.rows() * values.cols());
    const auto sumOf = [&](const auto& term) {
        return parallelReduce(
            values.rows(), rowsAtOnce, stop, 0.0,
            [&](Index begin, Index end) {
                double sum = 0.0;
                for (Index r = begin; r < end; ++r) {
                    for (const float value : values.view().row(r))
                        sum += term(static_cast<double>(value));
                }
                return sum;
            },
            [](double& total, double part) { total += part; });
    };
    const double mean = sumOf([](double w) { return w; }) / count;
    const double variance = sumOf([&](double w) { return (w - mean) * (w - mean); }) / count;
    return sumOf([&](double w) { return (w - mean) * (w - mean) > variance ? 1.0 : 0.0; }) / count;
}

// Sum over the positions of 1 - cos.
double changeOf(MatrixView from, MatrixView to) {
    double total = 0.0;
    for (Index r = 0; r < from.rows; ++r) {
        double product = 0.0;
        double fromSquares = 0.0;
        double toSquares = 0.0;
        for (Index c = 0; c < from.cols; ++c) {
            const auto x = static_cast<double>(from(r, c));
            const auto y = static_cast<double>(to(r, c));
            product += x * y;
            fromSquares += x * x;
            toSquares += y * y;
        }
        const double norms = std::sqrt(fromSquares * toSquares);
        total += norms > 0.0 ? 1.0 - product / norms : 0.0;
    }
    return total;
}

// Of every layer, summed over the positions of a row of tokens.
std::vector<double> changesOfRow(const ForwardPass& pass, std::span<const std::int32_t> tokens,
                                 const std::stop_token& stop) {
    std::vector<double> changes;
    Matrix hidden = pass.embed(tokens);
    for (Index layer = 0; layer < pass.model().config().layers; ++layer) {
        const Matrix before = hidden;
        pass.layer(layer, hidden.span(), {}, stop);
        changes.push_back(changeOf(before.view(), hidden.view()));
    }
    return changes;
}

}  // namespace

ImportanceScore parseImportanceScore(const std::string& text) {
    const auto found = std::ranges::find(scores, text, &NamedScore::text);
    if (found != scores.end()) return found->score;
    std::vector<std::string> names;
    for (const NamedScore& entry : scores)
        names.emplace_back(entry.text);
    const std::string near = nearestWord(text, names);
    throw Error("The score '" + printableText(text) + "' is unknown.",
                (near.empty() ? "" : "Did you mean " + near + "? ") +
                    std::string("Choose trace, large_weights or layer_change."));
}

std::map<std::string, double> hessianTraces(const std::vector<TensorChoices>& choices,
                                            const HessianFile& hessians,
                                            const std::stop_token& stop) {
    std::map<std::string, double> traces;
    for (const TensorChoices& tensor : choices) {
        const auto hessian = hessians.hessian(tensor.tensor, tensor.cols, stop);
        if (hessian == nullptr) {
            throw Error("There is no Hessian of " + printableText(tensor.tensor) + " in '" +
                            printableText(hessians.path().string()) + "'.",
                        "Rank by large_weights, or run the experiment with Hessians of all "
                        "tensors.");
        }
        traces[tensor.tensor] =
            std::accumulate(hessian->diagonal.begin(), hessian->diagonal.end(), 0.0) /
            static_cast<double>(hessian->size);
    }
    return traces;
}

std::map<std::string, double> largeWeightShares(const std::vector<TensorChoices>& choices,
                                                const TensorFile& file,
                                                const std::stop_token& stop) {
    std::map<std::string, double> shares;
    for (const TensorChoices& tensor : choices) {
        const TensorInfo* info = file.find(tensor.tensor);
        if (info == nullptr) {
            throw Error("'" + printableText(file.path().string()) + "' has no tensor " +
                            printableText(tensor.tensor) + ".",
                        "Give the file that the run quantized.");
        }
        const FoldRule fold = info->shape.size() == 1 ? FoldRule{{}} : FoldRule{{0}};
        shares[tensor.tensor] = largeShare(readAll(*file.source(tensor.tensor, fold), stop), stop);
    }
    return shares;
}

std::map<std::string, double> layerChanges(const std::vector<TensorChoices>& choices,
                                           const ForwardPass& pass, const TokenRows& tokens,
                                           const RunContext& context) {
    std::vector<std::vector<double>> rows(static_cast<std::size_t>(tokens.rows));
    parallelFor(tokens.rows, 1, context.stop(), [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) {
            rows[static_cast<std::size_t>(r)] = changesOfRow(pass, tokens.row(r), context.stop());
        }
    });
    std::map<std::string, double> changes;
    for (Index layer = 0; layer < pass.model().config().layers; ++layer) {
        double total = 0.0;
        for (const std::vector<double>& row : rows)
            total += row[static_cast<std::size_t>(layer)];
        const std::string prefix = "model.layers." + std::to_string(layer) + ".";
        for (const TensorChoices& tensor : choices) {
            if (tensor.tensor.starts_with(prefix))
                changes[tensor.tensor] = total / static_cast<double>(tokens.count());
        }
    }
    if (changes.empty()) {
        throw Error("The run has no tensor of a layer of this model.",
                    "Give the model that the run quantized.");
    }
    return changes;
}

}  // namespace quantscope
