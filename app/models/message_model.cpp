// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/message_model.h"

#include <algorithm>

namespace quantscope {

int MessageModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant MessageModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const auto& [message, count] = m_entries[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole:
        case Qt::ToolTipRole:
        case Qt::AccessibleTextRole:
            return message.text();
        case SeverityRole:
            return static_cast<int>(message.severity);
        case WhatRole:
            return message.what;
        case WhyRole:
            return message.why;
        case RemedyRole:
            return message.remedy;
        case ActionLabelRole:
            return message.actionLabel;
        case CountRole:
            return count;
        default:
            return {};
    }
}

QHash<int, QByteArray> MessageModel::roleNames() const {
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert({{SeverityRole, "severity"},
                  {WhatRole, "what"},
                  {WhyRole, "why"},
                  {RemedyRole, "remedy"},
                  {ActionLabelRole, "actionLabel"},
                  {CountRole, "count"}});
    return names;
}

void MessageModel::add(const Message& message) {
    int count = 1;
    const auto same = std::ranges::find_if(
        m_entries, [&](const Entry& entry) { return entry.message.sameTextAs(message); });
    if (same != m_entries.end()) {
        count += same->count;
        dismiss(static_cast<int>(same - m_entries.begin()));
    }
    beginInsertRows({}, 0, 0);
    m_entries.insert(m_entries.begin(), {message, count});
    endInsertRows();
}

void MessageModel::dismiss(int row) {
    if (row < 0 || row >= rowCount()) return;
    beginRemoveRows({}, row, row);
    m_entries.erase(m_entries.begin() + row);
    endRemoveRows();
}

void MessageModel::clear() {
    beginResetModel();
    m_entries.clear();
    endResetModel();
}

void MessageModel::triggerAction(int row) {
    if (row < 0 || row >= rowCount()) return;
    const auto action = message(row).action;
    dismiss(row);
    if (action) action();
}

}  // namespace quantscope
