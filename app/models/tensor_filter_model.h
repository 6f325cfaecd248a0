// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSortFilterProxyModel>

namespace quantscope {

/// Narrows a TensorTreeModel to names that contain every word typed (any order, any case; a word
/// with * or ? is a glob), with the groups above them. Sorts by TensorTreeModel::SortRole.
class TensorFilterModel : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit TensorFilterModel(QObject* parent = nullptr);

    const QString& filterText() const { return m_text; }
    bool quantizableOnly() const { return m_quantizableOnly; }

public Q_SLOTS:
    void setFilterText(const QString& text);
    void setQuantizableOnly(bool only);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QString m_text;
    QStringList m_words;
    bool m_quantizableOnly = false;
};

}  // namespace quantscope
