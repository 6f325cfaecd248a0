// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/vector_grid.h"

#include <algorithm>
#include <cmath>

#include "core/base/finite_float.h"
#include "core/kernels/product.h"
#include "core/quant/codeword_format.h"

namespace quantscope {

namespace {

/// The same metric F with its largest entry near 1, for Hessians so small that squares in single
/// precision would vanish. By a power of two, which changes no choice.
Matrix ofUnitSize(MatrixView factor) {
    float largest = 0.0F;
    for (Index r = 0; r < factor.rows; ++r) {
        for (const float value : factor.row(r))
            largest = std::max(largest, std::abs(value));
    }
    const int exponent = largest > 0.0F && std::isfinite(largest) ? std::ilogb(largest) : 0;
    Matrix scaled(factor.rows, factor.cols);
    for (Index r = 0; r < factor.rows; ++r) {
        std::ranges::transform(factor.row(r), scaled.span().row(r).begin(),
                               [&](float value) { return std::ldexp(value, -exponent); });
    }
    return scaled;
}

/// The codebooks of one part in another metric: distances to codewords F are plain ones.
class MetricSearch {
public:
    /// `factor` is F, with a row for each of the codewords' components that count.
    MetricSearch(std::span<const Matrix> books, MatrixView factor, Index beam,
                 const std::stop_token& stop)
        : m_beam(beam) {
        for (const Matrix& book : books) {
            const Matrix image = timesFactor(book.view().middleCols(0, factor.rows), factor);
            m_panels.emplace_back(image.view(), stop);
        }
    }

    void search(MatrixView images, std::span<std::uint32_t> codes) const {
        if (m_panels.size() == 1) {
            m_panels.front().nearest(images, codes);
        } else {
            ResidualSearch::withoutProducts(m_panels, m_beam).search(images, codes);
        }
    }

    static Matrix timesFactor(MatrixView x, MatrixView factor) {
        Matrix image(x.rows, factor.cols);
        addProduct(1.0F, strided(x), strided(factor), image.data(), factor.cols);
        return image;
    }

private:
    Index m_beam;
    std::vector<CodewordPanels> m_panels;
};

}  // namespace

/// Codes are kept part by part, as they come, and packed at the end.
class VectorGrid::Rows final : public GridRows {
public:
    Rows(VectorGrid& grid, Index firstRow, Index count)
        : m_grid(grid),
          m_layout(grid.m_layout),
          m_firstRow(firstRow),
          m_count(count),
          m_stages(static_cast<std::size_t>(m_layout.stages)),
          m_codes(static_cast<std::size_t>(m_layout.partsPerRow() * count) * m_stages),
          m_values(count, m_layout.vectors.cols),
          m_rounded(static_cast<std::size_t>(m_layout.partsPerRow())) {}

    void round(Index column, MatrixView weights, MatrixSpan rounded) override {
        std::vector<std::uint32_t> found(static_cast<std::size_t>(m_count) * m_stages);
        m_grid.search(column / m_layout.dim(), scaledVectors(weights).view(), found);
        take(column, weights, {}, found, rounded);
    }

    bool roundInMetric(Index column, MatrixView weights, MatrixView factor,
                       MatrixSpan rounded) override {
        const Matrix metric = ofUnitSize(factor);
        const MetricSearch search(
            std::span(m_grid.m_books.codewords)
                .subspan(m_layout.firstBook(column / m_layout.dim()), m_stages),
            metric.view(), m_layout.beam, m_grid.m_stop);
        const Matrix vectors = scaledVectors(weights);
        std::vector<std::uint32_t> found(static_cast<std::size_t>(m_count) * m_stages);
        search.search(
            MetricSearch::timesFactor(vectors.view().middleCols(0, factor.rows), metric.view())
                .view(),
            found);
        take(column, weights, metric.view(), found, rounded);
        return true;
    }

    void refit(Index /*column*/, MatrixView /*weights*/) override {}

    bool resume(MatrixSpan values) override {
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_layout.partsPerRow()) *
                                         m_stages);
        for (Index r = 0; r < m_count; ++r) {
            m_grid.codesOfRow(m_firstRow + r, codes);
            for (Index part = 0; part < m_layout.partsPerRow(); ++part) {
                const auto own =
                    std::span(codes).subspan(static_cast<std::size_t>(part) * m_stages, m_stages);
                std::ranges::copy(own, codesOf(part, r).begin());
                const Index column = part * m_layout.dim();
                const Index width = std::min(m_layout.dim(), m_values.cols() - column);
                if (width <= 0) continue;
                m_grid.addUp(part, own, valuesOf(r, column, static_cast<std::size_t>(width)));
            }
            for (Index c = 0; c < m_values.cols(); ++c)
                values(c, r) = m_values(r, c);
        }
        m_rounded.assign(m_rounded.size(), true);
        return true;
    }

    void takeBack(Index column, std::span<const std::uint8_t> rows) override {
        const Index part = column / m_layout.dim();
        for (Index r = 0; r < m_count; ++r) {
            const auto at = static_cast<std::size_t>(r);
            if (rows[at] == 0) continue;
            std::ranges::copy(std::span(m_formerCodes).subspan(at * m_stages, m_stages),
                              codesOf(part, r).begin());
            const auto former = m_formerValues.view().row(r);
            std::ranges::copy(former, valuesOf(r, column, former.size()).begin());
        }
    }

    void commit() override {
        std::vector<std::uint32_t> codes(m_codes.size());
        auto next = codes.begin();
        for (Index r = 0; r < m_count; ++r) {
            for (Index part = 0; part < m_layout.partsPerRow(); ++part)
                next = std::ranges::copy(codesOf(part, r), next).out;
        }
        m_layout.widths.packAt(m_grid.m_codes, m_firstRow * m_layout.vectors.perRow(), codes);
    }

private:
    std::span<std::uint16_t> codesOf(Index part, Index row) {
        return std::span(m_codes).subspan(static_cast<std::size_t>(part * m_count + row) * m_stages,
                                          m_stages);
    }
    std::span<float> valuesOf(Index row, Index column, std::size_t width) {
        return m_values.span().row(row).subspan(static_cast<std::size_t>(column), width);
    }

    // |(a - b) F|^2, with an empty factor |a - b|^2.
    double distance(std::span<const float> a, std::span<const float> b, MatrixView factor) {
        m_offsets.resize(a.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            m_offsets[i] = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        double sum = 0.0;
        if (factor.rows == 0) {
            for (const double offset : m_offsets)
                sum += offset * offset;
            return sum;
        }
        for (Index j = 0; j < factor.cols; ++j) {
            double component = 0.0;
            for (std::size_t i = 0; i < a.size(); ++i)
                component += m_offsets[i] * static_cast<double>(factor(static_cast<Index>(i), j));
            sum += component * component;
        }
        return sum;
    }

    // Takes the codes that were found, but for those that are no nearer than the present ones.
    void take(Index column, MatrixView weights, MatrixView factor,
              std::span<const std::uint32_t> found, MatrixSpan rounded) {
        const Index part = column / m_layout.dim();
        const auto width = static_cast<std::size_t>(weights.rows);
        const bool again = m_rounded[static_cast<std::size_t>(part)];
        if (again) remember(part, column, weights.rows);
        std::vector<float> aim(width);
        std::vector<float> value(width);
        for (Index r = 0; r < m_count; ++r) {
            const auto codes = found.subspan(static_cast<std::size_t>(r) * m_stages, m_stages);
            const std::span<float> present = valuesOf(r, column, width);
            m_grid.addUp(part, codes, value);
            for (std::size_t i = 0; i < width; ++i)
                aim[i] = weights(static_cast<Index>(i), r);
            if (!again || distance(aim, value, factor) < distance(aim, present, factor)) {
                std::ranges::copy(codes, codesOf(part, r).begin());
                std::ranges::copy(value, present.begin());
            }
            for (std::size_t i = 0; i < width; ++i)
                rounded(static_cast<Index>(i), r) = present[i];
        }
        m_rounded[static_cast<std::size_t>(part)] = true;
    }

    // Filled up with zeros behind the last column, as vectors are.
    Matrix scaledVectors(MatrixView weights) const {
        // In double, because 2^-exponent may lie outside the range of float.
        const double scale = std::exp2(-m_grid.m_books.exponent);
        Matrix vectors(m_count, m_layout.dim());
        for (Index i = 0; i < weights.rows; ++i) {
            for (Index r = 0; r < m_count; ++r)
                vectors(r, i) = static_cast<float>(static_cast<double>(weights(i, r)) * scale);
        }
        return vectors;
    }

    void remember(Index part, Index column, Index width) {
        const auto from = m_codes.begin() + part * m_count * m_layout.stages;
        m_formerCodes.assign(from, from + m_count * m_layout.stages);
        m_formerValues = Matrix(m_count, width);
        for (Index r = 0; r < m_count; ++r) {
            std::ranges::copy(valuesOf(r, column, static_cast<std::size_t>(width)),
                              m_formerValues.span().row(r).begin());
        }
    }

    VectorGrid& m_grid;
    const PartLayout& m_layout;
    Index m_firstRow;
    Index m_count;
    std::size_t m_stages;
    std::vector<std::uint16_t> m_codes;  ///< Parts x rows x stages.
    Matrix m_values;                     ///< Of the present choice.
    std::vector<bool> m_rounded;         ///< By part.
    std::vector<std::uint16_t> m_formerCodes;
    Matrix m_formerValues;
    std::vector<double> m_offsets;
};

class VectorGrid::Fit final : public GridFit {
public:
    explicit Fit(VectorGrid& grid) : m_grid(grid), m_scale(std::exp2(grid.m_books.exponent)) {
        for (const Matrix& book : grid.m_books.codewords)
            m_first.push_back(m_first.back() + static_cast<std::size_t>(book.view().size()));
    }

    std::vector<double> coefficients() const override {
        std::vector<double> values;
        for (const Matrix& book : m_grid.m_books.codewords)
            values.insert(values.end(), book.data(), book.data() + book.view().size());
        return values;
    }

    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override {
        std::vector<double> sums(static_cast<std::size_t>(m_grid.m_layout.dim()));
        forParts(
            firstRow, out.rows,
            [&](Index r, Index column, std::size_t width, std::span<const std::size_t> codewords) {
                std::ranges::fill(sums, 0.0);
                for (const std::size_t from : codewords) {
                    for (std::size_t i = 0; i < width; ++i)
                        sums[i] += coefficients[from + i];
                }
                float* values = out.row(r).data() + column;
                for (std::size_t i = 0; i < width; ++i)
                    values[i] = toFiniteFloat(sums[i] * m_scale);
            });
    }

    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override {
        forParts(
            firstRow, gradient.rows,
            [&](Index r, Index column, std::size_t width, std::span<const std::size_t> codewords) {
                const float* values = gradient.row(r).data() + column;
                for (const std::size_t from : codewords) {
                    for (std::size_t i = 0; i < width; ++i)
                        sums[from + i] += static_cast<double>(values[i]) * m_scale;
                }
            });
    }

    void store(std::span<const double> coefficients) override {
        const CodewordFormat format(m_grid.m_books.half, m_grid.m_books.exponent);
        std::size_t next = 0;
        for (Matrix& book : m_grid.m_books.codewords) {
            for (Index i = 0; i < book.view().size(); ++i, ++next)
                book.data()[i] = toFiniteFloat(coefficients[next]);
            format.round(book.span());
        }
        m_grid.prepare();
    }

private:
    // Calls body(row, column, width, first coefficients of the codewords) for every part.
    template <typename Body>
    void forParts(Index firstRow, Index rows, const Body& body) const {
        const PartLayout& layout = m_grid.m_layout;
        const auto stages = static_cast<std::size_t>(layout.stages);
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(layout.partsPerRow()) * stages);
        std::vector<std::size_t> codewords(stages);
        for (Index r = 0; r < rows; ++r) {
            m_grid.codesOfRow(firstRow + r, codes);
            auto code = codes.begin();
            Index part = 0;
            for (Index column = 0; column < layout.vectors.cols; column += layout.dim(), ++part) {
                for (std::size_t stage = 0; stage < stages; ++stage) {
                    codewords[stage] = m_first[layout.firstBook(part) + stage] +
                                       *code++ * static_cast<std::size_t>(layout.dim());
                }
                body(r, column,
                     static_cast<std::size_t>(std::min(layout.dim(), layout.vectors.cols - column)),
                     codewords);
            }
        }
    }

    VectorGrid& m_grid;
    double m_scale;
    std::vector<std::size_t> m_first{0};  ///< Coefficients of each codebook.
};

VectorGrid::VectorGrid(PartLayout layout, Books books, Finish finish, std::stop_token stop)
    : m_layout(std::move(layout)),
      m_books(std::move(books)),
      m_finish(std::move(finish)),
      m_stop(std::move(stop)),
      m_codes(m_layout.widths.byteCount(m_layout.vectors.count())) {
    prepare();
}

void VectorGrid::prepare() {
    m_values.clear();
    m_plain.clear();
    m_weighted.clear();
    m_panels.clear();
    const double scale = std::exp2(m_books.exponent);
    for (const Matrix& book : m_books.codewords) {
        Matrix values = book;
        for (Index i = 0; i < values.view().size(); ++i)
            values.data()[i] = toFiniteFloat(static_cast<double>(values.data()[i]) * scale);
        m_values.push_back(std::move(values));
    }
    const auto stages = static_cast<std::size_t>(m_layout.stages);
    const auto sets = static_cast<std::size_t>(m_layout.bookSets());
    for (std::size_t set = 0; set < sets && !m_books.scales.empty(); ++set) {
        m_weighted.push_back(std::make_unique<ScaledSearch>(
            std::span(m_books.codewords).subspan(set * stages, stages), m_books.scales[set],
            m_layout.beam, m_stop));
    }
    if (!m_weighted.empty()) return;
    for (const Matrix& book : m_books.codewords)
        m_panels.emplace_back(book.view(), m_stop);
    // All codebooks are there now and stay where they are.
    for (std::size_t set = 0; set < sets && stages > 1; ++set)
        m_plain.emplace_back(std::span(m_panels).subspan(set * stages, stages), m_layout.beam,
                             m_stop);
}

void VectorGrid::search(Index partOfRow, MatrixView x, std::span<std::uint32_t> codes) const {
    const std::size_t set =
        m_layout.firstBook(partOfRow) / static_cast<std::size_t>(m_layout.stages);
    if (!m_weighted.empty()) {
        const std::vector<Index> numbers(static_cast<std::size_t>(x.rows),
                                         partOfRow / m_layout.parts);
        m_weighted[set]->search(x, numbers, codes);
    } else if (!m_plain.empty()) {
        m_plain[set].search(x, codes);
    } else {
        m_panels[set].nearest(x, codes);
    }
}

void VectorGrid::codesOfRow(Index row, std::span<std::uint32_t> codes) const {
    m_layout.widths.unpack(m_codes, row * m_layout.vectors.perRow(), codes);
}

void VectorGrid::addUp(Index partOfRow, std::span<const std::uint32_t> codes,
                       std::span<float> out) const {
    std::ranges::fill(out, 0.0F);
    std::size_t book = m_layout.firstBook(partOfRow);
    for (const std::uint32_t code : codes) {
        const auto codeword = m_values[book++].view().row(static_cast<Index>(code));
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] += codeword[i];
    }
    for (float& value : out)
        value = toFiniteFloat(static_cast<double>(value));
}

std::unique_ptr<GridRows> VectorGrid::rows(Index firstRow, Index count) {
    return std::make_unique<Rows>(*this, firstRow, count);
}

std::unique_ptr<GridFit> VectorGrid::fit() {
    return std::make_unique<Fit>(*this);
}

EncodedTensor VectorGrid::finish() {
    return m_finish(std::move(m_codes), m_books.codewords);
}

}  // namespace quantscope
