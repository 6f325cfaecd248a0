// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/table_twin.h"

#include <utility>

#include "core/base/text.h"

namespace quantscope {

namespace {

bool isReal(const QVariant& value) {
    return value.metaType().id() == QMetaType::Double;
}

QString exactText(const QVariant& value) {
    return isReal(value) ? QString::fromStdString(formatNumber(value.toDouble()))
                         : value.toString();
}

QString csvField(const QString& text) {
    static const QString special = QStringLiteral(",\"\r\n");
    for (const QChar character : text) {
        if (special.contains(character)) {
            return u'"' + QString(text).replace(u'"', QStringLiteral("\"\"")) + u'"';
        }
    }
    return text;
}

}  // namespace

TableTwin::TableTwin(std::vector<Column> columns, int rows, QObject* parent)
    : QAbstractTableModel(parent), m_columns(std::move(columns)), m_rows(rows) {}

int TableTwin::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_rows;
}

int TableTwin::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QVariant TableTwin::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const QVariant value = m_columns[static_cast<std::size_t>(index.column())].value(index.row());
    switch (role) {
        case Qt::DisplayRole:
            if (isReal(value)) return QString::fromStdString(formatSignificant(value.toDouble()));
            return value;
        case Qt::EditRole:
            return value;
        case Qt::ToolTipRole:
            return exactText(value);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::Alignment(
                Qt::AlignVCenter |
                (value.metaType().id() == QMetaType::QString ? Qt::AlignLeft : Qt::AlignRight)));
        default:
            return {};
    }
}

QVariant TableTwin::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role != Qt::DisplayRole || section < 0) return {};
    if (orientation == Qt::Vertical) return section < m_rows ? QVariant(section + 1) : QVariant();
    if (section >= columnCount()) return {};
    return m_columns[static_cast<std::size_t>(section)].header;
}

QString TableTwin::toCsv() const {
    QString csv;
    const auto endField = [&](std::size_t column) {
        csv += column + 1 < m_columns.size() ? QStringLiteral(",") : QStringLiteral("\r\n");
    };
    for (std::size_t column = 0; column < m_columns.size(); ++column) {
        csv += csvField(m_columns[column].header);
        endField(column);
    }
    for (int row = 0; row < m_rows; ++row) {
        for (std::size_t column = 0; column < m_columns.size(); ++column) {
            csv += csvField(exactText(m_columns[column].value(row)));
            endField(column);
        }
    }
    return csv;
}

}  // namespace quantscope
