// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/result_columns.h"

#include <QStringList>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/metrics/metric_info.h"

namespace quantscope {

namespace {

using Number = std::optional<double>;

// A column with where its cells come from; text columns have no `number`.
struct Definition {
    ResultColumn column;
    std::function<Number(const TrialRecord&)> number;
    std::function<QString(const TrialRecord&)> text;
};

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString stateText(const TrialRecord& record) {
    if (record.failed()) return QString::fromStdString(record.error);
    QStringList warnings;
    for (const std::string& warning : record.warnings)
        warnings << QString::fromStdString(warning);
    return warnings.join(QLatin1Char(' '));
}

Definition textColumn(const char* id, const char* title, const char* help, bool shown,
                      std::function<QString(const TrialRecord&)> text) {
    return {{QString::fromUtf8(id),
             QString::fromUtf8(title),
             {},
             QString::fromUtf8(help),
             false,
             shown},
            {},
            std::move(text)};
}

Definition numberColumn(const char* id, const char* title, const char* unit, const char* help,
                        bool shown, std::function<Number(const TrialRecord&)> number) {
    return {{QString::fromUtf8(id), QString::fromUtf8(title), QString::fromUtf8(unit),
             QString::fromUtf8(help), true, shown},
            std::move(number),
            {}};
}

Definition rateColumn(RatePart part) {
    const QString name = fromView(ratePartName(part));
    Definition definition = numberColumn(
        "", "", "bits per weight", "Bits stored for this part over the number of weights.", false,
        [part](const TrialRecord& record) -> Number {
            return record.rate.bitsPerWeight(part, record.weights());
        });
    definition.column.id = QStringLiteral("rate_") + name;
    definition.column.title = name.left(1).toUpper() + name.mid(1);
    return definition;
}

Definition metricColumn(const MetricInfo& metric) {
    const std::string id(metric.id);
    Definition definition =
        numberColumn("", "", "", "",
                     id == "nmse" || id == "sqnr_db" || id == "shannon_percent" ||
                         id == "utilization" || id == "hessian_error",
                     [id](const TrialRecord& record) { return record.metrics.value(id); });
    definition.column.id = QString::fromStdString(id);
    definition.column.title = fromView(metric.name);
    // Names such as "Entropy-coded bits per weight" end with their unit.
    if (!metric.name.ends_with(metric.unit)) definition.column.unit = fromView(metric.unit);
    definition.column.help = fromView(metric.formula) + QLatin1Char('\n') + fromView(metric.remark);
    return definition;
}

std::vector<Definition> makeDefinitions() {
    std::vector<Definition> all;
    all.push_back(textColumn("tensor", "Tensor", "Name in the data file.", true,
                             [](auto& record) { return QString::fromStdString(record.tensor); }));
    all.push_back(
        textColumn("method", "Method", "The parameters that were given and have an effect.", true,
                   [](auto& record) { return QString::fromStdString(record.methodText); }));
    all.push_back(numberColumn("bits_per_weight", "Bits per weight", "",
                               "Everything that is stored, over the number of weights.", true,
                               [](auto& record) -> Number { return record.bitsPerWeight(); }));
    for (const RatePart part : allRateParts)
        all.push_back(rateColumn(part));
    for (const MetricInfo& metric : allMetrics())
        all.push_back(metricColumn(metric));
    all.push_back(numberColumn("seconds_train", "Training", "s", "Wall time.", false,
                               [](auto& record) -> Number { return record.seconds.train; }));
    all.push_back(numberColumn("seconds_encode", "Encoding", "s", "Wall time.", false,
                               [](auto& record) -> Number { return record.seconds.encode; }));
    all.push_back(numberColumn("seconds_decode", "Decoding", "s", "Wall time.", false,
                               [](auto& record) -> Number { return record.seconds.decode; }));
    all.push_back(numberColumn(
        "seconds", "Time", "s", "Wall time of training, encoding and decoding.", true,
        [](auto& record) -> Number {
            return record.seconds.train + record.seconds.encode + record.seconds.decode;
        }));
    all.push_back(textColumn("shape", "Shape", "As stored in the file.", false, [](auto& record) {
        return QString::fromStdString(formatShape(record.shape));
    }));
    all.push_back(
        numberColumn("weights", "Weights", "", "Number of elements.", false,
                     [](auto& record) -> Number { return static_cast<double>(record.weights()); }));
    // As text: a double would not hold every seed.
    all.push_back(textColumn("seed", "Seed", "Of the random streams.", false,
                             [](auto& record) { return QString::number(record.seed); }));
    all.push_back(textColumn("remark", "Remark", "Why a trial failed, or what to know about it.",
                             true, stateText));
    return all;
}

const std::vector<Definition>& definitions() {
    static const std::vector<Definition> all = makeDefinitions();
    return all;
}

const Definition& definition(int column) {
    return definitions()[static_cast<std::size_t>(column)];
}

}  // namespace

const std::vector<ResultColumn>& resultColumns() {
    static const std::vector<ResultColumn> columns = [] {
        std::vector<ResultColumn> list;
        for (const Definition& one : definitions())
            list.push_back(one.column);
        return list;
    }();
    return columns;
}

int resultColumn(const QString& id) {
    const auto& columns = resultColumns();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].id == id) return static_cast<int>(i);
    }
    return -1;
}

Number resultNumber(const TrialRecord& record, int column) {
    const Definition& one = definition(column);
    if (!one.number || (record.failed() && one.column.id != QLatin1String("weights"))) {
        return std::nullopt;
    }
    return one.number(record);
}

QString resultText(const TrialRecord& record, int column) {
    const Definition& one = definition(column);
    if (one.text) return one.text(record);
    const Number number = resultNumber(record, column);
    if (!number) return {};
    // Counts are whole; three significant digits are for measures.
    const bool count =
        one.column.id == QLatin1String("dead_codes") || one.column.id == QLatin1String("weights");
    return QString::fromStdString(count ? formatNumber(*number) : formatSignificant(*number));
}

QString exactResultText(const TrialRecord& record, int column) {
    const Definition& one = definition(column);
    if (one.text) return one.text(record);
    const Number number = resultNumber(record, column);
    return number ? QString::fromStdString(formatNumber(*number)) : QString();
}

}  // namespace quantscope
