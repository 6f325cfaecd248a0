// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/model/language_model.h"
#include "core/model/token_rows.h"

namespace quantscope {

/// The model that a run quantized, and tokens to judge it by.
class QuantizedModel {
public:
    /// Reads both. Throws Error when `model` is not the file that the run in `folder` quantized,
    /// holds no Llama-type model, or the tokens are none of its; and Cancelled. `prober`: see
    /// OpenOptions.
    QuantizedModel(const std::filesystem::path& folder, const std::filesystem::path& model,
                   const std::filesystem::path& tokens, const std::filesystem::path& prober,
                   const RunContext& context);

    const LanguageModel& model() const { return m_model; }
    const TokenRows& tokens() const { return m_tokens; }
    /// See TensorFile::fingerprint.
    const std::string& tokensFingerprint() const { return m_tokensFingerprint; }

private:
    LanguageModel m_model;
    TokenRows m_tokens;
    std::string m_tokensFingerprint;
};

}  // namespace quantscope
