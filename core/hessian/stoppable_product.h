// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <stop_token>

#include "core/base/parallel.h"
#include "core/kernels/product.h"

namespace quantscope {

/// addProduct() in pieces, with the same bits, so that a stop comes in time for matrices with
/// thousands of rows and columns. Throws Cancelled.
template <typename T>
void addProductUntilStopped(T alpha, const StridedView<T>& a, const StridedView<T>& b, T* c,
                            Index cStride, const std::stop_token& stop) {
    // Multiply-adds; some hundredths of a second on one core.
    constexpr Index atOnce = Index{1} << 27;
    constexpr Index least = 32;
    const bool byRows = a.rows > b.cols;
    const Index count = byRows ? a.rows : b.cols;
    const Index perItem = std::max<Index>(1, a.cols * (byRows ? b.cols : a.rows));
    const Index width = std::max(least, atOnce / perItem);
    for (Index first = 0; first < count; first += width) {
        throwIfStopped(stop);
        const Index some = std::min(width, count - first);
        if (byRows) {
            const StridedView<T> part{a.data + first * a.rowStride, some, a.cols, a.rowStride,
                                      a.colStride};
            addProduct(alpha, part, b, c + first * cStride, cStride);
        } else {
            const StridedView<T> part{b.data + first * b.colStride, b.rows, some, b.rowStride,
                                      b.colStride};
            addProduct(alpha, a, part, c + first, cStride);
        }
    }
}

}  // namespace quantscope
