// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/decoded_results.h"

#include <algorithm>

#include "core/base/machine.h"
#include "core/base/parallel.h"
#include "core/run/model_override.h"
#include "core/store/result_store.h"

namespace quantscope {

DecodedResults::DecodedResults(LanguageModel model, std::filesystem::path folder,
                               std::filesystem::path prober, const MethodRegistry& registry,
                               std::uint64_t memory)
    : m_model(std::move(model)),
      m_folder(std::move(folder)),
      m_prober(std::move(prober)),
      m_registry(registry),
      m_memory(memory) {}

std::uint64_t DecodedResults::memoryWithin(std::uint64_t most) {
    return std::min(most, availableMemory() / 8 * 3);
}

LanguageModel DecodedResults::modelWith(std::span<const std::string> trials,
                                        const std::stop_token& stop) const {
    LanguageModel model = m_model;
    for (const std::string& trial : trials) {
        throwIfStopped(stop);
        const auto& [name, values] = tensorOf(trial, stop);
        model.replace(name, values);
    }
    return model;
}

DecodedResults::Tensor DecodedResults::tensorOf(const std::string& trial,
                                                const std::stop_token& stop) const {
    {
        const std::scoped_lock lock(m_mutex);
        const auto known = m_kept.find(trial);
        if (known != m_kept.end()) return known->second;
    }
    // Two threads may decode the same result at once: waiting would idle one of them.
    DecodedArtifact artifact =
        decodeFor(m_model, ResultStore::artifactPath(m_folder, trial), m_registry, m_prober, stop);
    const auto bytes = static_cast<std::uint64_t>(artifact.values.view().size()) * sizeof(float);
    const Tensor tensor{artifact.tensor,
                        std::make_shared<const Matrix>(std::move(artifact.values))};
    const std::scoped_lock lock(m_mutex);
    if (m_keptBytes + bytes > m_memory) return tensor;
    const auto [place, isNew] = m_kept.emplace(trial, tensor);
    if (isNew) m_keptBytes += bytes;
    return place->second;
}

}  // namespace quantscope
