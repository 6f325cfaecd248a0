// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/product.h"

#include <algorithm>
#include <cassert>
#include <memory>

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
               T* HWY_RESTRICT panel) {
    constexpr Index width = panelColumns<T>;
    const T* source = b.data + firstRow * b.rowStride + firstCol * b.colStride;
    if (b.colStride == 1) {
        for (Index k = 0; k < rows; ++k, source += b.rowStride, panel += width) {
            std::copy_n(source, cols, panel);
            std::fill(panel + cols, panel + width, T{0});
        }
        return;
    }
    // Column by column, because their terms mostly lie side by side.
    if (cols < width) std::fill_n(panel, rows * width, T{0});
    for (Index j = 0; j < cols; ++j, source += b.colStride) {
        for (Index k = 0; k < rows; ++k)
            panel[k * width + j] = source[k * b.rowStride];
    }
}

// Terms first .. of the rows of A side by side: a block of rows is then read from few places.
template <typename T>
void packTerms(const StridedView<T>& a, Index firstTerm, Index depth, T* HWY_RESTRICT packed) {
    const T* source = a.data + firstTerm * a.colStride;
    if (a.colStride == 1) {
        for (Index r = 0; r < a.rows; ++r)
            std::copy_n(source + r * a.rowStride, depth, packed + r * depth);
        return;
    }
    constexpr Index rowsAtOnce = 8;
    for (Index first = 0; first < a.rows; first += rowsAtOnce) {
        const Index end = std::min(first + rowsAtOnce, a.rows);
        for (Index k = 0; k < depth; ++k) {
            for (Index r = first; r < end; ++r)
                packed[r * depth + k] = source[k * a.colStride + r * a.rowStride];
        }
    }
}

// Rows x panel of C, over `depth` terms.
template <typename T, Index Rows>
HWY_INLINE void addBlock(T alpha, const T* HWY_RESTRICT a, const T* HWY_RESTRICT panel, Index depth,
                         T* HWY_RESTRICT c, Index cStride, Index cols) {
    const Tag<T> tag;
    using Values = hn::Vec<Tag<T>>;
    constexpr auto lanes = static_cast<Index>(hn::MaxLanes(Tag<T>()));
    Values sums[Rows][blockVectors];
    for (Index r = 0; r < Rows; ++r) {
        for (Index v = 0; v < blockVectors; ++v)
            sums[r][v] = hn::Zero(tag);
    }
    for (Index k = 0; k < depth; ++k, panel += panelColumns<T>, ++a) {
        Values b[blockVectors];
        for (Index v = 0; v < blockVectors; ++v)
            b[v] = hn::LoadU(tag, panel + v * lanes);
        for (Index r = 0; r < Rows; ++r) {
            const Values x = hn::Set(tag, a[r * depth]);
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

// All packed rows x panel of C.
template <typename T>
void addPanel(T alpha, const T* packed, Index rows, const T* panel, Index depth, T* c,
              Index cStride, Index cols) {
    const auto add = [&]<Index Rows>(Index first) {
        addBlock<T, Rows>(alpha, packed + first * depth, panel, depth, c + first * cStride, cStride,
                          cols);
    };
    Index r = 0;
    for (; r + blockRows <= rows; r += blockRows)
        add.template operator()<blockRows>(r);
    switch (rows - r) {
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
    const Index longest = std::min(runLength, b.rows);
    const auto packed =
        std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(a.rows * longest));
    for (Index k = 0; k < b.rows; k += runLength) {
        const Index depth = std::min(runLength, b.rows - k);
        packTerms(a, k, depth, packed.get());
        for (Index firstCol = 0; firstCol < b.cols; firstCol += panelColumns<T>) {
            const Index cols = std::min(panelColumns<T>, b.cols - firstCol);
            packPanel(b, k, depth, firstCol, cols, panel);
            addPanel(alpha, packed.get(), a.rows, panel, depth, c + firstCol, cStride, cols);
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
