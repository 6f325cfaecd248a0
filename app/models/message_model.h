// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>
#include <vector>

#include "app/models/message.h"

namespace quantscope {

/// The messages that stand in the bar above the centre, newest first. A message that says the same
/// as one already there replaces it and counts up instead of piling up.
class MessageModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role {
        SeverityRole = Qt::UserRole,  ///< int of Message::Severity.
        WhatRole,
        WhyRole,
        RemedyRole,
        ActionLabelRole,
        CountRole,  ///< How often it was said.
    };

    using QAbstractListModel::QAbstractListModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    /// DisplayRole is Message::text().
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QHash<int, QByteArray> roleNames() const override;

    const Message& message(int row) const { return m_entries[static_cast<size_t>(row)].message; }

public Q_SLOTS:
    void add(const quantscope::Message& message);
    void dismiss(int row);
    void clear();
    /// Dismisses the message and runs its action.
    void triggerAction(int row);

private:
    struct Entry {
        Message message;
        int count = 1;
    };
    std::vector<Entry> m_entries;
};

}  // namespace quantscope
