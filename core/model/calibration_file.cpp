// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/version.h"
#include "core/io/tensor_writer.h"
#include "core/model/calibration.h"

namespace quantscope {

namespace {

void writeInput(TensorWriter& writer, const LayerCalibration& input, const std::stop_token& stop) {
    const std::string& first = input.tensors.front();
    writer.writeDoubles("hessian/" + first, {input.channels, input.channels}, input.hessian);
    const MatrixView activations = input.activations.view();
    if (activations.rows > 0) {
        writer.write(
            "activations/" + first, {activations.rows, activations.cols}, FoldRule{{0}},
            [&](Index row, MatrixSpan out) { ViewSource(activations).read(row, out, stop); }, stop);
    }
    for (std::size_t i = 1; i < input.tensors.size(); ++i) {
        writer.link("hessian/" + first, "hessian/" + input.tensors[i]);
        if (activations.rows > 0)
            writer.link("activations/" + first, "activations/" + input.tensors[i]);
    }
}

}  // namespace

void writeCalibration(const std::filesystem::path& path, const std::string& origin,
                      const ForwardPass& pass, const TokenRows& tokens,
                      const std::vector<Index>& positions, const RunContext& context) {
    TensorWriter writer(path);
    writer.writeAttribute("model", origin);
    writer.writeAttribute("convention", "H = (2/n) * sum_t x_t x_t^T");
    writer.writeAttribute("n_tokens", std::to_string(tokens.count()));
    writer.writeAttribute("program", "quantscope " + std::string(programVersion()));
    calibrate(pass, tokens, positions, context,
              [&](const LayerCalibration& input) { writeInput(writer, input, context.stop()); });
    if (!positions.empty()) {
        writer.writeIntegers("activation_positions",
                             std::vector<std::int64_t>(positions.begin(), positions.end()));
    }
    writer.finish();
}

}  // namespace quantscope
