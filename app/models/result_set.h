// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <map>
#include <memory>
#include <vector>

#include "core/store/trial_record.h"

namespace quantscope {

using RecordPointer = std::shared_ptr<const TrialRecord>;
using RecordList = std::vector<RecordPointer>;

/// Shares records that a store returned by value.
RecordList recordList(std::vector<TrialRecord> records);

/// The trial records on show, in order of arrival; one per trial id. Table, plots and details all
/// read from here.
class ResultSet : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    const RecordList& records() const { return m_records; }
    int count() const { return static_cast<int>(m_records.size()); }
    /// Null when there is none.
    RecordPointer find(const QString& trialId) const;
    int rowOf(const QString& trialId) const;  ///< -1 when there is none.

    /// Shows these records instead of all others.
    void assign(const RecordList& records);
    void clear() { assign({}); }
    /// Adds records; one whose trial is already here replaces the older one (a retried trial).
    void add(const RecordList& records);

Q_SIGNALS:
    void aboutToReset();
    void wasReset();
    void aboutToAppend(int first, int last);
    void appended(int first, int last);
    void replaced(int row);
    /// After any of the above.
    void changed();

private:
    RecordList m_records;
    std::map<std::string, int> m_rows;
};

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::RecordPointer)
Q_DECLARE_METATYPE(quantscope::RecordList)
