// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_grid.h"

#include <algorithm>
#include <array>

#include "core/quant/fitted_gains.h"
#include "core/quant/packed_codes.h"

namespace quantscope::e8 {

class E8Grid::Rows final : public GridRows {
public:
    Rows(E8Grid& grid, Index firstRow, Index count)
        : m_grid(grid),
          m_firstRow(firstRow),
          m_count(count),
          m_chosen(static_cast<std::size_t>(rowCodes() * columnCodes())),
          m_values(grid.m_encoded.cols, count),
          m_rounded(static_cast<std::size_t>(grid.m_encoded.cols)) {}

    void round(Index column, MatrixView weights, MatrixSpan rounded) override {
        encode(weights);
        const MatrixSpan chosen = m_values.span().middleRows(column, weights.rows);
        const bool again = m_rounded[static_cast<std::size_t>(column)];
        if (again && alongRows()) remember(column, weights.rows);
        for (Index vector = 0; vector < m_vectors.rows(); ++vector) {
            // The second book is searched after the first, which need not find the nearest pair.
            if (again && !isNearer(vector, weights, chosen)) continue;
            store(column, vector);
            forComponents(vector, weights, [&](Index i, Index r, std::size_t component) {
                chosen(i, r) = value(vector, r, component);
            });
        }
        m_rounded[static_cast<std::size_t>(column)] = true;
        for (Index i = 0; i < rounded.rows; ++i)
            std::ranges::copy(chosen.row(i), rounded.row(i).begin());
    }

    void refit(Index /*column*/, MatrixView /*weights*/) override {}
    void commit() override {
        forCodes([&](Index at, std::span<std::uint32_t> code) {
            PackedCodes::packAt(m_grid.m_bytes, at, code, m_grid.m_settings.codeWidth());
        });
    }

    bool resume(MatrixSpan values) override {
        forCodes([&](Index at, std::span<std::uint32_t> code) {
            PackedCodes::unpack(m_grid.m_bytes, at, m_grid.m_settings.codeWidth(), code);
        });
        const Index cols = m_grid.m_encoded.cols;
        Matrix points(m_values.cols(), cols);
        m_grid.readPoints(m_firstRow, points.span());
        for (Index c = 0; c < cols; ++c) {
            for (Index r = 0; r < m_values.cols(); ++r)
                values(c, r) = m_values(c, r) = withGain(points(r, c), gainOf(r));
        }
        m_rounded.assign(m_rounded.size(), true);
        return true;
    }

    // Only along rows.
    void takeBack(Index column, std::span<const std::uint8_t> rows) override {
        m_codes = m_formerCodes;
        for (Index r = 0; r < m_values.cols(); ++r) {
            if (rows[static_cast<std::size_t>(r)] == 0) continue;
            store(column, r);
            for (Index i = 0; i < m_former.rows(); ++i)
                m_values(column + i, r) = m_former(i, r);
        }
    }

private:
    void remember(Index column, Index channels) {
        m_former = Matrix(channels, m_values.cols());
        std::copy_n(m_values.data() + column * m_values.cols(), m_former.view().size(),
                    m_former.data());
        m_formerCodes.resize(static_cast<std::size_t>(m_values.cols()));
        for (Index r = 0; r < m_values.cols(); ++r)
            m_formerCodes[static_cast<std::size_t>(r)] = chosenCode(column, r);
    }

    // Codes along the rows of this piece, and along its columns.
    Index rowCodes() const { return alongRows() ? m_count : (m_count + dim - 1) / dim; }
    Index columnCodes() const {
        const Index cols = m_grid.m_encoded.cols;
        return alongRows() ? (cols + dim - 1) / dim : cols;
    }
    std::uint32_t& chosenCode(Index column, Index vector) {
        const Index place = alongRows() ? column / dim : column;
        return m_chosen[static_cast<std::size_t>(place * rowCodes() + vector)];
    }

    // Calls body(at, code) for all codes, `at` among those of the grid.
    template <typename Body>
    void forCodes(const Body& body) {
        for (Index place = 0; place < columnCodes(); ++place) {
            const Index column = alongRows() ? place * dim : place;
            for (Index vector = 0; vector < rowCodes(); ++vector) {
                const Index row = m_firstRow + (alongRows() ? vector : vector * dim);
                body(m_grid.codeAt(row, column), std::span(&chosenCode(column, vector), 1));
            }
        }
    }

    static double square(double value) { return value * value; }
    bool alongRows() const { return m_grid.m_settings.along == Along::Rows; }
    double gainOf(Index row) const {
        return m_grid.m_gains[m_grid.m_settings.gains.unitOf(m_firstRow + row)];
    }

    // Calls body(i, r, component) for the weights of a vector; `matrix` is channels x rows.
    template <typename Body>
    void forComponents(Index vector, MatrixView matrix, const Body& body) const {
        if (alongRows()) {
            for (Index i = 0; i < matrix.rows; ++i)
                body(i, vector, static_cast<std::size_t>(i));
            return;
        }
        const Index first = vector * dim;
        for (Index r = first; r < std::min(first + dim, matrix.cols); ++r)
            body(Index{0}, r, static_cast<std::size_t>(r - first));
    }

    bool isNearer(Index vector, MatrixView weights, MatrixView chosen) const {
        double present = 0.0;
        double found = 0.0;
        forComponents(vector, weights, [&](Index i, Index r, std::size_t component) {
            const auto weight = static_cast<double>(weights(i, r));
            present += square(weight - static_cast<double>(chosen(i, r)));
            found += square(weight - static_cast<double>(value(vector, r, component)));
        });
        return found < present;
    }

    void encode(MatrixView weights) {
        const Index count = alongRows() ? weights.cols : (weights.cols + dim - 1) / dim;
        m_vectors = Matrix(count, dim);
        for (Index vector = 0; vector < count; ++vector) {
            forComponents(vector, weights, [&](Index i, Index r, std::size_t component) {
                const double gain = gainOf(r);
                m_vectors(vector, static_cast<Index>(component)) =
                    gain > 0.0 ? static_cast<float>(static_cast<double>(weights(i, r)) / gain)
                               : 0.0F;
            });
        }
        m_codes.resize(static_cast<std::size_t>(count));
        m_grid.m_code.encode(m_vectors.view(), m_codes);
        m_points.clear();
        for (const std::uint32_t code : m_codes)
            m_points.push_back(m_grid.m_code.point(code));
    }

    float value(Index vector, Index row, std::size_t component) const {
        return withGain(m_points[static_cast<std::size_t>(vector)][component], gainOf(row));
    }

    void store(Index column, Index vector) {
        chosenCode(column, vector) = m_codes[static_cast<std::size_t>(vector)];
    }

    E8Grid& m_grid;
    Index m_firstRow;
    Index m_count;
    std::vector<std::uint32_t> m_chosen;  ///< The present choice, column by column.
    Matrix m_values;                      ///< Of the present choice: columns x rows.
    std::vector<bool> m_rounded;          ///< By the first column of a code.
    Matrix m_vectors;
    std::vector<std::uint32_t> m_codes;
    std::vector<Point> m_points;
    Matrix m_former;  ///< Before the last choice: the channels of the code x rows.
    std::vector<std::uint32_t> m_formerCodes;
};

E8Grid::E8Grid(MethodSpec spec, const E8Settings& settings, Index rows, Index cols, Section scales)
    : m_settings(settings),
      m_layout(settings.layout(rows, cols)),
      m_code(settings),
      m_encoded{std::move(spec), rows, cols, Json::object(), {}},
      m_bytes(PackedCodes::byteCount(m_layout.count(), settings.codeWidth())) {
    m_encoded.sections.push_back(std::move(scales));
    m_gains = m_settings.gains.load(m_encoded);
}

std::unique_ptr<GridRows> E8Grid::rows(Index firstRow, Index count) {
    return std::make_unique<Rows>(*this, firstRow, count);
}

void E8Grid::readPoints(Index firstRow, MatrixSpan out) const {
    const bool alongRows = m_settings.along == Along::Rows;
    const Index rowStep = alongRows ? 1 : dim;
    const Index columnStep = alongRows ? dim : 1;
    std::array<std::uint32_t, 1> code{};
    for (Index row = firstRow / rowStep * rowStep; row < firstRow + out.rows; row += rowStep) {
        for (Index column = 0; column < out.cols; column += columnStep) {
            PackedCodes::unpack(m_bytes, codeAt(row, column), m_settings.codeWidth(), code);
            const Point point = m_code.point(code.front());
            for (Index i = 0; i < dim; ++i) {
                const Index r = row + (alongRows ? 0 : i) - firstRow;
                const Index c = column + (alongRows ? i : 0);
                if (r >= 0 && r < out.rows && c < out.cols)
                    out(r, c) = point[static_cast<std::size_t>(i)];
            }
        }
    }
}

void E8Grid::takeScales(Section scales) {
    m_encoded.sections.back() = std::move(scales);
    m_gains = m_settings.gains.load(m_encoded);
}

std::unique_ptr<GridFit> E8Grid::fit() {
    return std::make_unique<FittedGains>(
        m_settings.gains, m_encoded.rows, m_gains,
        [this](Index firstRow, MatrixSpan out) { readPoints(firstRow, out); },
        [this](Section scales) { takeScales(std::move(scales)); });
}

EncodedTensor E8Grid::finish() {
    m_encoded.sections.insert(
        m_encoded.sections.begin(),
        {E8Quantizer::codesSection, RatePart::Codes,
         PackedCodes::bitCount(m_layout.count(), m_settings.codeWidth()), std::move(m_bytes)});
    return std::move(m_encoded);
}

}  // namespace quantscope::e8
