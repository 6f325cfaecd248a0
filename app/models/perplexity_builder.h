// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "app/models/plot_data.h"
#include "core/store/evaluation_records.h"

namespace quantscope {

/// The evaluations on the tokens of the file `tokens` (of the newest one, if it is empty) as the
/// plot draws them, by bits, with the front of perplexity over bits. Infinite perplexities cannot
/// be drawn and are remarked.
PerplexityData buildPerplexity(const std::vector<EvaluationRecord>& records,
                               const std::filesystem::path& tokens = {});

}  // namespace quantscope
