// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_grid.h"

#include <algorithm>

#include "plugins/mixed/mixed_quantizer.h"

namespace quantscope::mixed {

namespace {

class MixedGridRows final : public GridRows {
public:
    MixedGridRows(const std::vector<MixedGrid::Part>& parts, Index cols, Index firstRow,
                  Index count)
        : m_places(static_cast<std::size_t>(cols)) {
        for (std::size_t p = 0; p < parts.size(); ++p) {
            const std::vector<Index>& columns = parts[p].columns;
            for (std::size_t i = 0; i < columns.size(); ++i)
                m_places[static_cast<std::size_t>(columns[i])] = {p, static_cast<Index>(i)};
            m_rows.push_back(parts[p].grid ? parts[p].grid->rows(firstRow, count) : nullptr);
        }
    }

    void round(Index column, MatrixView weights, MatrixSpan rounded) override {
        const Place& place = m_places[static_cast<std::size_t>(column)];
        if (m_rows[place.part]) {
            m_rows[place.part]->round(place.column, weights, rounded);
        } else {
            std::ranges::fill(rounded.row(0), 0.0F);
        }
    }

    void refit(Index /*column*/, MatrixView /*weights*/) override {}

    void commit() override {
        for (const auto& rows : m_rows) {
            if (rows) rows->commit();
        }
    }

private:
    struct Place {
        std::size_t part = 0;
        Index column = 0;  ///< Among the part's.
    };
    std::vector<Place> m_places;
    std::vector<std::unique_ptr<GridRows>> m_rows;
};

}  // namespace

MixedGrid::MixedGrid(EncodedTensor encoded, std::vector<Part> parts)
    : m_encoded(std::move(encoded)), m_parts(std::move(parts)) {}

std::unique_ptr<GridRows> MixedGrid::rows(Index firstRow, Index count) {
    return std::make_unique<MixedGridRows>(m_parts, m_encoded.cols, firstRow, count);
}

EncodedTensor MixedGrid::finish() {
    for (Part& part : m_parts) {
        if (part.grid) appendPart(m_encoded, part.bits, part.grid->finish());
    }
    return std::move(m_encoded);
}

}  // namespace quantscope::mixed
