// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/product.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Tag = hn::CappedTag<T, 64 / sizeof(T)>;

// A block of rows x two vectors of C stays in registers over a run of K; a panel of B of that
// length stays in the first cache. Six rows fill the 16 registers of AVX2.
constexpr Index blockRows = 6;
constexpr Index blockVectors = 2;
constexpr Index runLength = 256;

template <typename T>
constexpr Index panelColumns = blockVectors* static_cast<Index>(hn::MaxLanes(Tag<T>()));

// Columns first .. of rows k .. of B, row after row; missing columns are zero.
template <typename T>
void packPanel(const StridedView<T>& b, Index firstRow, Index rows, Index firstCol, Index cols,
               T* panel) {
    constexpr Index width = panelColumns<T>;
    for (Index k = 0; k < rows; ++k) {
        const T* source = b.data + (firstRow + k) * b.rowStride + firstCol * b.colStride;
        T* row = panel + k * width;
        for (Index j = 0; j < cols; ++j)
            row[j] = source[j * b.colStride];
        std::fill(row + cols, row + width, T{0});
    }
}

// Rows x panel of C, over `depth` terms.
template <typename T, Index Rows>
HWY_INLINE void addBlock(T alpha, const T* HWY_RESTRICT a, Index rowStride, Index colStride,
                         const T* HWY_RESTRICT panel, Index depth, T* HWY_RESTRICT c, Index cStride,
                         Index cols) {
    const Tag<T> tag;
    using Values = hn::Vec<Tag<T>>;
    constexpr auto lanes = static_cast<Index>(hn::MaxLanes(Tag<T>()));
    Values sums[Rows][blockVectors];
    for (Index r = 0; r < Rows; ++r) {
        for (Index v = 0; v < blockVectors; ++v)
            sums[r][v] = hn::Zero(tag);
    }
    for (Index k = 0; k < depth; ++k, panel += panelColumns<T>, a += colStride) {
        Values b[blockVectors];
        for (Index v = 0; v < blockVectors; ++v)
            b[v] = hn::LoadU(tag, panel + v * lanes);
        for (Index r = 0; r < Rows; ++r) {
            const Values x = hn::Set(tag, a[r * rowStride]);
            for (Index v = 0; v < blockVectors; ++v)
                sums[r][v] = hn::MulAdd(x, b[v], sums[r][v]);
        }
    }
    const Values factor = hn::Set(tag, alpha);
    T edge[panelColumns<T>];
    for (Index r = 0; r < Rows; ++r) {
        T* row = c + r * cStride;
        const bool whole = cols == panelColumns<T>;
        if (!whole) std::copy(row, row + cols, edge);
        T* target = whole ? row : edge;
        for (Index v = 0; v < blockVectors; ++v) {
            T* place = target + v * lanes;
            hn::StoreU(hn::MulAdd(factor, sums[r][v], hn::LoadU(tag, place)), tag, place);
        }
        if (!whole) std::copy(edge, edge + cols, row);
    }
}

template <typename T>
void addPanel(T alpha, const StridedView<T>& a, Index firstTerm, Index depth, const T* panel, T* c,
              Index cStride, Index cols) {
    const T* rows = a.data + firstTerm * a.colStride;
    const auto add = [&]<Index Rows>(Index first) {
        addBlock<T, Rows>(alpha, rows + first * a.rowStride, a.rowStride, a.colStride, panel, depth,
                          c + first * cStride, cStride, cols);
    };
    Index r = 0;
    for (; r + blockRows <= a.rows; r += blockRows)
        add.template operator()<blockRows>(r);
    switch (a.rows - r) {
        case 5:
            return add.template operator()<5>(r);
        case 4:
            return add.template operator()<4>(r);
        case 3:
            return add.template operator()<3>(r);
        case 2:
            return add.template operator()<2>(r);
        case 1:
            return add.template operator()<1>(r);
        default:
            return;
    }
}

template <typename T>
void addProductOf(T alpha, const StridedView<T>& a, const StridedView<T>& b, T* c, Index cStride) {
    alignas(64) T panel[runLength * panelColumns<T>];
    for (Index firstCol = 0; firstCol < b.cols; firstCol += panelColumns<T>) {
        const Index cols = std::min(panelColumns<T>, b.cols - firstCol);
        for (Index k = 0; k < b.rows; k += runLength) {
            const Index depth = std::min(runLength, b.rows - k);
            packPanel(b, k, depth, firstCol, cols, panel);
            addPanel(alpha, a, k, depth, panel, c + firstCol, cStride, cols);
        }
    }
}

void addFloatProduct(float alpha, const StridedView<float>& a, const StridedView<float>& b,
                     float* c, Index cStride) {
    addProductOf(alpha, a, b, c, cStride);
}

void addDoubleProduct(double alpha, const StridedView<double>& a, const StridedView<double>& b,
                      double* c, Index cStride) {
    addProductOf(alpha, a, b, c, cStride);
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quantscope {

HWY_EXPORT(addFloatProduct);
HWY_EXPORT(addDoubleProduct);

void addProduct(float alpha, const StridedView<float>& a, const StridedView<float>& b, float* c,
                Index cStride) {
    assert(a.cols == b.rows);
    HWY_DYNAMIC_DISPATCH(addFloatProduct)(alpha, a, b, c, cStride);
}

void addProduct(double alpha, const StridedView<double>& a, const StridedView<double>& b, double* c,
                Index cStride) {
    assert(a.cols == b.rows);
    HWY_DYNAMIC_DISPATCH(addDoubleProduct)(alpha, a, b, c, cStride);
}

}  // namespace quantscope
#endif
