// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/result_set.h"

namespace quantscope {

RecordList recordList(std::vector<TrialRecord> records) {
    RecordList shared;
    shared.reserve(records.size());
    for (TrialRecord& record : records) {
        shared.push_back(std::make_shared<const TrialRecord>(std::move(record)));
    }
    return shared;
}

RecordPointer ResultSet::find(const QString& trialId) const {
    const int row = rowOf(trialId);
    return row < 0 ? nullptr : m_records[static_cast<std::size_t>(row)];
}

int ResultSet::rowOf(const QString& trialId) const {
    const auto found = m_rows.find(trialId.toStdString());
    return found == m_rows.end() ? -1 : found->second;
}

void ResultSet::assign(const RecordList& records) {
    Q_EMIT aboutToReset();
    m_records.clear();
    m_rows.clear();
    for (const RecordPointer& record : records) {
        const auto [at, isNew] = m_rows.emplace(record->trialId, count());
        if (isNew) {
            m_records.push_back(record);
        } else {
            m_records[static_cast<std::size_t>(at->second)] = record;
        }
    }
    Q_EMIT wasReset();
    Q_EMIT changed();
}

void ResultSet::add(const RecordList& records) {
    RecordList fresh;
    std::map<std::string, std::size_t> freshRows;
    for (const RecordPointer& record : records) {
        const auto known = m_rows.find(record->trialId);
        if (known != m_rows.end()) {
            m_records[static_cast<std::size_t>(known->second)] = record;
            Q_EMIT replaced(known->second);
        } else if (const auto [at, isNew] = freshRows.emplace(record->trialId, fresh.size());
                   isNew) {
            fresh.push_back(record);
        } else {
            fresh[at->second] = record;
        }
    }
    if (!fresh.empty()) {
        const int first = count();
        Q_EMIT aboutToAppend(first, first + static_cast<int>(fresh.size()) - 1);
        for (const RecordPointer& record : fresh) {
            m_rows.emplace(record->trialId, count());
            m_records.push_back(record);
        }
        Q_EMIT appended(first, count() - 1);
    }
    if (!records.empty()) Q_EMIT changed();
}

}  // namespace quantscope
