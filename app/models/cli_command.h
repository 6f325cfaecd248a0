// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <span>

#include "core/run/experiment_spec.h"
#include "core/store/trial_record.h"
#include "core/tensor/tensor_info.h"

namespace quantscope {

/// The command line that repeats a trial and prints the same numbers: same tensor, folding,
/// normalization, side information, method and seed. Every argument is quoted for a POSIX shell
/// where it needs to be. `spec` is the experiment that the trial came from, `tensors` the
/// entries of its file.
QString cliCommand(const TrialRecord& record, const ExperimentSpec& spec,
                   std::span<const TensorInfo> tensors);

/// `argument` as one word of a POSIX shell.
QString shellQuoted(const QString& argument);

}  // namespace quantscope
