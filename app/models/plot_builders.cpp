// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/plot_builders.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "app/models/distinct_names.h"
#include "app/models/result_columns.h"
#include "core/base/text.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

UtilizationSeries utilizationSeries(const Codebook& codebook) {
    const CodebookUsage usage = codebookUsage(codebook);
    UtilizationSeries series;
    series.name = QString::fromStdString(codebook.name);
    series.dead = static_cast<int>(usage.dead);
    series.perplexity = usage.perplexity;
    std::vector<std::uint64_t> counts = codebook.counts;
    std::ranges::sort(counts, std::greater());
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts)
        total += count;
    for (const std::uint64_t count : counts) {
        series.shares.push_back(
            total == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(total));
    }
    return series;
}

QString figureLine(const TrialRecord& record, int column) {
    const ResultColumn& about = resultColumns()[static_cast<std::size_t>(column)];
    const QString value = resultText(record, column);
    if (value.isEmpty()) return {};
    const QString unit = about.unit.isEmpty() ? QString() : QLatin1Char(' ') + about.unit;
    return QStringLiteral("%1: %2%3").arg(about.title, value, unit);
}

RateBar rateBar(const RateLedger& rate, Index weights) {
    RateBar bar;
    for (std::size_t i = 0; i < allRateParts.size(); ++i) {
        bar.bitsPerWeight[i] = rate.bitsPerWeight(allRateParts[i], weights);
    }
    return bar;
}

std::set<std::string> tensorsWithResult(const RecordList& records) {
    std::set<std::string> tensors;
    for (const RecordPointer& record : records) {
        if (!record->failed()) tensors.insert(record->tensor);
    }
    return tensors;
}

// Each text without the settings that all of them have; whole where methods differ, or settings
// are of nested methods.
QStringList differences(const QStringList& texts) {
    std::vector<QStringList> settings;
    for (const QString& text : texts) {
        const qsizetype colon = text.indexOf(QLatin1Char(':'));
        const bool comparable = colon > 0 && text.left(colon) == texts.front().left(colon) &&
                                !text.contains(QLatin1Char('('));
        if (!comparable) return texts;
        settings.push_back(text.mid(colon + 1).split(QLatin1Char(',')));
    }
    QStringList names;
    for (const QStringList& own : settings) {
        QStringList different;
        for (const QString& setting : own) {
            const bool shared = std::ranges::all_of(
                settings, [&](const QStringList& other) { return other.contains(setting); });
            if (!shared) different << setting;
        }
        names << different.join(QLatin1Char(','));
    }
    return names.contains(QString()) ? texts : names;
}

}  // namespace

UtilizationData buildUtilization(const TrialRecord& record) {
    UtilizationData data;
    data.title = trialTitle(record);
    for (const Codebook& codebook : record.codebooks) {
        data.codebooks.push_back(utilizationSeries(codebook));
    }
    return data;
}

SharesData buildShares(const TrialRecord& record) {
    SharesData data;
    data.title = trialTitle(record);
    for (const Codebook& codebook : record.codebooks)
        data.codebooks << QString::fromStdString(codebook.name);
    const auto add = [&](const QString& name, std::optional<double> Codebook::*share) {
        SharesSeries series{name, {}};
        for (const Codebook& codebook : record.codebooks) {
            if (!(codebook.*share)) return;
            series.shares.push_back(*(codebook.*share));
        }
        if (!series.shares.empty()) data.series.push_back(std::move(series));
    };
    add(QCoreApplication::translate("Shares", "Rows as they are"), &Codebook::unrotatedShare);
    add(data.series.empty() ? QCoreApplication::translate("Shares", "Rows as they are")
                            : QCoreApplication::translate("Shares", "Rotated rows"),
        &Codebook::varianceShare);
    if (!data.series.empty()) {
        data.axis = QCoreApplication::translate("Shares", "Slice");
        data.measure = QCoreApplication::translate("Shares", "Share of the variance (%)");
        return data;
    }
    add(QCoreApplication::translate("Shares", "Left after the stage"), &Codebook::residualEnergy);
    const bool grouped = std::ranges::any_of(
        data.codebooks, [](const QString& name) { return name.contains(QLatin1Char(',')); });
    data.axis = grouped ? QCoreApplication::translate("Shares", "Codebook, group by group")
                        : QCoreApplication::translate("Shares", "Stage");
    data.measure = QCoreApplication::translate("Shares", "Energy that is left (%)");
    return data;
}

std::optional<UtilizationData> compareUtilization(const RecordList& records) {
    if (records.size() < 2 || records.size() > mostUtilizationTrials) return std::nullopt;
    QStringList texts;
    for (const RecordPointer& record : records) {
        if (record->tensor != records.front()->tensor) return std::nullopt;
        texts << QString::fromStdString(record->methodText);
    }
    const QStringList names = differences(texts);
    UtilizationData data;
    data.title = QString::fromStdString(records.front()->tensor);
    for (std::size_t i = 0; i < records.size(); ++i) {
        for (UtilizationSeries& series : buildUtilization(*records[i]).codebooks) {
            series.name = names[static_cast<qsizetype>(i)] + QStringLiteral(": ") + series.name;
            data.codebooks.push_back(std::move(series));
        }
    }
    return data;
}

TrainingData buildTraining(const TrialRecord& record) {
    TrainingData data;
    data.title = trialTitle(record);
    for (const TrainingCurve& curve : record.training)
        data.series.push_back({QString::fromStdString(curve.name), curve.values});
    return data;
}

RateBarsData buildRateBars(const RecordList& records) {
    RateBarsData data;
    const std::set<std::string> tensors = tensorsWithResult(records);
    const bool oneTensor = tensors.size() == 1;
    if (oneTensor) data.title = QString::fromStdString(*tensors.begin());
    const std::map<std::string, std::string> names = distinctNames(tensors);
    for (const RecordPointer& record : records) {
        if (record->failed()) continue;
        RateBar bar = rateBar(record->rate, record->weights());
        bar.trialId = QString::fromStdString(record->trialId);
        bar.label = QString::fromStdString(oneTensor ? record->methodText
                                                     : record->methodText + " on " +
                                                           names.at(record->tensor));
        data.bars.push_back(std::move(bar));
    }
    return data;
}

RateBarsData buildMethodRateBars(const RecordList& records) {
    std::vector<std::string> order;
    std::map<std::string, std::vector<const TrialRecord*>> methods;
    for (const RecordPointer& record : records) {
        if (record->failed()) continue;
        auto& group = methods[record->methodText];
        if (group.empty()) order.push_back(record->methodText);
        group.push_back(record.get());
    }
    RateBarsData data;
    const std::size_t tensors = tensorsWithResult(records).size();
    data.title = QStringLiteral("%1 tensors together").arg(tensors);
    for (const std::string& method : order) {
        const MethodSummary summary = summarizeMethod(methods.at(method));
        if (summary.tensors < tensors) continue;
        data.bars.push_back(rateBar(summary.rate, summary.weights));
        data.bars.back().label = QString::fromStdString(method);
    }
    return data;
}

HistogramAxis histogramAxis(const TensorStatistics& statistics, int bins, double sigmas) {
    constexpr double cellWidth = 1.0 / 128.0;
    const bool whole = statistics.histogram.isOfWholeNumbers();
    const double margin = whole ? 0.0 : cellWidth;
    double low = statistics.min - margin * std::abs(statistics.min);
    double high = statistics.max + margin * std::abs(statistics.max);
    if (sigmas > 0.0) {
        const double reach = sigmas * statistics.standardDeviation;
        low = std::max(low, statistics.mean - reach);
        high = std::min(high, statistics.mean + reach);
    }
    if (whole) {
        low = std::floor(low) - 0.5;
        const double numbers = std::ceil(high) + 0.5 - low;
        const double width = std::ceil(numbers / bins);
        return {low, width, static_cast<int>(std::ceil(numbers / width))};
    }
    // A constant tensor still needs an axis.
    if (!(high > low)) return {low - 0.5, 1.0 / bins, bins};
    return {low, (high - low) / bins, bins};
}

LevelsData buildLevels(const TensorStatistics& statistics, const TrialRecord* record, int bins,
                       double sigmas) {
    LevelsData data;
    const HistogramAxis axis = histogramAxis(statistics, bins, sigmas);
    const std::uint64_t finite = statistics.count - statistics.nan - statistics.inf;
    data.low = axis.low;
    data.binWidth = axis.binWidth;
    data.weightDensity = statistics.histogram.binned(axis.low, axis.high(), axis.bins);
    double shown = 0.0;
    for (double& count : data.weightDensity) {
        shown += count;
        count = finite == 0 ? 0.0 : count / static_cast<double>(finite);
    }
    const double beyond = static_cast<double>(finite) - shown;
    if (beyond >= 0.5) {
        data.note = QStringLiteral("%1 % of the weights lie beyond the axis")
                        .arg(QString::fromStdString(
                            formatSignificant(100.0 * beyond / static_cast<double>(finite), 2)));
    }
    if (record != nullptr) {
        data.title = trialTitle(*record);
        data.levels.assign(record->levels.begin(), record->levels.end());
    }
    return data;
}

void addDecoded(LevelsData& data, const TensorStatistics& decoded) {
    const auto bins = static_cast<int>(data.weightDensity.size());
    const std::uint64_t finite = decoded.count - decoded.nan - decoded.inf;
    data.decodedDensity = decoded.histogram.binned(data.low, data.low + bins * data.binWidth, bins);
    for (double& count : data.decodedDensity) {
        count = finite == 0 ? 0.0 : count / static_cast<double>(finite);
    }
}

LevelsData buildTrialLevels(const TrialRecord& record, const TensorSource& weights,
                            const TensorSource* decoded, const std::stop_token& stop) {
    LevelsData data = buildLevels(computeStatistics(weights, stop), &record);
    if (decoded != nullptr) addDecoded(data, computeStatistics(*decoded, stop));
    return data;
}

QString trialDetails(const TrialRecord& record) {
    QStringList lines = {
        trialTitle(record),
        QStringLiteral("%1, seed %2%3")
            .arg(QString::fromStdString(formatShape(record.shape)))
            .arg(record.seed)
            .arg(record.normalized ? QStringLiteral(", rows of unit length") : QString())};
    if (record.failed()) return (lines << QString::fromStdString(record.error)).join('\n');
    // Everything between the method and the remark is a figure.
    for (int column = resultColumn(QStringLiteral("bits_per_weight"));
         column <= resultColumn(QStringLiteral("seconds")); ++column) {
        lines << figureLine(record, column);
    }
    for (const std::string& warning : record.warnings)
        lines << QString::fromStdString(warning);
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

QString trialTitle(const TrialRecord& record) {
    return QStringLiteral("%1 on %2")
        .arg(QString::fromStdString(record.methodText), QString::fromStdString(record.tensor));
}

}  // namespace quantscope
