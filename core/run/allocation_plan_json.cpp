// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/base/finite_json.h"
#include "core/run/allocation_plan.h"

namespace quantscope {

namespace {

Json optionalJson(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

std::optional<double> optionalNumber(const Json& json) {
    if (json.is_null()) return std::nullopt;
    return json.get<double>();
}

Json tensorJson(const PlannedTensor& tensor) {
    return {{"tensor", tensor.tensor},
            {"weights", tensor.weights},
            {"columns", tensor.cols},
            {"method", tensor.option.method},
            {"trial", tensor.option.trialId},
            {"bits", tensor.option.bits},
            {"bits_per_weight", tensor.bitsPerWeight()},
            {"loss", tensor.option.loss},
            {"locked", tensor.locked},
            {"gain_per_bit", optionalJson(tensor.gainPerBit)},
            {"loss_per_bit", optionalJson(tensor.lossPerBit)}};
}

PlannedTensor tensorFromJson(const Json& json) {
    PlannedTensor tensor;
    tensor.tensor = json.at("tensor").get<std::string>();
    tensor.weights = json.at("weights").get<Index>();
    tensor.cols = json.value("columns", Index{0});
    tensor.option = {json.at("method").get<std::string>(), json.at("trial").get<std::string>(),
                     json.at("bits").get<std::uint64_t>(), json.at("loss").get<double>()};
    tensor.locked = json.at("locked").get<bool>();
    tensor.gainPerBit = optionalNumber(json.at("gain_per_bit"));
    tensor.lossPerBit = optionalNumber(json.at("loss_per_bit"));
    return tensor;
}

Json searchJson(const PlanSearch& search) {
    return {{"objective", search.objective},
            {"tokens", search.tokens},
            {"tokens_fingerprint", search.tokensFingerprint},
            {"predictions", search.predictions},
            {"start_allocator", search.startAllocator},
            {"start_loss", search.startLoss},
            {"start_weighed", search.startWeighed},
            {"start", finiteJson(search.start)},
            {"result", finiteJson(search.result)},
            {"generations", search.generations},
            {"offspring", search.offspring},
            {"seed", search.seed}};
}

PlanSearch searchFromJson(const Json& json) {
    PlanSearch search;
    search.objective = json.at("objective").get<std::string>();
    search.tokens = json.at("tokens").get<std::string>();
    search.tokensFingerprint = json.at("tokens_fingerprint").get<std::string>();
    search.predictions = json.at("predictions").get<Index>();
    search.startAllocator = json.at("start_allocator").get<std::string>();
    search.startLoss = json.value("start_loss", std::string());
    search.startWeighed = json.value("start_weighed", false);
    search.start = finiteFrom(json.at("start"));
    search.result = finiteFrom(json.at("result"));
    search.generations = json.at("generations").get<int>();
    search.offspring = json.at("offspring").get<int>();
    search.seed = json.at("seed").get<std::uint64_t>();
    return search;
}

AllocationPlan readPlan(const Json& json) {
    AllocationPlan plan;
    plan.run = json.at("run").get<std::string>();
    plan.folder = json.at("folder").get<std::string>();
    plan.allocator = json.at("allocator").get<std::string>();
    plan.requestedBitsPerWeight = json.at("requested_bits_per_weight").get<double>();
    plan.achievedBitsPerWeight = json.at("achieved_bits_per_weight").get<double>();
    plan.loss = json.at("loss").get<double>();
    plan.bound = json.at("bound").get<double>();
    plan.isOptimal = json.at("optimal").get<bool>();
    for (const Json& tensor : json.at("tensors"))
        plan.tensors.push_back(tensorFromJson(tensor));
    for (const Json& baseline : json.at("uniform")) {
        plan.baselines.push_back({baseline.at("method").get<std::string>(),
                                  baseline.at("bits_per_weight").get<double>(),
                                  baseline.at("loss").get<double>()});
    }
    plan.remarks = json.at("remarks").get<std::vector<std::string>>();
    if (json.contains("search")) plan.search = searchFromJson(json.at("search"));
    return plan;
}

}  // namespace

Json AllocationPlan::toJson() const {
    Json tensorList = Json::array();
    for (const PlannedTensor& tensor : tensors)
        tensorList.push_back(tensorJson(tensor));
    Json uniform = Json::array();
    for (const UniformBaseline& baseline : baselines) {
        uniform.push_back({{"method", baseline.method},
                           {"bits_per_weight", baseline.bitsPerWeight},
                           {"loss", baseline.loss}});
    }
    Json json{{"version", currentVersion},
              {"run", run},
              {"folder", folder},
              {"allocator", allocator},
              {"requested_bits_per_weight", requestedBitsPerWeight},
              {"achieved_bits_per_weight", achievedBitsPerWeight},
              {"loss", loss},
              {"bound", bound},
              {"optimal", isOptimal},
              {"tensors", tensorList},
              {"uniform", uniform},
              {"remarks", remarks}};
    if (search) json["search"] = searchJson(*search);
    return json;
}

AllocationPlan AllocationPlan::fromJson(const Json& json) {
    try {
        if (json.at("version").get<int>() > currentVersion) {
            throw Error("The plan was written by a newer version of the program.",
                        "Update Quantscope.");
        }
        return readPlan(json);
    } catch (const Json::exception&) {
        throw Error("This is no plan: an entry is missing or of another type.",
                    "Make one with `quantscope-cli allocate`.");
    }
}

}  // namespace quantscope
