// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "core/store/trial_record.h"

namespace quantscope {

/// One column of the result table.
struct ResultColumn {
    QString id;     ///< Key in CSV headers and saved layouts: "bits_per_weight", "nmse".
    QString title;  ///< "Bits per weight".
    QString unit;   ///< "dB"; empty for none. Stands in the header, never in a cell.
    QString help;   ///< Formula or meaning.
    bool numeric = true;
    bool shownAtFirst = true;  ///< Whether a new table shows it.
};

/// Every column in the order of a new table: tensor, method, state, bits per weight, its parts, all
/// metrics, seconds, shape, seed.
const std::vector<ResultColumn>& resultColumns();
int resultColumn(const QString& id);  ///< -1 for an unknown id.

/// The figure of a numeric column; nothing where it does not apply or the trial failed.
std::optional<double> resultNumber(const TrialRecord& record, int column);
/// The cell as text: 3 significant digits, or the words of a text column.
QString resultText(const TrialRecord& record, int column);
/// The exact value in the C locale, as it stands in CSV and tooltips.
QString exactResultText(const TrialRecord& record, int column);

}  // namespace quantscope
