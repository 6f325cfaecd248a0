// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/matrix_view.h"

namespace quantscope {

/// How well a model predicts tokens while results of a run take the place of its tensors.
struct EvaluationRecord {
    enum class Kind {
        Model,      ///< As it is.
        Method,     ///< One method for all tensors of the run.
        Plan,       ///< What an allocation gives each tensor.
        Artifacts,  ///< Artifacts of the run's tensors that are no results of it.
    };

    std::string id;  ///< Of the results that were put in and the tokens; see evaluationId().
    Kind kind = Kind::Model;
    /// Text of the method, or what plan or artifacts these are; empty for the model as it is.
    std::string label;
    std::string family;          ///< Id of the method; empty for others.
    double bitsPerWeight = 0.0;  ///< Of the replaced tensors, everything counted.
    std::size_t tensors = 0;     ///< How many were replaced.
    std::string tokens;          ///< The file of token ids.
    std::string tokensFingerprint;
    Index predictions = 0;
    double perplexity = 0.0;
    double standardError = 0.0;
    double divergence = 0.0;  ///< Nats a token, from the model as it is.
    double divergenceError = 0.0;

    bool operator==(const EvaluationRecord&) const = default;
    Json toJson() const;
    /// Throws Error when an entry is missing or of the wrong type.
    static EvaluationRecord fromJson(const Json& json);
};

/// The evaluations that a result folder keeps (evaluations.json), oldest first; none when it has
/// none. Throws Error when the file cannot be understood.
std::vector<EvaluationRecord> readEvaluations(const std::filesystem::path& folder);

/// Keeps one more, in place of an older one with its id. The file is written aside and renamed; a
/// lock keeps others from doing so meanwhile, so that nothing is lost when several processes or
/// threads keep evaluations. Throws Error when it cannot be written or understood, and Cancelled
/// while it waits for others.
void keepEvaluation(const std::filesystem::path& folder, const EvaluationRecord& record,
                    const std::stop_token& stop = {});

/// The file of a result folder that they are kept in.
std::filesystem::path evaluationsPath(const std::filesystem::path& folder);

}  // namespace quantscope
