// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>

#include "core/hessian/repair_method.h"
#include "plugins/outliers/kept_weights.h"

namespace quantscope::outliers {

/// Most rounds of picking by the layer loss.
inline constexpr int mostPickingRounds = 20;

/// Kept weights in the stead of what the base decodes to at their places.
class KeptRepair final : public Repair {
public:
    explicit KeptRepair(KeptWeights kept) : m_kept(std::move(kept)) {}

    void apply(Index firstRow, MatrixSpan rows) const override {
        for (Index r = 0; r < rows.rows; ++r) {
            m_kept.forEachIn(firstRow + r,
                             [&](Index column, float value) { rows(r, column) = value; });
        }
    }
    std::vector<Section> sections() const override { return m_kept.sections(); }

private:
    KeptWeights m_kept;
};

}  // namespace quantscope::outliers
