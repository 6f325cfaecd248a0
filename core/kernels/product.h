// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/matrix_view.h"

namespace quantscope {

/// A read-only matrix of floats or doubles with any distance between neighbours, so that a
/// transposed matrix is a view too. Owns nothing.
template <typename T>
struct StridedView {
    const T* data = nullptr;
    Index rows = 0;
    Index cols = 0;
    Index rowStride = 0;  ///< Elements from one row to the next.
    Index colStride = 1;  ///< Elements from one column to the next.

    StridedView transposed() const { return {data, cols, rows, colStride, rowStride}; }
    T operator()(Index r, Index c) const { return data[r * rowStride + c * colStride]; }
};

inline StridedView<float> strided(MatrixView view) {
    return {view.data, view.rows, view.cols, view.stride, 1};
}

/// C += alpha A B for A (M x K), B (K x N) and row-major C (M x N, rows `cStride` elements apart),
/// on the calling thread. Every element of C is summed in the same order wherever A and B are cut
/// into rows and columns, so callers may share out rows or columns of C among threads and get the
/// same bits; between instruction sets the rounding may differ where one lacks fused
/// multiply-add. C must not overlap A or B.
void addProduct(float alpha, const StridedView<float>& a, const StridedView<float>& b, float* c,
                Index cStride);
void addProduct(double alpha, const StridedView<double>& a, const StridedView<double>& b, double* c,
                Index cStride);

}  // namespace quantscope
