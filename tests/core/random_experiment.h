// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/run/experiment_spec.h"

namespace quantscope {

/// A valid experiment with random content in every field; the same for the same seed.
ExperimentSpec randomExperiment(std::uint64_t seed);

}  // namespace quantscope
