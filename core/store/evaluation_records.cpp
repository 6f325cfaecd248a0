// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/evaluation_records.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/base/finite_json.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/store/file_lock.h"

namespace quantscope {

namespace {

constexpr int currentVersion = 1;
constexpr std::array<const char*, 4> kinds = {"model", "method", "plan", "artifacts"};

EvaluationRecord recordFrom(const Json& json) {
    EvaluationRecord record;
    record.id = json.at("id").get<std::string>();
    const auto kind = std::ranges::find(kinds, json.at("kind").get<std::string>());
    if (kind == kinds.end()) throw Error("An evaluation is of an unknown kind.");
    record.kind = static_cast<EvaluationRecord::Kind>(kind - kinds.begin());
    record.label = json.at("label").get<std::string>();
    record.family = json.at("family").get<std::string>();
    record.bitsPerWeight = json.at("bits_per_weight").get<double>();
    record.tensors = json.at("tensors").get<std::size_t>();
    record.tokens = json.at("tokens").get<std::string>();
    record.tokensFingerprint = json.at("tokens_fingerprint").get<std::string>();
    record.predictions = json.at("predictions").get<Index>();
    record.perplexity = finiteFrom(json.at("perplexity"));
    record.standardError = finiteFrom(json.at("stderr"));
    record.divergence = finiteFrom(json.at("kl"));
    record.divergenceError = finiteFrom(json.at("kl_stderr"));
    return record;
}

}  // namespace

Json EvaluationRecord::toJson() const {
    return {{"id", id},
            {"kind", kinds[static_cast<std::size_t>(kind)]},
            {"label", label},
            {"family", family},
            {"bits_per_weight", bitsPerWeight},
            {"tensors", tensors},
            {"tokens", tokens},
            {"tokens_fingerprint", tokensFingerprint},
            {"predictions", predictions},
            {"perplexity", finiteJson(perplexity)},
            {"stderr", finiteJson(standardError)},
            {"kl", finiteJson(divergence)},
            {"kl_stderr", finiteJson(divergenceError)}};
}

EvaluationRecord EvaluationRecord::fromJson(const Json& json) {
    try {
        return recordFrom(json);
    } catch (const Json::exception&) {
        throw Error("An evaluation lacks an entry, or one is of another type.");
    }
}

std::filesystem::path evaluationsPath(const std::filesystem::path& folder) {
    return folder / "evaluations.json";
}

std::vector<EvaluationRecord> readEvaluations(const std::filesystem::path& folder) {
    const std::filesystem::path path = evaluationsPath(folder);
    if (!std::filesystem::exists(path)) return {};
    const std::string remedy =
        "Delete '" + printableText(path.string()) + "' and evaluate the run again.";
    const Json json = readJsonFile(path);
    const Json version = json.is_object() ? json.value("version", Json()) : Json();
    if (!version.is_number_integer() || !json.contains("evaluations")) {
        throw Error("The evaluations of the run are not what this program writes.", remedy);
    }
    if (version.get<int>() > currentVersion) {
        throw Error("The evaluations of the run were written by a newer version of the program.",
                    "Update Quantscope.");
    }
    std::vector<EvaluationRecord> records;
    try {
        for (const Json& entry : json.at("evaluations"))
            records.push_back(EvaluationRecord::fromJson(entry));
    } catch (const Error& error) {
        throw Error(error.what(), remedy);
    }
    return records;
}

void keepEvaluation(const std::filesystem::path& folder, const EvaluationRecord& record,
                    const std::stop_token& stop) {
    // What another process adds between reading and writing would be lost.
    const FileLock lock(folder / "evaluations.lock", stop);
    std::vector<EvaluationRecord> records = readEvaluations(folder);
    std::erase_if(records, [&](const EvaluationRecord& other) { return other.id == record.id; });
    records.push_back(record);
    Json list = Json::array();
    for (const EvaluationRecord& kept : records)
        list.push_back(kept.toJson());
    const Json document{{"version", currentVersion}, {"evaluations", list}};
    writeTextFile(evaluationsPath(folder), document.dump(2) + '\n');
}

}  // namespace quantscope
