// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <QSortFilterProxyModel>

namespace quantscope {

/// Sorts the result table by value, absent values always last, and narrows it to trials whose
/// tensor, method or error contain every word typed, to some tensors, or to trials that did not
/// fail.
class ResultFilterModel : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit ResultFilterModel(QObject* parent = nullptr);

    const QString& filterText() const { return m_text; }

public Q_SLOTS:
    void setFilterText(const QString& text);
    void setTensors(const QSet<QString>& tensors);  ///< Empty: all.
    void setFailedShown(bool shown);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QString m_text;
    QStringList m_words;
    QSet<QString> m_tensors;
    bool m_failedShown = true;
};

}  // namespace quantscope
