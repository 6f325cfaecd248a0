// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_grid.h"

#include <algorithm>
#include <numeric>

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
            m_counts.push_back(static_cast<Index>(columns.size()));
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

    bool resume(MatrixSpan values) override {
        std::vector<Matrix> own;
        for (std::size_t p = 0; p < m_rows.size(); ++p) {
            own.emplace_back(m_counts[p], values.cols);
            if (m_rows[p] && !m_rows[p]->resume(own.back().span())) return false;
        }
        for (std::size_t c = 0; c < m_places.size(); ++c) {
            std::ranges::copy(own[m_places[c].part].view().row(m_places[c].column),
                              values.row(static_cast<Index>(c)).begin());
        }
        return true;
    }

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
    std::vector<Index> m_counts;  ///< Of the parts' columns.
};

class MixedFit final : public GridFit {
public:
    struct Part {
        const std::vector<Index>& columns;
        std::unique_ptr<GridFit> fit;
        std::size_t first = 0;  ///< Of its coefficients.
        std::size_t count = 0;
    };

    void add(const std::vector<Index>& columns, std::unique_ptr<GridFit> fit) {
        const std::size_t count = fit->coefficients().size();
        m_parts.push_back({columns, std::move(fit), m_count, count});
        m_count += count;
    }

    std::vector<double> coefficients() const override {
        std::vector<double> all;
        for (const Part& part : m_parts) {
            const std::vector<double> own = part.fit->coefficients();
            all.insert(all.end(), own.begin(), own.end());
        }
        return all;
    }

    std::vector<Index> rowsOfCoefficients() const override {
        std::vector<Index> all;
        for (const Part& part : m_parts) {
            const std::vector<Index> own = part.fit->rowsOfCoefficients();
            if (own.empty()) return {};
            all.insert(all.end(), own.begin(), own.end());
        }
        return all;
    }

    // Columns of 0 bits are zero.
    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override {
        for (Index r = 0; r < out.rows; ++r)
            std::ranges::fill(out.row(r), 0.0F);
        for (const Part& part : m_parts) {
            Matrix own(out.rows, static_cast<Index>(part.columns.size()));
            part.fit->decode(coefficients.subspan(part.first, part.count), firstRow, own.span());
            for (Index r = 0; r < out.rows; ++r) {
                for (Index c = 0; c < own.cols(); ++c)
                    out(r, part.columns[static_cast<std::size_t>(c)]) = own(r, c);
            }
        }
    }

    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override {
        for (const Part& part : m_parts) {
            Matrix own(gradient.rows, static_cast<Index>(part.columns.size()));
            for (Index r = 0; r < gradient.rows; ++r) {
                for (Index c = 0; c < own.cols(); ++c)
                    own(r, c) = gradient(r, part.columns[static_cast<std::size_t>(c)]);
            }
            part.fit->addTransposed(own.view(), firstRow, sums.subspan(part.first, part.count));
        }
    }

    void store(std::span<const double> coefficients) override {
        for (const Part& part : m_parts)
            part.fit->store(coefficients.subspan(part.first, part.count));
    }

private:
    std::vector<Part> m_parts;
    std::size_t m_count = 0;
};

}  // namespace

MixedGrid::MixedGrid(EncodedTensor encoded, std::vector<Part> parts)
    : m_encoded(std::move(encoded)), m_parts(std::move(parts)) {}

Index MixedGrid::rowGranule() const {
    Index granule = CodeGrid::rowGranule();
    for (const Part& part : m_parts) {
        if (part.grid) granule = std::lcm(granule, part.grid->rowGranule());
    }
    return granule;
}

std::unique_ptr<GridRows> MixedGrid::rows(Index firstRow, Index count) {
    return std::make_unique<MixedGridRows>(m_parts, m_encoded.cols, firstRow, count);
}

std::unique_ptr<GridFit> MixedGrid::fit() {
    auto all = std::make_unique<MixedFit>();
    for (const Part& part : m_parts) {
        if (!part.grid) continue;
        std::unique_ptr<GridFit> own = part.grid->fit();
        if (!own) return nullptr;
        all->add(part.columns, std::move(own));
    }
    return all;
}

EncodedTensor MixedGrid::finish() {
    for (Part& part : m_parts) {
        if (part.grid) appendPart(m_encoded, part.bits, part.grid->finish());
    }
    return std::move(m_encoded);
}

}  // namespace quantscope::mixed
