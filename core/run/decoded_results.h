// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include "core/model/language_model.h"
#include "core/quant/method.h"

namespace quantscope {

/// Results of a run as tensors of a model: each is decoded once and shared by all models that are
/// made with it, within a limit of memory; what does not fit is decoded anew each time, which gives
/// the same bits.
class DecodedResults {
public:
    /// `folder`: of the run. `memory`: for the decoded values, in bytes. `registry` outlives this.
    DecodedResults(LanguageModel model, std::filesystem::path folder, std::filesystem::path prober,
                   const MethodRegistry& registry, std::uint64_t memory);

    /// What may be kept on this machine, in bytes: three eighths of its memory, `most` at most.
    /// Beside ReferenceStates::usualMemory half of it stays free.
    static std::uint64_t memoryWithin(std::uint64_t most);

    /// The model with the results of these trials in place. From any thread. Throws Error as
    /// decodeFor does, and Cancelled.
    LanguageModel modelWith(std::span<const std::string> trials, const std::stop_token& stop) const;

private:
    using Tensor = std::pair<std::string, std::shared_ptr<const Matrix>>;

    Tensor tensorOf(const std::string& trial, const std::stop_token& stop) const;

    LanguageModel m_model;
    std::filesystem::path m_folder;
    std::filesystem::path m_prober;
    const MethodRegistry& m_registry;
    std::uint64_t m_memory;
    mutable std::mutex m_mutex;
    mutable std::map<std::string, Tensor> m_kept;  ///< By trial.
    mutable std::uint64_t m_keptBytes = 0;
};

}  // namespace quantscope
