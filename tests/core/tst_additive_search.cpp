// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <limits>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/kernels/additive_search.h"
#include "kernel_targets.h"

using namespace quantscope;

namespace {

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Random random(seed);
    Matrix x(rows, cols);
    for (Index i = 0; i < x.view().size(); ++i)
        x.data()[i] = static_cast<float>(random.normal());
    return x;
}

double errorOf(std::span<const float> x, const std::vector<Matrix>& books,
               std::span<const std::uint32_t> codes) {
    double error = 0.0;
    for (std::size_t j = 0; j < x.size(); ++j) {
        double rest = static_cast<double>(x[j]);
        for (std::size_t book = 0; book < books.size(); ++book) {
            rest -= static_cast<double>(
                books[book](static_cast<Index>(codes[book]), static_cast<Index>(j)));
        }
        error += rest * rest;
    }
    return error;
}

std::vector<MatrixView> viewsOf(const std::vector<Matrix>& books) {
    std::vector<MatrixView> views;
    for (const Matrix& book : books)
        views.push_back(book.view());
    return views;
}

std::vector<std::uint32_t> randomCodes(Index rows, const std::vector<Matrix>& books,
                                       std::uint64_t seed) {
    Random random(seed);
    std::vector<std::uint32_t> codes;
    for (Index row = 0; row < rows; ++row) {
        for (const Matrix& book : books)
            codes.push_back(static_cast<std::uint32_t>(random.below(book.rows())));
    }
    return codes;
}

}  // namespace

class TestAdditiveSearch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // What iterated conditional modes must end in: no change of one code lowers the error.
    void endsWhereNoSingleChangeHelps_data() {
        QTest::addColumn<qint64>("target");
        QTest::addColumn<int>("dim");
        QTest::addColumn<int>("rounds");
        for (const std::int64_t target : kernelTargets()) {
            for (const int dim : {1, 3, 8, 33}) {
                for (const int rounds : {0, 1, 9}) {
                    QTest::addRow("%s, %d dimensions, %d rounds", hwy::TargetName(target), dim,
                                  rounds)
                        << qint64{target} << dim << rounds;
                }
            }
        }
    }
    void endsWhereNoSingleChangeHelps() {
        QFETCH(qint64, target);
        QFETCH(int, dim);
        QFETCH(int, rounds);
        const ForcedTarget forced(target);
        const Matrix x = gaussian(40, dim, 1);
        // Sizes below, at and above the lanes of a register.
        const std::vector<Matrix> books = {gaussian(5, dim, 2), gaussian(16, dim, 3),
                                           gaussian(50, dim, 4)};
        std::vector<std::uint32_t> codes = randomCodes(40, books, 5);
        const std::vector<std::uint32_t> before = codes;
        AdditiveSearch(viewsOf(books), {}).improve(x.view(), codes, rounds);
        for (std::size_t row = 0; row < 40; ++row) {
            const std::span<const float> values = x.view().row(static_cast<Index>(row));
            const auto own = std::span(codes).subspan(3 * row, 3);
            const double reached = errorOf(values, books, own);
            QVERIFY(reached <= errorOf(values, books, std::span(before).subspan(3 * row, 3)));
            for (std::size_t book = 0; book < 3; ++book) {
                std::vector<std::uint32_t> other(own.begin(), own.end());
                for (Index k = 0; k < books[book].rows(); ++k) {
                    other[book] = static_cast<std::uint32_t>(k);
                    QVERIFY(errorOf(values, books, other) >= reached - 1e-4);
                }
            }
        }
    }

    // Against all sums of three codewords: few rounds come close, many find most of them.
    void moreRoundsFindBetterSums() {
        const Matrix x = gaussian(200, 4, 1);
        const std::vector<Matrix> books = {gaussian(16, 4, 2), gaussian(16, 4, 3),
                                           gaussian(16, 4, 4)};
        std::vector<double> least(200, std::numeric_limits<double>::infinity());
        for (std::size_t row = 0; row < 200; ++row) {
            for (std::uint32_t i = 0; i < 4096; ++i) {
                const std::array<std::uint32_t, 3> all{i / 256, i / 16 % 16, i % 16};
                least[row] = std::min(least[row],
                                      errorOf(x.view().row(static_cast<Index>(row)), books, all));
            }
        }
        const AdditiveSearch search(viewsOf(books), {});
        const std::vector<std::uint32_t> start = randomCodes(200, books, 5);
        int last = -1;
        for (const int rounds : {0, 6, 45}) {
            std::vector<std::uint32_t> codes = start;
            search.improve(x.view(), codes, rounds);
            int found = 0;
            for (std::size_t row = 0; row < 200; ++row) {
                const double reached = errorOf(x.view().row(static_cast<Index>(row)), books,
                                               std::span(codes).subspan(3 * row, 3));
                QVERIFY(reached >= least[row] * (1.0 - 1e-5));
                if (reached <= least[row] * (1.0 + 1e-4)) ++found;
            }
            QVERIFY(found > last);
            last = found;
        }
        QVERIFY2(last >= 170, qPrintable(QString::number(last)));
    }

    void rowsDoNotInfluenceEachOther() {
        const Matrix x = gaussian(30, 6, 1);
        const std::vector<Matrix> books = {gaussian(32, 6, 2), gaussian(32, 6, 3)};
        const AdditiveSearch search(viewsOf(books), {});
        std::vector<std::uint32_t> together = randomCodes(30, books, 5);
        std::vector<std::uint32_t> apart = together;
        search.improve(x.view(), together, 8);
        for (Index row = 0; row < 30; ++row) {
            search.improve(x.view().middleRows(row, 1),
                           std::span(apart).subspan(2 * static_cast<std::size_t>(row), 2), 8);
        }
        QCOMPARE(together, apart);
    }

    void oneCodebookGetsTheNearestCodeword() {
        const Matrix x = gaussian(50, 5, 1);
        const std::vector<Matrix> books = {gaussian(20, 5, 2)};
        std::vector<std::uint32_t> codes = randomCodes(50, books, 3);
        AdditiveSearch(viewsOf(books), {}).improve(x.view(), codes, 3);
        for (std::size_t row = 0; row < 50; ++row) {
            const std::span<const float> values = x.view().row(static_cast<Index>(row));
            for (std::uint32_t k = 0; k < 20; ++k) {
                QVERIFY(errorOf(values, books, std::array{codes[row]}) <=
                        errorOf(values, books, std::array{k}) + 1e-5);
            }
        }
    }

    void stopsWhenAsked() {
        const std::vector<Matrix> books = {gaussian(256, 4, 2), gaussian(256, 4, 3)};
        std::stop_source source;
        source.request_stop();
        QVERIFY_THROWS_EXCEPTION(Cancelled, AdditiveSearch(viewsOf(books), source.get_token()));
    }
};

QTEST_APPLESS_MAIN(TestAdditiveSearch)
#include "tst_additive_search.moc"
