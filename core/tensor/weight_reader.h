// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Reads blocks of rows and refuses NaN and infinities.
class WeightReader {
public:
    WeightReader(const TensorSource& source, std::stop_token stop);

    const std::stop_token& stop() const { return m_stop; }

    /// How many rows to take at once where the result does not depend on it: few when they lie in
    /// memory, so that small tensors keep all threads busy, and more when they come from a file.
    Index rowsAtOnce() const { return m_rowsAtOnce; }

    /// Rows first .. first + count - 1; `storage` holds them unless the source lies in memory.
    /// Throws Error naming row and column of the first value that is not finite, or Cancelled.
    MatrixView read(Index first, Index count, std::vector<float>& storage) const;

private:
    const TensorSource& m_source;
    std::stop_token m_stop;
    Index m_rowsAtOnce;
};

/// Calls body(begin, end, values) in parallel for ranges of rows that cover `source`; all but the
/// last have a multiple of `granule` rows, and their values follow each other without gaps. Throws
/// Error or Cancelled as WeightReader::read does.
void forEachRowRange(
    const TensorSource& source, Index granule, const std::stop_token& stop,
    const std::function<void(Index begin, Index end, std::span<const float> values)>& body);

}  // namespace quantscope
