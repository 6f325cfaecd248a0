// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <functional>
#include <vector>

namespace quantscope {

/// The data of a plot as a table, for readers who cannot or do not want to see the picture: one row
/// per mark of the plot, in the same order. Cells show 3 significant digits, tooltips and copies
/// the exact values.
class TableTwin : public QAbstractTableModel {
    Q_OBJECT

public:
    struct Column {
        QString header;                          ///< With the unit: "SQNR (dB)".
        std::function<QVariant(int row)> value;  ///< A QString, an int or a double.
    };
    TableTwin(std::vector<Column> columns, int rows, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

    /// The whole table as RFC 4180 text, numbers in the C locale with all their digits.
    QString toCsv() const;

private:
    std::vector<Column> m_columns;
    int m_rows;
};

}  // namespace quantscope
