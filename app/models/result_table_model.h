// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QList>

#include "app/models/result_set.h"

namespace quantscope {

/// The result table: one row per trial record, one column per resultColumns().
class ResultTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role {
        SortRole =
            Qt::UserRole,  ///< double where the column is numeric (NaN if absent), else text.
        TrialIdRole,
        TensorRole,
        FamilyRole,  ///< Method id; decides the colour.
        FailedRole,  ///< bool.
        RecordRole,  ///< RecordPointer.
    };

    /// `results` outlives the model.
    explicit ResultTableModel(ResultSet* results, QObject* parent = nullptr);

    const ResultSet& results() const { return *m_results; }
    QModelIndex indexOf(const QString& trialId) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

private:
    ResultSet* m_results;
};

/// `rows` (source rows of any model over ResultTableModel's columns, in the order shown) as CSV
/// with a header line; exact values in the C locale, fields quoted where RFC 4180 asks for it.
QString resultCsv(const ResultTableModel& table, const QList<int>& rows, const QList<int>& columns);

}  // namespace quantscope
