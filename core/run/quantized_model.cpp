// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/quantized_model.h"

#include "core/run/input_check.h"
#include "core/store/result_store.h"

namespace quantscope {

QuantizedModel::QuantizedModel(const std::filesystem::path& folder,
                               const std::filesystem::path& model,
                               const std::filesystem::path& tokens,
                               const std::filesystem::path& prober, const RunContext& context) {
    const OpenOptions options{prober, false, context.stop()};
    const auto file = TensorFile::open(model, options);
    refuseOtherContent(ResultStore::open(folder)->run().data, file->path(),
                       file->fingerprint(context.stop()), "the file that the run quantized");
    m_model = LanguageModel::load(*file, context);
    const auto tokenFile = TensorFile::open(tokens, options);
    m_tokens = TokenRows::read(*tokenFile, m_model.config().vocabulary, m_model.config().context);
    m_tokensFingerprint = tokenFile->fingerprint(context.stop());
}

}  // namespace quantscope
