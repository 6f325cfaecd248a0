// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/result_export.h"

#include <optional>
#include <vector>

#include "core/base/csv_text.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/metrics/metric_info.h"
#include "core/quant/faiss_factory.h"

namespace quantscope {

namespace {

std::vector<std::string> csvHeader() {
    std::vector<std::string> fields = {"trial", "tensor", "method",         "shape",
                                       "rows",  "cols",   "bits_per_weight"};
    for (const RatePart part : allRateParts) {
        fields.push_back(std::string(ratePartName(part)) + "_bits_per_weight");
    }
    fields.emplace_back("header_bytes");
    fields.emplace_back("artifact_bytes");
    for (const MetricInfo& metric : allMetrics())
        fields.emplace_back(metric.id);
    for (const char* name :
         {"train_seconds", "encode_seconds", "decode_seconds", "seed", "error"}) {
        fields.emplace_back(name);
    }
    return fields;
}

std::vector<std::string> csvFields(const TrialRecord& record) {
    std::vector<std::string> fields = {record.trialId,
                                       record.tensor,
                                       record.methodText,
                                       formatShape(record.shape),
                                       std::to_string(record.rows),
                                       std::to_string(record.cols)};
    const auto number = [&](double value) {
        fields.push_back(record.failed() ? "" : formatNumber(value));
    };
    number(record.bitsPerWeight());
    for (const RatePart part : allRateParts) {
        number(record.rate.bitsPerWeight(part, record.weights()));
    }
    fields.push_back(record.failed() ? "" : std::to_string(record.headerBytes));
    fields.push_back(record.artifactBytes == 0 ? "" : std::to_string(record.artifactBytes));
    for (const MetricInfo& metric : allMetrics()) {
        const std::optional<double> value = record.metrics.value(metric.id);
        fields.push_back(value ? formatNumber(*value) : "");
    }
    number(record.seconds.train);
    number(record.seconds.encode);
    number(record.seconds.decode);
    fields.push_back(std::to_string(record.seed));
    fields.push_back(record.error);
    return fields;
}

// Whether every parameter that the string says has the value that it has in the method.
bool meansTheSame(const MethodSpec& fromString, const MethodSpec& method) {
    if (fromString.id != method.id) return false;
    for (const auto& [name, value] : fromString.parameters.items()) {
        if (name == "dim") continue;
        const auto found = method.parameters.find(name);
        if (found == method.parameters.end() || *found != value) return false;
    }
    return true;
}

std::string faissString(const TrialRecord& record) {
    if (record.failed()) throw Error("The trial has no result: " + record.error);
    const std::string code = faissFactoryString(record.method, record.cols);
    if (!meansTheSame(methodFromFaissFactory(code), record.method)) {
        throw Error("The string " + code + " does not read back as " + record.method.toText() +
                    ".");
    }
    return record.normalized ? "L2norm," + code : code;
}

}  // namespace

std::string recordsToCsv(std::span<const TrialRecord> records) {
    std::string text = csvLine(csvHeader());
    for (const TrialRecord& record : records)
        text += csvLine(csvFields(record));
    return text;
}

Json recordsToJson(std::span<const TrialRecord> records) {
    Json list = Json::array();
    for (const TrialRecord& record : records)
        list.push_back(record.toJson());
    return list;
}

Json recordsToFaiss(std::span<const TrialRecord> records) {
    Json list = Json::array();
    for (const TrialRecord& record : records) {
        Json entry = {{"tensor", record.tensor}, {"method", record.methodText}};
        try {
            entry["factory"] = faissString(record);
        } catch (const Error& error) {
            entry["reason"] = error.fullText();
        } catch (const Json::exception&) {
            entry["reason"] = "The record lacks parameters of its method.";
        }
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace quantscope
