// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/experiment_spec.h"

#include <array>

#include "core/base/error.h"
#include "core/base/json_fields.h"
#include "core/base/portable_path.h"
#include "core/base/text.h"
#include "core/base/text_file.h"
#include "core/metrics/metric_info.h"

namespace quantscope {

namespace {

struct NormalizeName {
    Normalize value;
    const char* text;
};
constexpr std::array normalizeNames = {NormalizeName{Normalize::Automatic, "auto"},
                                       NormalizeName{Normalize::Never, "never"},
                                       NormalizeName{Normalize::Rows, "rows"}};

Json dataToJson(const DataSpec& data) {
    Json json{{"file", data.file.generic_string()}, {"tensors", data.tensors}};
    if (!data.exclude.empty()) json["exclude"] = data.exclude;
    for (const auto& [tensors, fold] : data.folds) {
        json["folds"].push_back(Json{{"tensors", tensors}, {"fold", fold.toText()}});
    }
    if (data.normalize != Normalize::Automatic) json["normalize"] = normalizeText(data.normalize);
    if (data.followExternalLinks) json["follow_external_links"] = true;
    return json;
}

DataSpec dataFromJson(const Json& json) {
    const JsonFields fields(
        json, "data",
        {"file", "tensors", "exclude", "folds", "normalize", "follow_external_links"});
    DataSpec data;
    fields.required("file");
    data.file = fields.text("file", {});
    data.tensors = fields.texts("tensors", data.tensors);
    data.exclude = fields.texts("exclude", {});
    std::size_t number = 0;
    for (const Json& entry : fields.list("folds")) {
        const JsonFields fold(entry, "folds, entry " + std::to_string(++number),
                              {"tensors", "fold"});
        fold.required("tensors");
        fold.required("fold");
        data.folds.emplace_back(fold.text("tensors", {}), FoldRule::parse(fold.text("fold", {})));
    }
    data.normalize = parseNormalize(fields.text("normalize", normalizeText(data.normalize)));
    data.followExternalLinks = fields.boolean("follow_external_links", false);
    return data;
}

std::vector<std::string> metricsFromJson(const JsonFields& fields) {
    std::vector<std::string> metrics = fields.texts("metrics", {});
    for (const std::string& id : metrics)
        metricInfo(id);
    return metrics;
}

}  // namespace

std::string normalizeText(Normalize normalize) {
    for (const NormalizeName& name : normalizeNames) {
        if (name.value == normalize) return name.text;
    }
    return {};
}

Normalize parseNormalize(const std::string& text) {
    std::vector<std::string> texts;
    std::string list;
    for (const NormalizeName& name : normalizeNames) {
        if (text == name.text) return name.value;
        texts.emplace_back(name.text);
        list += (list.empty() ? "" : ", ") + texts.back();
    }
    const std::string near = nearestWord(text, texts);
    throw Error(
        "Normalization cannot be '" + text + "'.",
        (near.empty() ? "" : "Did you mean '" + near + "'? ") + "It is one of " + list + ".");
}

Json ExperimentSpec::toJson() const {
    Json json{{"version", currentVersion}};
    if (!title.empty()) json["title"] = title;
    json["data"] = dataToJson(data);
    if (!hessians.empty()) json["hessians"] = hessians.generic_string();
    if (!codebooks.empty()) json["codebooks"] = codebooks.generic_string();
    json["methods"] = Json::array();
    for (const SweptMethod& swept : methods)
        json["methods"].push_back(swept.method.toJson());
    if (!metrics.empty()) json["metrics"] = metrics;
    json["seed"] = seed;
    return json;
}

ExperimentSpec ExperimentSpec::fromJson(const Json& json) {
    // The version decides which keys there are, so it is judged before them.
    if (json.is_object() && json.contains("version") && json["version"].is_number_integer() &&
        json["version"] != currentVersion) {
        throw Error("The experiment has version " + json["version"].dump() +
                        "; this program reads version " + std::to_string(currentVersion) + ".",
                    json["version"] > currentVersion ? "Use a newer Quantscope." : "");
    }
    const JsonFields fields(
        json, {},
        {"version", "title", "data", "hessians", "codebooks", "methods", "metrics", "seed"});
    fields.required("version");
    fields.count("version", currentVersion);
    ExperimentSpec spec;
    spec.title = fields.text("title", {});
    spec.data = dataFromJson(fields.required("data"));
    spec.hessians = fields.text("hessians", {});
    spec.codebooks = fields.text("codebooks", {});
    fields.required("methods");
    for (const Json& method : fields.list("methods")) {
        spec.methods.push_back({MethodSpec::fromJson(method)});
    }
    spec.metrics = metricsFromJson(fields);
    spec.seed = fields.count("seed", 0);
    return spec;
}

ExperimentSpec ExperimentSpec::load(const std::filesystem::path& path) {
    const Json json = readJsonFile(path);
    try {
        ExperimentSpec spec = fromJson(json);
        const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
        spec.data.file = resolvedPath(folder, spec.data.file);
        spec.hessians = resolvedPath(folder, spec.hessians);
        spec.codebooks = resolvedPath(folder, spec.codebooks);
        return spec;
    } catch (const Error& error) {
        throw Error("The experiment '" + path.string() + "' cannot be used: " + error.what(),
                    error.remedy());
    }
}

void ExperimentSpec::save(const std::filesystem::path& path) const {
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    ExperimentSpec spec = *this;
    spec.data.file = portablePath(folder, data.file);
    spec.hessians = portablePath(folder, hessians);
    spec.codebooks = portablePath(folder, codebooks);
    writeTextFile(path, spec.toJson().dump(2) + "\n");
}

}  // namespace quantscope
