// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/quant/code_grid.h"
#include "tests/plugins/conformance/trials.h"

using namespace quantscope;
using test::gaussian;
using test::registry;

namespace {

constexpr int randomSettings = test::slowness > 1.0 ? 1 : 12;
constexpr test::Share some = test::Share::SomeWhereSlow;

/// Calls body(firstRow, count) for pieces of rows that codes of a grid can be chosen for.
template <typename Body>
void forPieces(const CodeGrid& grid, Index rows, const Body& body) {
    const Index rowsAtOnce = std::lcm(grid.rowGranule(), Index{64});
    for (Index first = 0; first < rows; first += rowsAtOnce)
        body(first, std::min(rowsAtOnce, rows - first));
}

/// Codes the rows of `weights` on a grid, each to its nearest value, column by column.
void roundOn(CodeGrid& grid, const Matrix& weights) {
    forPieces(grid, weights.rows(), [&](Index first, Index count) {
        Matrix channels(weights.cols(), count);
        for (Index c = 0; c < weights.cols(); ++c) {
            for (Index r = 0; r < count; ++r)
                channels(c, r) = weights(first + r, c);
        }
        Matrix rounded(grid.columnsPerCode(), count);
        const auto rows = grid.rows(first, count);
        for (Index c = 0; c < weights.cols(); c += grid.columnsPerCode()) {
            if (grid.refitColumns() > 0 && c % grid.refitColumns() == 0) {
                const Index width = std::min(grid.refitColumns(), weights.cols() - c);
                rows->refit(c, channels.view().middleRows(c, width));
            }
            const Index width = std::min(grid.columnsPerCode(), weights.cols() - c);
            rows->round(c, channels.view().middleRows(c, width),
                        rounded.span().middleRows(0, width));
        }
        rows->commit();
    });
}

/// Chooses other codes for all rows and does not commit them.
void roundInVain(CodeGrid& grid, const Matrix& weights) {
    forPieces(grid, weights.rows(), [&](Index first, Index count) {
        const auto rows = grid.rows(first, count);
        Matrix present(weights.cols(), count);
        // Where codes cannot be taken up again, nothing is chosen that could be dropped.
        if (!rows->resume(present.span())) return;
        Matrix rounded(grid.columnsPerCode(), count);
        for (Index c = 0; c < weights.cols(); c += grid.columnsPerCode()) {
            const Index width = std::min(grid.columnsPerCode(), weights.cols() - c);
            Matrix targets(width, count);
            for (Index i = 0; i < width; ++i) {
                for (Index r = 0; r < count; ++r)
                    targets(i, r) = -2.0F * weights(first + r, c + i);
            }
            rows->round(c, targets.view(), rounded.span().middleRows(0, width));
        }
    });
}

/// What rows say that they hold when they go on from committed codes; empty where they cannot.
Matrix resumedValues(CodeGrid& grid, Index rowCount, Index cols) {
    Matrix all(rowCount, cols);
    bool isPossible = true;
    forPieces(grid, rowCount, [&](Index first, Index count) {
        Matrix channels(cols, count);
        if (!grid.rows(first, count)->resume(channels.span())) isPossible = false;
        for (Index r = 0; r < count; ++r) {
            for (Index c = 0; c < cols; ++c)
                all(first + r, c) = channels(c, r);
        }
    });
    return isPossible ? all : Matrix();
}

/// sum x y
double product(std::span<const float> x, std::span<const float> y) {
    return std::transform_reduce(x.begin(), x.end(), y.begin(), 0.0, std::plus(),
                                 [](float a, float b) { return static_cast<double>(a) * b; });
}

std::span<const float> valuesOf(const Matrix& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.view().size())};
}

/// What the method needs, with the diagonal of a Hessian where that is enough: methods that carry
/// rounding errors over themselves then code each weight to its nearest value too.
SideInformation sideOf(const Quantizer& quantizer, Index rows, Index cols) {
    const SideInformation side = test::sideFor(quantizer, rows, cols);
    if (!side.hessian) return side;
    SideInformation less = side;
    auto diagonal = std::make_shared<Hessian>(*side.hessian);
    diagonal->full.clear();
    less.hessian = std::move(diagonal);
    return quantizer.preflight(rows, cols, less).refusal.empty() ? less : side;
}

/// Null where the method has no grid for such a tensor, which it then says.
std::unique_ptr<CodeGrid> gridFor(const Quantizer& quantizer, const TensorSource& source) {
    const SideInformation side = sideOf(quantizer, source.rows(), source.cols());
    const bool isRefused = !quantizer.refuseGrid(source.cols()).empty();
    PhaseSeconds seconds;
    std::unique_ptr<CodeGrid> grid;
    try {
        grid = quantizer.fitGrid(source, side, RunContext(test::trialSeed), seconds);
    } catch (const Error&) {
        if (!isRefused) throw;
    }
    if (isRefused != !grid) throw Error("The grid is not what refuseGrid() says.");
    return grid;
}

}  // namespace

/// What methods owe whose codes others may choose.
class TestConformanceGrids : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // A method that lets others choose its codes gives them the grid that it uses itself.
    void gridIsItsOwn_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void gridIsItsOwn() {
        const MethodSpec spec = test::currentMethod();
        const Matrix weights = gaussian(301, 24);
        const ViewSource source(weights.view());
        const auto quantizer = registry().quantizer(spec);
        const std::unique_ptr<CodeGrid> grid = gridFor(*quantizer, source);
        if (!grid) return;
        roundOn(*grid, weights);
        // The last commit counts, and only commits do.
        roundInVain(*grid, weights);
        // Scales that may still change can be stored with another common factor.
        const QuantizedTensor rounded(grid->finish(), registry());
        PhaseSeconds seconds;
        const QuantizedTensor plain(
            quantizer->quantize(source, sideOf(*quantizer, weights.rows(), weights.cols()),
                                RunContext(test::trialSeed), seconds),
            registry());
        QVERIFY(test::sameValues(test::decoded(rounded).view(), test::decoded(plain).view()));
        QCOMPARE(rounded.rate(), plain.rate());
    }

    // What a grid lets others fit are the numbers behind its values: they give the values, storing
    // what is stored changes nothing, and sums of gradients are those of the same linear map.
    void coefficientsGiveTheValues_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void coefficientsGiveTheValues() {
        const Matrix weights = gaussian(301, 24);
        const ViewSource source(weights.view());
        const auto quantizer = registry().quantizer(test::currentMethod());
        const std::unique_ptr<CodeGrid> grid = gridFor(*quantizer, source);
        if (!grid) return;
        roundOn(*grid, weights);
        roundInVain(*grid, weights);
        const Matrix resumed = resumedValues(*grid, weights.rows(), weights.cols());
        const std::unique_ptr<GridFit> fit = grid->fit();
        Matrix values(weights.rows(), weights.cols());
        if (fit) {
            const std::vector<double> stored = fit->coefficients();
            fit->decode(stored, 0, values.span());
            std::vector<double> sums(stored.size());
            Random random(7);
            std::vector<double> other = stored;
            for (double& coefficient : other)
                coefficient += random.normal();
            const Matrix gradient = gaussian(weights.rows(), weights.cols(), 8);
            fit->addTransposed(gradient.view(), 0, sums);
            Matrix moved(weights.rows(), weights.cols());
            fit->decode(other, 0, moved.span());
            double expected = 0.0;
            for (std::size_t k = 0; k < sums.size(); ++k)
                expected += (other[k] - stored[k]) * sums[k];
            const double found = product(valuesOf(gradient), valuesOf(moved)) -
                                 product(valuesOf(gradient), valuesOf(values));
            const double size = std::sqrt(product(valuesOf(moved), valuesOf(moved)) *
                                          product(valuesOf(gradient), valuesOf(gradient)));
            QVERIFY2(std::abs(found - expected) < 1e-5 * size,
                     qPrintable(QStringLiteral("%1, by sums %2").arg(found).arg(expected)));
            const std::vector<Index> rows = fit->rowsOfCoefficients();
            QVERIFY(rows.empty() || rows.size() == stored.size());
            fit->store(other);
            fit->store(stored);
            QVERIFY(fit->coefficients() == stored);
        }
        const Matrix final = test::decoded(QuantizedTensor(grid->finish(), registry()));
        if (fit) QVERIFY(test::nmse(final.view(), values.view()) < 1e-12);
        if (resumed.rows() > 0) QVERIFY(test::sameValues(resumed.view(), final.view()));
    }
};

QTEST_GUILESS_MAIN(TestConformanceGrids)
#include "tst_conformance_grids.moc"
