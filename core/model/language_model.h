// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/model/model_config.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// The weights of a model in memory, as float32. Copies share them.
class LanguageModel {
public:
    /// Reads a model. Throws Error naming the first tensor that is missing, of another shape, or
    /// holds NaN or infinities, and Cancelled.
    static LanguageModel load(const TensorFile& file, const RunContext& context);

    const ModelConfig& config() const { return m_config; }
    /// The layers' matrices, which are what one quantizes, in the order of the computation.
    std::vector<ModelTensor> linearTensors() const;
    bool contains(const std::string& name) const { return m_weights.contains(name); }

    /// Matrix (out, in), or a norm as one row.
    MatrixView weights(const std::string& name) const;
    /// The output matrix: its own, or the embedding.
    MatrixView head() const;

    /// Puts other values in the place of a tensor; copies of this model keep theirs. Throws Error
    /// when the model has no such tensor or it is of another shape.
    void replace(const std::string& name, Matrix values);
    /// The same with values that other models share.
    void replace(const std::string& name, std::shared_ptr<const Matrix> values);

private:
    ModelConfig m_config;
    std::map<std::string, std::shared_ptr<const Matrix>> m_weights;
};

}  // namespace quantscope
