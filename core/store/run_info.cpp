// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_info.h"

#include "core/base/error.h"

namespace quantscope {

namespace {

Json inputToJson(const InputFile& input) {
    return Json{{"path", input.path}, {"fingerprint", input.fingerprint}};
}

InputFile inputFromJson(const Json& json) {
    return {json.at("path").get<std::string>(), json.at("fingerprint").get<std::string>()};
}

RunInfo readInfo(const Json& json) {
    RunInfo info;
    info.runId = json.at("run").get<std::string>();
    info.programVersion = json.at("program_version").get<std::string>();
    info.data = inputFromJson(json.at("data"));
    if (json.contains("hessians")) info.hessians = inputFromJson(json.at("hessians"));
    if (json.contains("codebooks")) info.codebooks = inputFromJson(json.at("codebooks"));
    for (const Json& tensor : json.at("tensors")) {
        info.tensors.push_back(
            {tensor.at("name").get<std::string>(), tensor.at("elements").get<Index>(),
             tensor.at("bits_per_element").get<int>(), tensor.value("same_as", std::string())});
    }
    info.trials = json.at("trials").get<std::vector<std::string>>();
    return info;
}

}  // namespace

Json RunInfo::toJson() const {
    Json json{{"version", currentVersion},
              {"run", runId},
              {"program_version", programVersion},
              {"data", inputToJson(data)}};
    if (!hessians.path.empty()) json["hessians"] = inputToJson(hessians);
    if (!codebooks.path.empty()) json["codebooks"] = inputToJson(codebooks);
    json["tensors"] = Json::array();
    for (const FileTensor& tensor : tensors) {
        json["tensors"].push_back(Json{{"name", tensor.name},
                                       {"elements", tensor.elements},
                                       {"bits_per_element", tensor.bitsPerElement}});
        if (!tensor.sameAs.empty()) json["tensors"].back()["same_as"] = tensor.sameAs;
    }
    json["trials"] = trials;
    return json;
}

RunInfo RunInfo::fromJson(const Json& json) {
    try {
        const int version = json.at("version").get<int>();
        if (version != currentVersion) {
            throw Error("The run was written in version " + std::to_string(version) +
                            " of the format; this program reads version " +
                            std::to_string(currentVersion) + ".",
                        "Use a newer Quantscope.");
        }
        return readInfo(json);
    } catch (const Json::exception&) {
        throw Error("The description of the run lacks an entry or holds one of another type.");
    }
}

}  // namespace quantscope
