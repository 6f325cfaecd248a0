// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/result_filter_model.h"

#include <algorithm>
#include <cmath>

#include "app/models/result_table_model.h"

namespace quantscope {

ResultFilterModel::ResultFilterModel(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(ResultTableModel::SortRole);
    setDynamicSortFilter(true);
}

void ResultFilterModel::setFilterText(const QString& text) {
    if (text == m_text) return;
    m_text = text;
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

void ResultFilterModel::setTensors(const QSet<QString>& tensors) {
    if (tensors == m_tensors) return;
    m_tensors = tensors;
    invalidateFilter();
}

void ResultFilterModel::setFailedShown(bool shown) {
    if (shown == m_failedShown) return;
    m_failedShown = shown;
    invalidateFilter();
}

bool ResultFilterModel::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QModelIndex index = sourceModel()->index(row, 0, parent);
    const auto record = index.data(ResultTableModel::RecordRole).value<RecordPointer>();
    const QString tensor = QString::fromStdString(record->tensor);
    if (!m_failedShown && record->failed()) return false;
    if (!m_tensors.isEmpty() && !m_tensors.contains(tensor)) return false;
    const QString text = tensor + QLatin1Char('\n') + QString::fromStdString(record->methodText) +
                         QLatin1Char('\n') + QString::fromStdString(record->error);
    return std::ranges::all_of(
        m_words, [&](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

bool ResultFilterModel::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(sortRole());
    const QVariant b = right.data(sortRole());
    if (a.typeId() != QMetaType::Double || b.typeId() != QMetaType::Double) {
        return QSortFilterProxyModel::lessThan(left, right);
    }
    const double x = a.toDouble();
    const double y = b.toDouble();
    // Rows without a figure come last whichever way the column is sorted.
    if (std::isnan(x) || std::isnan(y)) {
        if (std::isnan(x) && std::isnan(y)) return false;
        return std::isnan(sortOrder() == Qt::AscendingOrder ? y : x);
    }
    return x < y;
}

}  // namespace quantscope
