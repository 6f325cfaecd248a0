// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/quantized_model.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

// Results of one file say nothing of another one's weights.
void refuseOtherModel(const TensorFile& file, const std::filesystem::path& folder,
                      const std::stop_token& stop) {
    const RunInfo run = ResultStore::open(folder)->run();
    if (file.fingerprint(stop) == run.data.fingerprint) return;
    throw Error("'" + printableText(file.path().string()) +
                    "' is not the file that the run quantized ('" + printableText(run.data.path) +
                    "'): its content differs.",
                "Name that file as the model, or run the experiment again on this one.");
}

}  // namespace

QuantizedModel::QuantizedModel(const std::filesystem::path& folder,
                               const std::filesystem::path& model,
                               const std::filesystem::path& tokens,
                               const std::filesystem::path& prober, const RunContext& context) {
    const OpenOptions options{prober, false, context.stop()};
    const auto file = TensorFile::open(model, options);
    refuseOtherModel(*file, folder, context.stop());
    m_model = LanguageModel::load(*file, context);
    const auto tokenFile = TensorFile::open(tokens, options);
    m_tokens = TokenRows::read(*tokenFile, m_model.config().vocabulary, m_model.config().context);
    m_tokensFingerprint = tokenFile->fingerprint(context.stop());
}

}  // namespace quantscope
