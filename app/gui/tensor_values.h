// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "app/gui/value_list.h"
#include "core/tensor/statistics.h"

namespace quantscope {

/// The figures of a tensor's statistics, ready to show; `statistics` may be null for none.
std::vector<NamedValue> statisticValues(const TensorStatistics* statistics);

}  // namespace quantscope
