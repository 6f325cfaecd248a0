// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/trial_output.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "app/cli/text_table.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

using Align = TextTable::Align;

// JSON has no infinities.
Json numberOrNull(const std::optional<double>& value) {
    return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

std::string figure(const std::optional<double>& value, int digits = 3) {
    return value ? formatSignificant(*value, digits) : "";
}

std::string percent(const std::optional<double>& share) {
    return share ? formatSignificant(100.0 * *share) : "";
}

double totalSeconds(const PhaseSeconds& seconds) {
    return seconds.train + seconds.encode + seconds.decode;
}

// "3", or "1 (2 failed)".
std::string tensorCount(const MethodSummary& summary) {
    const std::string count = std::to_string(summary.tensors);
    return summary.failed == 0 ? count : count + " (" + std::to_string(summary.failed) + " failed)";
}

/// A column of the table of trials.
struct Column {
    std::string title;
    std::function<std::string(const TrialRecord&)> cell;
    bool onlyIfUsed = false;  ///< Left out when no trial has anything to show in it.
};

Column metricColumn(const std::string& title, std::optional<double> TrialMetrics::*metric,
                    bool asPercent = false) {
    return {title,
            [=](const TrialRecord& r) {
                const std::optional<double>& value = r.metrics.*metric;
                return asPercent ? percent(value) : figure(value);
            },
            true};
}

/// What a transform did: "12.3 > 4.5".
Column changeColumn(const std::string& title, std::optional<double> TrialMetrics::*before,
                    std::optional<double> TrialMetrics::*after) {
    return {title,
            [=](const TrialRecord& r) {
                const std::optional<double>& from = r.metrics.*before;
                const std::optional<double>& to = r.metrics.*after;
                return from && to ? figure(from) + " > " + figure(to) : std::string();
            },
            true};
}

Column partColumn(RatePart part) {
    return {std::string(ratePartName(part)),
            [part](const TrialRecord& r) {
                return r.rate[part] == 0
                           ? std::string()
                           : formatSignificant(r.rate.bitsPerWeight(part, r.weights()));
            },
            true};
}

Column detailColumn(const std::string& title, const char* key) {
    return {title,
            [key](const TrialRecord& r) {
                const auto found = r.details.find(key);
                const bool isNumber = found != r.details.end() && found->is_number();
                return isNumber ? formatSignificant(found->get<double>()) : std::string();
            },
            true};
}

std::vector<Column> figureColumns() {
    std::vector<Column> columns;
    columns.push_back({"bits/weight", [](const TrialRecord& r) {
                           return formatSignificant(r.bitsPerWeight(), 4);
                       }});
    for (const RatePart part : allRateParts)
        columns.push_back(partColumn(part));
    columns.push_back(metricColumn("NMSE", &TrialMetrics::nmse));
    columns.push_back(metricColumn("SQNR dB", &TrialMetrics::sqnrDb));
    columns.push_back(metricColumn("Shannon %", &TrialMetrics::shannonPercent));
    columns.push_back(metricColumn("Hessian error", &TrialMetrics::hessianError));
    columns.push_back(changeColumn("incoherence", &TrialMetrics::incoherenceBefore,
                                   &TrialMetrics::incoherenceAfter));
    columns.push_back(
        changeColumn("kurtosis", &TrialMetrics::kurtosisBefore, &TrialMetrics::kurtosisAfter));
    columns.push_back(changeColumn("QSUR", &TrialMetrics::qsurBefore, &TrialMetrics::qsurAfter));
    columns.push_back(detailColumn("expected gain", "expected_gain"));
    columns.push_back(detailColumn("obtained gain", "obtained_gain"));
    columns.push_back(metricColumn("recall@10 %", &TrialMetrics::recallAt10, true));
    columns.push_back(metricColumn("used codes %", &TrialMetrics::utilization, true));
    columns.push_back(metricColumn("codebook perplexity", &TrialMetrics::codebookPerplexity));
    columns.push_back({"seconds", [](const TrialRecord& r) {
                           return formatSignificant(totalSeconds(r.seconds));
                       }});
    return columns;
}

bool isUsed(const Column& column, std::span<const TrialRecord> records) {
    return !column.onlyIfUsed || std::ranges::any_of(records, [&](const TrialRecord& record) {
        return !record.failed() && !column.cell(record).empty();
    });
}

}  // namespace

Json trialJson(const TrialRecord& record) {
    Json json{{"tensor", record.tensor}, {"method", record.methodText}};
    if (record.failed()) {
        json["error"] = record.error;
        return json;
    }
    const TrialMetrics& metrics = record.metrics;
    json["bits_per_weight"] = record.bitsPerWeight();
    for (const RatePart part : allRateParts) {
        json["rate"][std::string(ratePartName(part))] =
            record.rate.bitsPerWeight(part, record.weights());
    }
    json["nmse"] = numberOrNull(metrics.nmse);
    json["sqnr_db"] = numberOrNull(metrics.sqnrDb);
    json["utilization"] = numberOrNull(metrics.utilization);
    json["codebook_perplexity"] = numberOrNull(metrics.codebookPerplexity);
    for (const char* id : {"gaussian_gap_db", "shannon_percent", "hessian_error",
                           "incoherence_before", "incoherence_after", "kurtosis_before",
                           "kurtosis_after", "qsur_before", "qsur_after", "recall_at_10"}) {
        const std::optional<double> value = metrics.value(id);
        if (value) json[id] = numberOrNull(value);
    }
    if (!record.details.empty()) json["details"] = record.details;
    json["seconds"] = Json{{"train", record.seconds.train},
                           {"encode", record.seconds.encode},
                           {"decode", record.seconds.decode}};
    return json;
}

void printTrials(std::span<const TrialRecord> records, std::ostream& out) {
    std::vector<Column> columns = figureColumns();
    std::erase_if(columns, [&](const Column& column) { return !isUsed(column, records); });
    TextTable table;
    table.addColumn("tensor", Align::Left, TextTable::widestName);
    table.addColumn("method", Align::Left);
    for (const Column& column : columns)
        table.addColumn(column.title, Align::Right);
    for (const TrialRecord& record : records) {
        std::vector<std::string> cells = {record.tensor, record.methodText};
        for (const Column& column : columns) {
            cells.push_back(record.failed() ? "" : column.cell(record));
        }
        if (record.failed()) cells[2] = "failed";
        table.addRow(std::move(cells));
    }
    table.print(out);
}

void printSummary(std::span<const TrialRecord> records, const RunInfo& run, std::ostream& out) {
    const std::vector<MethodInFile> methods = summarizeMethods(records, run);
    const bool withHessian = std::ranges::any_of(methods, [](const MethodInFile& method) {
        return method.summary.metrics.hessianError.has_value();
    });
    TextTable table;
    table.addColumn("method, all tensors together", Align::Left);
    for (const char* title : {"tensors", "weights", "bits/weight", "NMSE", "SQNR dB", "Shannon %"})
        table.addColumn(title, Align::Right);
    if (withHessian) table.addColumn("Hessian error", Align::Right);
    table.addColumn("whole file bits/weight", Align::Right);
    table.addColumn("seconds", Align::Right);
    for (const auto& [summary, fileBitsPerWeight] : methods) {
        std::vector<std::string> cells = {
            summary.methodText,
            tensorCount(summary),
            std::to_string(summary.weights),
            formatSignificant(summary.bitsPerWeight, 4),
            figure(summary.metrics.nmse),
            figure(summary.metrics.sqnrDb),
            figure(summary.metrics.shannonPercent),
        };
        if (withHessian) cells.push_back(figure(summary.metrics.hessianError));
        cells.push_back(formatSignificant(fileBitsPerWeight, 4));
        cells.push_back(formatSignificant(totalSeconds(summary.seconds)));
        // Where nothing was measured there is nothing to add up.
        if (summary.tensors == 0) std::fill(cells.begin() + 2, cells.end(), "");
        table.addRow(std::move(cells));
    }
    table.print(out);
}

void printWarnings(std::span<const TrialRecord> records, std::ostream& out) {
    std::vector<std::string> order;
    std::map<std::string, std::vector<const TrialRecord*>> owners;
    const auto firstFailed = std::ranges::find_if(records, &TrialRecord::failed);
    for (const TrialRecord& record : records) {
        std::vector<std::string> warnings = record.warnings;
        if (record.failed() && record.error != firstFailed->error) {
            warnings.push_back("It failed. " + record.error);
        }
        for (const std::string& warning : warnings) {
            std::vector<const TrialRecord*>& trials = owners[warning];
            if (trials.empty()) order.push_back(warning);
            trials.push_back(&record);
        }
    }
    for (const std::string& warning : order) {
        const std::vector<const TrialRecord*>& trials = owners[warning];
        out << "warning: " << printableText(trials.front()->tensor) << ", "
            << trials.front()->methodText;
        if (trials.size() > 1) out << " and " << trials.size() - 1 << " more";
        out << ": " << printableText(warning) << '\n';
    }
}

}  // namespace quantscope
