// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "plugins/scalar/scalar_settings.h"

namespace quantscope::scalar {

/// Which unit (set of weights with one scale) a weight belongs to. Units are numbered by rows,
/// groups of a row from left to right.
class UnitLayout {
public:
    UnitLayout(const ScalarSettings& settings, Index rows, Index cols)
        : m_granularity(settings.granularity),
          m_rows(rows),
          m_cols(cols),
          m_run(runLength(settings, cols)),
          m_runsPerRow((cols + m_run - 1) / m_run) {}

    Index rows() const { return m_rows; }
    Index cols() const { return m_cols; }
    Index unitCount() const {
        switch (m_granularity) {
            case Granularity::Tensor:
                return 1;
            case Granularity::Column:
                return m_cols;
            case Granularity::Row:
            case Granularity::Group:
                break;
        }
        return m_rows * m_runsPerRow;
    }

    /// Whether a unit lies in one row, so that it can be fitted and coded as soon as the row is
    /// read.
    bool unitsWithinRows() const {
        return m_granularity == Granularity::Row || m_granularity == Granularity::Group;
    }
    bool wholeTensor() const { return m_granularity == Granularity::Tensor; }
    bool byColumns() const { return m_granularity == Granularity::Column; }

    Index unitOf(Index row, Index column) const { return firstUnit(row) + column / m_run; }

    /// Calls body(unit, firstColumn, count) for the pieces of a row, left to right.
    template <typename Body>
    void forEachRun(Index row, Body&& body) const {
        Index unit = firstUnit(row);
        for (Index first = 0; first < m_cols; first += m_run, ++unit) {
            body(m_granularity == Granularity::Tensor ? Index{0} : unit, first,
                 std::min(m_run, m_cols - first));
        }
    }

private:
    static Index runLength(const ScalarSettings& settings, Index cols) {
        switch (settings.granularity) {
            case Granularity::Group:
                return settings.group;
            case Granularity::Column:
                return 1;
            case Granularity::Tensor:
            case Granularity::Row:
                break;
        }
        return std::max<Index>(1, cols);
    }

    Index firstUnit(Index row) const { return unitsWithinRows() ? row * m_runsPerRow : 0; }

    Granularity m_granularity;
    Index m_rows;
    Index m_cols;
    Index m_run;
    Index m_runsPerRow;
};

}  // namespace quantscope::scalar
