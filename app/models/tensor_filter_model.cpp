// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_filter_model.h"

#include <algorithm>

#include "app/models/tensor_tree_model.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

bool matchesWord(const QString& word, const QString& name) {
    if (!word.contains(QLatin1Char('*')) && !word.contains(QLatin1Char('?'))) {
        return name.contains(word, Qt::CaseInsensitive);
    }
    return matchesGlob(word.toLower().toStdString(), name.toLower().toStdString());
}

}  // namespace

TensorFilterModel::TensorFilterModel(QObject* parent) : QSortFilterProxyModel(parent) {
    // A group stays while a tensor below it does; the tensors alone are judged.
    setRecursiveFilteringEnabled(true);
    setSortRole(TensorTreeModel::SortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void TensorFilterModel::setFilterText(const QString& text) {
    if (text == m_text) return;
    m_text = text;
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

void TensorFilterModel::setQuantizableOnly(bool only) {
    if (only == m_quantizableOnly) return;
    m_quantizableOnly = only;
    invalidateFilter();
}

bool TensorFilterModel::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QModelIndex index = sourceModel()->index(row, 0, parent);
    const QString name = index.data(TensorTreeModel::TensorNameRole).toString();
    if (name.isEmpty()) return false;
    if (m_quantizableOnly && !index.data(TensorTreeModel::QuantizableRole).toBool()) return false;
    return std::ranges::all_of(m_words,
                               [&](const QString& word) { return matchesWord(word, name); });
}

}  // namespace quantscope
