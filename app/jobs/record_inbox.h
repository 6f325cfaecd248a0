// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <utility>

#include "app/models/result_set.h"

namespace quantscope {

/// Where the engine's threads leave finished records until the window takes them.
class RecordInbox {
public:
    void put(RecordPointer record) {
        const std::lock_guard lock(m_mutex);
        m_records.push_back(std::move(record));
    }
    RecordList take() {
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_records, {});
    }

private:
    std::mutex m_mutex;
    RecordList m_records;
};

}  // namespace quantscope
