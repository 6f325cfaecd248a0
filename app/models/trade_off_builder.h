// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>

#include "app/models/plot_data.h"
#include "app/models/result_set.h"

namespace quantscope {

/// What the trade-off plot shows.
struct TradeOffOptions {
    QString metric = QStringLiteral("sqnr_db");  ///< Id of allMetrics().
    QSet<QString> tensors;                       ///< Empty: all that have records.
    /// One point per method over all tensors: see summarizeMethod. Only methods with a result on
    /// every tensor count.
    bool aggregate = false;
};

/// Points, Pareto front, Gaussian bound and uniform scalar baselines of finished trials.
TradeOffData buildTradeOff(const RecordList& records, const TradeOffOptions& options);

/// The record that pictures of a single trial show when nobody chose one: the middle of the Pareto
/// front of SQNR over bits per weight, on the tensor `tensor` if it has records, otherwise on that
/// with most weights. Null when no trial has a result.
RecordPointer tellingRecord(const RecordList& records, const std::string& tensor = {});

/// Which points no other point beats: those with no other at most as many bits and at least as good
/// a value (one of the two strictly). Equal points are all on the front. O(n log n).
std::vector<bool> paretoFront(const std::vector<double>& bitsPerWeight,
                              const std::vector<double>& values, Better better);

}  // namespace quantscope
