// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/result_table_model.h"

#include <QStringList>
#include <limits>

#include "app/models/plot_builders.h"
#include "app/models/result_columns.h"

namespace quantscope {

namespace {

QString headerText(const ResultColumn& column) {
    return column.unit.isEmpty() ? column.title
                                 : QStringLiteral("%1 (%2)").arg(column.title, column.unit);
}

QString csvField(const QString& text) {
    const bool plain = !text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"')) &&
                       !text.contains(QLatin1Char('\n')) && !text.contains(QLatin1Char('\r'));
    if (plain) return text;
    return QLatin1Char('"') + QString(text).replace(QLatin1Char('"'), QLatin1String("\"\"")) +
           QLatin1Char('"');
}

}  // namespace

ResultTableModel::ResultTableModel(ResultSet* results, QObject* parent)
    : QAbstractTableModel(parent), m_results(results) {
    connect(results, &ResultSet::aboutToReset, this, [this] { beginResetModel(); });
    connect(results, &ResultSet::wasReset, this, [this] { endResetModel(); });
    connect(results, &ResultSet::aboutToAppend, this,
            [this](int first, int last) { beginInsertRows({}, first, last); });
    connect(results, &ResultSet::appended, this, [this] { endInsertRows(); });
    connect(results, &ResultSet::replaced, this,
            [this](int row) { Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1)); });
}

QModelIndex ResultTableModel::indexOf(const QString& trialId) const {
    const int row = m_results->rowOf(trialId);
    return row < 0 ? QModelIndex() : index(row, 0);
}

int ResultTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_results->count();
}

int ResultTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(resultColumns().size());
}

QVariant ResultTableModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const RecordPointer& record = m_results->records()[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    const bool numeric = resultColumns()[static_cast<std::size_t>(column)].numeric;
    switch (role) {
        case Qt::DisplayRole:
            return resultText(*record, column);
        case Qt::ToolTipRole:
            return numeric ? exactResultText(*record, column) : trialDetails(*record);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(
                Qt::Alignment((numeric ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
        case SortRole:
            if (!numeric) return resultText(*record, column);
            return resultNumber(*record, column).value_or(std::numeric_limits<double>::quiet_NaN());
        case TrialIdRole:
            return QString::fromStdString(record->trialId);
        case TensorRole:
            return QString::fromStdString(record->tensor);
        case FamilyRole:
            return QString::fromStdString(record->method.id);
        case FailedRole:
            return record->failed();
        case RecordRole:
            return QVariant::fromValue(record);
        default:
            return {};
    }
}

QVariant ResultTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) {
        return QAbstractTableModel::headerData(section, orientation, role);
    }
    const ResultColumn& column = resultColumns()[static_cast<std::size_t>(section)];
    switch (role) {
        case Qt::DisplayRole:
            return headerText(column);
        case Qt::ToolTipRole:
            return column.help;
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::Alignment(
                (column.numeric ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
        default:
            return {};
    }
}

QString resultCsv(const ResultTableModel& table, const QList<int>& rows,
                  const QList<int>& columns) {
    QString csv;
    QStringList fields;
    for (const int column : columns) {
        fields << csvField(resultColumns()[static_cast<std::size_t>(column)].id);
    }
    csv += fields.join(QLatin1Char(',')) + QLatin1Char('\n');
    for (const int row : rows) {
        fields.clear();
        const RecordPointer& record = table.results().records()[static_cast<std::size_t>(row)];
        for (const int column : columns)
            fields << csvField(exactResultText(*record, column));
        csv += fields.join(QLatin1Char(',')) + QLatin1Char('\n');
    }
    return csv;
}

}  // namespace quantscope
