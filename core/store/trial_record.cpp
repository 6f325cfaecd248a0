// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/trial_record.h"

#include <array>
#include <optional>
#include <utility>

#include "core/base/error.h"

namespace quantscope {

namespace {

Json rateToJson(const RateLedger& rate) {
    Json json = Json::object();
    for (const RatePart part : allRateParts)
        json[std::string(ratePartName(part))] = rate[part];
    return json;
}

RateLedger rateFromJson(const Json& json) {
    RateLedger rate;
    for (const RatePart part : allRateParts) {
        const std::string name(ratePartName(part));
        // Records are older than this part, which was added when others had been written.
        if (part == RatePart::Factors && !json.contains(name)) continue;
        rate[part] = json.at(name).get<std::uint64_t>();
    }
    return rate;
}

Json secondsToJson(const PhaseSeconds& seconds) {
    return Json{{"train", seconds.train}, {"encode", seconds.encode}, {"decode", seconds.decode}};
}

PhaseSeconds secondsFromJson(const Json& json) {
    return {json.at("train").get<double>(), json.at("encode").get<double>(),
            json.at("decode").get<double>()};
}

// Optional figures of codebooks, as they are called in records.
constexpr std::array<std::pair<const char*, std::optional<double> Codebook::*>, 3> codebookShares{
    {{"residual_energy", &Codebook::residualEnergy},
     {"variance_share", &Codebook::varianceShare},
     {"unrotated_share", &Codebook::unrotatedShare}}};

Json codebooksToJson(const std::vector<Codebook>& codebooks) {
    Json json = Json::array();
    for (const Codebook& codebook : codebooks) {
        json.push_back(
            Json{{"name", codebook.name}, {"dim", codebook.dim}, {"counts", codebook.counts}});
        for (const auto& [key, member] : codebookShares) {
            if (codebook.*member) json.back()[key] = *(codebook.*member);
        }
    }
    return json;
}

std::vector<Codebook> codebooksFromJson(const Json& json) {
    std::vector<Codebook> codebooks;
    for (const Json& entry : json) {
        Codebook codebook;
        codebook.name = entry.at("name").get<std::string>();
        codebook.dim = entry.at("dim").get<Index>();
        codebook.counts = entry.at("counts").get<std::vector<std::uint64_t>>();
        for (const auto& [key, member] : codebookShares) {
            if (entry.contains(key)) codebook.*member = entry.at(key).get<double>();
        }
        codebooks.push_back(std::move(codebook));
    }
    return codebooks;
}

TrialRecord readRecord(const Json& json) {
    TrialRecord record;
    record.trialId = json.at("trial").get<std::string>();
    record.tensor = json.at("tensor").get<std::string>();
    record.methodText = json.at("label").get<std::string>();
    record.method = MethodSpec::fromJson(json.at("method"));
    record.fold = FoldRule::parse(json.at("fold").get<std::string>());
    record.shape = json.at("shape").get<Shape>();
    record.rows = json.at("rows").get<Index>();
    record.cols = json.at("cols").get<Index>();
    record.normalized = json.at("normalized").get<bool>();
    record.seed = json.at("seed").get<std::uint64_t>();
    if (json.contains("error")) {
        record.error = json.at("error").get<std::string>();
    } else {
        record.rate = rateFromJson(json.at("rate_bits"));
        record.headerBytes = json.at("header_bytes").get<std::uint64_t>();
        record.artifactBytes = json.value("artifact_bytes", std::uint64_t{0});
        record.metrics = TrialMetrics::fromJson(json.at("metrics"));
        record.seconds = secondsFromJson(json.at("seconds"));
        record.codebooks = codebooksFromJson(json.at("codebooks"));
        for (const auto& curve : json.value("training", Json::array())) {
            record.training.push_back({curve.at("name").get<std::string>(),
                                       curve.at("values").get<std::vector<double>>()});
        }
        record.levels = json.at("levels").get<std::vector<float>>();
    }
    record.warnings = json.at("warnings").get<std::vector<std::string>>();
    record.details = json.value("details", Json::object());
    return record;
}

}  // namespace

Json TrialRecord::toJson() const {
    Json json{{"trial", trialId},
              {"tensor", tensor},
              {"label", methodText},
              {"method", method.toJson()},
              {"fold", fold.toText()},
              {"shape", shape},
              {"rows", rows},
              {"cols", cols},
              {"normalized", normalized},
              {"seed", seed}};
    if (failed()) {
        json["error"] = error;
    } else {
        json["rate_bits"] = rateToJson(rate);
        json["header_bytes"] = headerBytes;
        if (artifactBytes > 0) json["artifact_bytes"] = artifactBytes;
        json["metrics"] = metrics.toJson();
        json["seconds"] = secondsToJson(seconds);
        json["codebooks"] = codebooksToJson(codebooks);
        for (const TrainingCurve& curve : training)
            json["training"].push_back({{"name", curve.name}, {"values", curve.values}});
        json["levels"] = levels;
    }
    json["warnings"] = warnings;
    if (!details.empty()) json["details"] = details;
    return json;
}

TrialRecord TrialRecord::fromJson(const Json& json) {
    try {
        return readRecord(json);
    } catch (const Json::exception&) {
        throw Error("The record of a trial lacks an entry or holds one of another type.");
    }
}

}  // namespace quantscope
