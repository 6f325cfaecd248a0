// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/io/tensor_file.h"

namespace quantscope {

/// Token ids in rows of equal length; each row is a context of its own.
struct TokenRows {
    std::vector<std::int32_t> ids;  ///< rows x length.
    Index rows = 0;
    Index length = 0;

    std::span<const std::int32_t> row(Index r) const {
        return std::span(ids).subspan(static_cast<std::size_t>(r * length),
                                      static_cast<std::size_t>(length));
    }
    Index count() const { return rows * length; }

    /// Rows first .. first + number - 1.
    TokenRows middleRows(Index first, Index number) const;

    /// Reads the dataset input_ids (rows x length, or one row) of integers. Throws Error when it is
    /// missing, of another shape, or an id is not below `vocabulary`, or rows are longer than
    /// `context`.
    static TokenRows read(const TensorFile& file, Index vocabulary, Index context);
};

}  // namespace quantscope
