// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/language_model.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

Matrix readTensor(const TensorFile& file, const ModelTensor& tensor, const std::stop_token& stop) {
    const std::string from = " of '" + printableText(file.path().filename().string()) + "'";
    const TensorInfo* info = file.find(tensor.name);
    if (info == nullptr) {
        throw Error("The model" + from + " has no tensor " + tensor.name + "; " +
                        formatShape(tensor.shape) + " values were expected.",
                    "Check that the file holds the whole model with Hugging Face names, and that "
                    "its configuration belongs to it.");
    }
    if (info->shape != tensor.shape) {
        throw Error("The tensor " + tensor.name + from + " is " + formatShape(info->shape) +
                        ", but the configuration asks for " + formatShape(tensor.shape) + ".",
                    "Check that the configuration belongs to this model.");
    }
    // A norm becomes one row.
    const FoldRule fold = tensor.shape.size() == 1 ? FoldRule{{}} : FoldRule{{0}};
    Matrix values = readAll(*file.source(tensor.name, fold), stop);
    for (Index r = 0; r < values.rows(); ++r) {
        for (const float value : values.view().row(r)) {
            if (!std::isfinite(value)) {
                throw Error("The tensor " + tensor.name + from + " holds " + formatNumber(value) +
                                " in row " + std::to_string(r) + ".",
                            "A model with such weights cannot be evaluated.");
            }
        }
    }
    return values;
}

}  // namespace

LanguageModel LanguageModel::load(const TensorFile& file, const RunContext& context) {
    LanguageModel model;
    model.m_config = ModelConfig::from(file);
    const std::vector<ModelTensor> tensors = modelTensors(model.m_config);
    double done = 0.0;
    for (const ModelTensor& tensor : tensors) {
        context.throwIfStopped();
        model.m_weights[tensor.name] =
            std::make_shared<const Matrix>(readTensor(file, tensor, context.stop()));
        context.progress(++done / static_cast<double>(tensors.size()), "reading the model");
    }
    return model;
}

std::vector<ModelTensor> LanguageModel::linearTensors() const {
    std::vector<ModelTensor> tensors = modelTensors(m_config);
    std::erase_if(tensors, [](const ModelTensor& tensor) { return !tensor.isLinear; });
    return tensors;
}

MatrixView LanguageModel::weights(const std::string& name) const {
    const auto found = m_weights.find(name);
    if (found == m_weights.end()) {
        std::vector<std::string> names;
        for (const auto& [known, values] : m_weights)
            names.push_back(known);
        const std::string near = nearestWord(name, names);
        throw Error("The model has no tensor '" + printableText(name) + "'.",
                    near.empty() ? "" : "Did you mean " + near + "?");
    }
    return found->second->view();
}

MatrixView LanguageModel::head() const {
    return weights(m_config.tiedHead ? embeddingTensor : headTensor);
}

void LanguageModel::replace(const std::string& name, Matrix values) {
    replace(name, std::make_shared<const Matrix>(std::move(values)));
}

void LanguageModel::replace(const std::string& name, std::shared_ptr<const Matrix> values) {
    const MatrixView present = weights(name);
    if (values->rows() != present.rows || values->cols() != present.cols) {
        throw Error("The new values of " + name + " are " + std::to_string(values->rows()) + "x" +
                        std::to_string(values->cols()) + ", but the model's are " +
                        std::to_string(present.rows) + "x" + std::to_string(present.cols) + ".",
                    "They must be folded so that rows are output channels, and come from this "
                    "model.");
    }
    m_weights[name] = std::move(values);
}

}  // namespace quantscope
