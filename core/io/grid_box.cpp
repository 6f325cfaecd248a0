// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/grid_box.h"

#include <algorithm>

namespace quantscope {

namespace {

class BoxCutter {
public:
    BoxCutter(std::span<const Index> lengths, const std::function<void(const GridBox&)>& visit)
        : m_lengths(lengths), m_visit(visit), m_sliceSizes(lengths.size(), 1) {
        m_box.start.assign(lengths.size(), 0);
        m_box.count.assign(lengths.size(), 1);
        for (std::size_t axis = lengths.size(); axis-- > 1;) {
            m_sliceSizes[axis - 1] = m_sliceSizes[axis] * lengths[axis];
        }
    }

    /// Cuts begin .. end-1 of the grid that the axes from `axis` on make up.
    void cut(std::size_t axis, Index begin, Index end) {
        if (begin >= end) return;
        if (axis == m_lengths.size()) return m_visit(m_box);
        const Index slice = m_sliceSizes[axis];
        const Index firstWhole = (begin + slice - 1) / slice;
        const Index endWhole = end / slice;
        if (firstWhole > endWhole) return partOfSlice(axis, endWhole, begin, end);
        partOfSlice(axis, firstWhole - 1, begin, firstWhole * slice);
        wholeSlices(axis, firstWhole, endWhole);
        partOfSlice(axis, endWhole, endWhole * slice, end);
    }

private:
    void partOfSlice(std::size_t axis, Index position, Index begin, Index end) {
        if (begin >= end) return;
        m_box.start[axis] = position;
        m_box.count[axis] = 1;
        const Index offset = position * m_sliceSizes[axis];
        cut(axis + 1, begin - offset, end - offset);
    }

    void wholeSlices(std::size_t axis, Index first, Index end) {
        if (first >= end) return;
        m_box.start[axis] = first;
        m_box.count[axis] = end - first;
        for (std::size_t inner = axis + 1; inner < m_lengths.size(); ++inner) {
            m_box.start[inner] = 0;
            m_box.count[inner] = m_lengths[inner];
        }
        m_visit(m_box);
    }

    std::span<const Index> m_lengths;
    const std::function<void(const GridBox&)>& m_visit;
    std::vector<Index> m_sliceSizes;  ///< Positions per step along each axis.
    GridBox m_box;
};

}  // namespace

void forEachBox(std::span<const Index> lengths, Index begin, Index end,
                const std::function<void(const GridBox&)>& visit) {
    BoxCutter(lengths, visit).cut(0, begin, end);
}

}  // namespace quantscope
