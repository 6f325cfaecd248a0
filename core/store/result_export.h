// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/base/json.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// One line per record under a header line (RFC 4180): tensor, method, shape, every ledger part and
/// every metric (empty where it does not apply), seconds, seed, error. Numbers with all their
/// digits.
std::string recordsToCsv(std::span<const TrialRecord> records);

/// The same as an array of objects, with the whole records.
Json recordsToJson(std::span<const TrialRecord> records);

/// Faiss index-factory strings of records: an array of {tensor, method, factory} or, where Faiss
/// has no equivalent or the trial failed, {tensor, method, reason}. Each code was read back and
/// found to mean the same; "L2norm," before it says that the vectors were normalized first.
Json recordsToFaiss(std::span<const TrialRecord> records);

}  // namespace quantscope
