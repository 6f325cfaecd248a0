// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_grid.h"

#include <algorithm>
#include <numeric>

#include "plugins/vptq/vptq_grid_fit.h"

namespace quantscope::vptq {

namespace {

// Of the search for the codes of two books together.
constexpr Index beam = 8;

}  // namespace

class VptqGrid::Rows final : public GridRows {
public:
    Rows(VptqGrid& grid, Index firstRow, Index count)
        : m_grid(grid),
          m_firstRow(firstRow),
          m_values(grid.m_model.cols, count),
          m_codes(static_cast<std::size_t>(grid.m_model.cols)),
          m_rounded(static_cast<std::size_t>(grid.m_model.cols)) {}

    void round(Index column, MatrixView weights, MatrixSpan rounded) override {
        goTo(column);
        search(weights.row(0));
        std::vector<std::uint32_t>& codes = m_codes[static_cast<std::size_t>(column)];
        codes.resize(m_found.size());
        const std::span<float> chosen = m_values.span().row(column);
        const bool again = m_rounded[static_cast<std::size_t>(column)];
        for (Index vector = 0; vector < m_vectors.rows(); ++vector) {
            const auto first = static_cast<std::size_t>(vector * m_dim);
            const std::size_t length =
                std::min(static_cast<std::size_t>(m_dim), chosen.size() - first);
            const std::span<float> values = chosen.subspan(first, length);
            const std::span<const std::uint32_t> found = ofVector(m_found, vector);
            decode(vector, found, length);
            // Vectors are searched without their rows' gains.
            const std::span<const float> aim = weights.row(0).subspan(first, length);
            if (again && !(distance(aim, m_decoded) < distance(aim, values))) continue;
            std::ranges::copy(m_decoded, values.begin());
            std::ranges::copy(found, codes.begin() + vector * m_stages);
        }
        m_rounded[static_cast<std::size_t>(column)] = true;
        std::ranges::copy(chosen, rounded.row(0).begin());
    }

    void refit(Index /*column*/, MatrixView /*weights*/) override {}
    void commit() override {
        for (Index column = 0; column < m_values.rows(); ++column) {
            goTo(column);
            std::ranges::copy(m_codes[static_cast<std::size_t>(column)], gridCodes(column).begin());
        }
    }

    bool resume(MatrixSpan values) override {
        for (Index column = 0; column < m_values.rows(); ++column) {
            goTo(column);
            const std::span<const std::uint32_t> committed = gridCodes(column);
            m_codes[static_cast<std::size_t>(column)].assign(committed.begin(), committed.end());
            const std::span<float> own = m_values.span().row(column);
            for (Index vector = 0; vector < vectors(); ++vector) {
                const auto first = static_cast<std::size_t>(vector * m_dim);
                const std::size_t length =
                    std::min(static_cast<std::size_t>(m_dim), own.size() - first);
                decode(vector, ofVector(committed, vector), length);
                std::ranges::copy(m_decoded, own.subspan(first, length).begin());
            }
            std::ranges::copy(own, values.row(column).begin());
        }
        m_rounded.assign(m_rounded.size(), true);
        return true;
    }

private:
    void goTo(Index column) {
        const VptqModel& model = m_grid.m_model;
        m_kind = model.places[static_cast<std::size_t>(column)].kind;
        m_dim = model.kinds[m_kind].dim;
        m_stages = model.kinds[m_kind].stages();
    }

    // Of a column of these rows.
    Index vectors() const { return (m_values.cols() + m_dim - 1) / m_dim; }
    std::span<std::uint32_t> gridCodes(Index column) const {
        return std::span(m_grid.m_codes[m_kind])
            .subspan(m_grid.firstCode(m_firstRow, column),
                     static_cast<std::size_t>(vectors() * m_stages));
    }

    static double distance(std::span<const float> a, std::span<const float> b) {
        double sum = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            const double offset = static_cast<double>(a[i]) - static_cast<double>(b[i]);
            sum += offset * offset;
        }
        return sum;
    }

    std::span<const std::uint32_t> ofVector(std::span<const std::uint32_t> codes,
                                            Index vector) const {
        return codes.subspan(static_cast<std::size_t>(vector * m_stages),
                             static_cast<std::size_t>(m_stages));
    }

    // Finds codes of the vectors of a column's rows.
    void search(std::span<const float> weights) {
        const auto rows = static_cast<Index>(weights.size());
        m_vectors = Matrix((rows + m_dim - 1) / m_dim, m_dim);
        for (Index r = 0; r < rows; ++r) {
            const double gain = m_grid.m_model.gainOf(m_firstRow + r);
            const auto weight = static_cast<double>(weights[static_cast<std::size_t>(r)]);
            m_vectors.data()[r] = gain > 0.0 ? static_cast<float>(weight / gain) : 0.0F;
        }
        m_found.resize(static_cast<std::size_t>(m_vectors.rows() * m_stages));
        const Search& search = m_grid.m_searches[m_kind];
        if (search.stages) {
            search.stages->search(m_vectors.view(), m_found);
        } else {
            search.panels.front().nearest(m_vectors.view(), m_found);
        }
    }

    void decode(Index vector, std::span<const std::uint32_t> codes, std::size_t length) {
        m_decoded.resize(length);
        for (std::size_t i = 0; i < length; ++i) {
            const auto at = static_cast<Index>(i);
            m_decoded[i] = withGain(m_grid.m_model.component(m_kind, codes, at),
                                    m_grid.m_model.gainOf(m_firstRow + vector * m_dim + at));
        }
    }

    VptqGrid& m_grid;
    Index m_firstRow;
    Matrix m_values;                                  ///< Of the present choice: columns x rows.
    std::vector<std::vector<std::uint32_t>> m_codes;  ///< The present choice, by column.
    std::vector<bool> m_rounded;                      ///< By column.
    std::size_t m_kind = 0;                           ///< Of the column at hand.
    Index m_dim = 1;
    Index m_stages = 1;
    Matrix m_vectors;
    std::vector<std::uint32_t> m_found;
    std::vector<float> m_decoded;
};

VptqGrid::VptqGrid(EncodedTensor encoded, const std::stop_token& stop)
    : m_encoded(std::move(encoded)), m_stop(stop), m_model(VptqModel::load(m_encoded)) {
    for (const ColumnKind& kind : m_model.kinds) {
        m_granule = std::lcm(m_granule, kind.dim);
        m_codes.emplace_back(
            static_cast<std::size_t>(kind.layout(m_model.rows).count() * kind.stages()));
    }
    prepareSearch();
}

void VptqGrid::prepareSearch() {
    m_searches.clear();
    for (const std::vector<Matrix>& books : m_model.books) {
        Search& search = m_searches.emplace_back();
        for (const Matrix& book : books)
            search.panels.emplace_back(book.view(), m_stop);
        if (books.size() > 1)
            search.stages = std::make_unique<ResidualSearch>(search.panels, beam, m_stop);
    }
}

std::size_t VptqGrid::firstCode(Index row, Index column) const {
    const VptqModel::Place& place = m_model.places[static_cast<std::size_t>(column)];
    const ColumnKind& kind = m_model.kinds[place.kind];
    const Index vector = place.rank * kind.layout(m_model.rows).perRow() + row / kind.dim;
    return static_cast<std::size_t>(vector * kind.stages());
}

std::span<const std::uint32_t> VptqGrid::codesAt(Index row, Index column) const {
    const std::size_t kind = m_model.places[static_cast<std::size_t>(column)].kind;
    return std::span(m_codes[kind]).subspan(firstCode(row, column), m_model.books[kind].size());
}

std::unique_ptr<GridRows> VptqGrid::rows(Index firstRow, Index count) {
    return std::make_unique<Rows>(*this, firstRow, count);
}

std::unique_ptr<GridFit> VptqGrid::fit() {
    return std::make_unique<VptqGridFit>(*this);
}

void VptqGrid::setBooks(std::vector<std::vector<Matrix>> books) {
    for (std::size_t k = 0; k < books.size(); ++k) {
        for (Index stage = 0; stage < m_model.kinds[k].stages(); ++stage) {
            Matrix& book = books[k][static_cast<std::size_t>(stage)];
            m_model.format.round(book.span());
            const std::string name = bookSection(m_model.kinds[k], stage);
            *std::ranges::find(m_encoded.sections, name, &Section::name) =
                m_model.format.store(name, book.view());
        }
    }
    m_model = VptqModel::load(m_encoded);
    prepareSearch();
}

EncodedTensor VptqGrid::finish() {
    for (std::size_t k = 0; k < m_codes.size(); ++k)
        m_encoded.sections.push_back(storeCodes(m_model.kinds[k], m_model.rows, m_codes[k]));
    return std::move(m_encoded);
}

}  // namespace quantscope::vptq
