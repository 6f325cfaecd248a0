// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/metrics/recall.h"
#include "core/tensor/normalized_source.h"
#include "tests/core/stored_method.h"

using namespace quantscope;

namespace {

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index i = 0; i < rows * cols; ++i)
        values.data()[i] = static_cast<float>(random.normal());
    return values;
}

// All rows by squared distance in double precision, nearest first.
std::vector<std::int64_t> neighborsOf(const Matrix& base, const Matrix& queries, Index count) {
    std::vector<std::int64_t> all;
    for (Index q = 0; q < queries.rows(); ++q) {
        std::vector<std::pair<double, std::int64_t>> distances;
        for (Index r = 0; r < base.rows(); ++r) {
            double sum = 0.0;
            for (Index c = 0; c < base.cols(); ++c) {
                const double e = static_cast<double>(base(r, c)) - queries(q, c);
                sum += e * e;
            }
            distances.emplace_back(sum, r);
        }
        std::ranges::partial_sort(distances, distances.begin() + count);
        for (Index i = 0; i < count; ++i)
            all.push_back(distances[static_cast<std::size_t>(i)].second);
    }
    return all;
}

}  // namespace

class TestRecall : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsEverythingInTheBaseItself();
    void agreesWithSortingAllDistances();
    void breaksTiesByRow();
    void refusesWhatDoesNotFit();
    void normalizesRows();
};

void TestRecall::findsEverythingInTheBaseItself() {
    // More rows than a wave, so that the nearest must survive later waves.
    const Matrix base = gaussian(9001, 6, 1);
    const Matrix queries = gaussian(70, 6, 2);
    const auto truth = neighborsOf(base, queries, 12);
    const QuantizedTensor tensor = test::StoredMethod::tensor(base.view());
    const Recall recall = recallAt(tensor, queries.view(), truth, 12, 10, RunContext());
    QCOMPARE(recall.atK, 1.0);
    QCOMPARE(recall.nearestInK, 1.0);
}

void TestRecall::agreesWithSortingAllDistances() {
    const Matrix base = gaussian(5000, 8, 1);
    const Matrix queries = gaussian(90, 8, 2);
    Matrix distorted(5000, 8);
    const Matrix noise = gaussian(5000, 8, 3);
    for (Index i = 0; i < base.view().size(); ++i) {
        distorted.data()[i] = base.data()[i] + 0.3F * noise.data()[i];
    }
    constexpr Index k = 10;
    const auto truth = neighborsOf(base, queries, k);
    const auto found = neighborsOf(distorted, queries, k);
    double hits = 0.0;
    double nearest = 0.0;
    for (std::size_t q = 0; q < 90; ++q) {
        const std::set<std::int64_t> ten(found.begin() + static_cast<Index>(q) * k,
                                         found.begin() + static_cast<Index>(q + 1) * k);
        for (std::size_t i = 0; i < k; ++i)
            hits += ten.contains(truth[q * k + i]) ? 1.0 : 0.0;
        nearest += ten.contains(truth[q * k]) ? 1.0 : 0.0;
    }
    const QuantizedTensor tensor = test::StoredMethod::tensor(distorted.view());
    for (const int threads : {1, 8}) {
        Arena(threads).execute([&] {
            const Recall recall = recallAt(tensor, queries.view(), truth, k, k, RunContext());
            QVERIFY(std::abs(recall.atK - hits / 900.0) < 1e-12);
            QVERIFY(std::abs(recall.nearestInK - nearest / 90.0) < 1e-12);
        });
    }
    QVERIFY(hits < 900.0);
}

void TestRecall::breaksTiesByRow() {
    const Matrix base(100, 3);  // all rows are the same
    const Matrix queries = gaussian(2, 3, 1);
    std::vector<std::int64_t> truth = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 50};
    const QuantizedTensor tensor = test::StoredMethod::tensor(base.view());
    QCOMPARE(recallAt(tensor, queries.view(), truth, 10, 10, RunContext()).atK, 0.95);
}

void TestRecall::refusesWhatDoesNotFit() {
    const Matrix base = gaussian(20, 4, 1);
    const Matrix queries = gaussian(2, 4, 2);
    const QuantizedTensor tensor = test::StoredMethod::tensor(base.view());
    const auto message = [&](MatrixView asked, std::vector<std::int64_t> truth, Index per,
                             Index k) -> QString {
        try {
            recallAt(tensor, asked, truth, per, k, RunContext());
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    };
    QCOMPARE(message(queries.view(), std::vector<std::int64_t>(20, 3), 10, 10), QString());
    QVERIFY(message(queries.view().middleCols(0, 3), std::vector<std::int64_t>(20), 10, 10)
                .contains("3 dimensions"));
    QVERIFY(message(queries.view(), std::vector<std::int64_t>(20), 10, 11).contains("Recall@11"));
    QVERIFY(message(queries.view(), std::vector<std::int64_t>(50), 25, 21).contains("20 rows"));
    QVERIFY(message(queries.view(), std::vector<std::int64_t>(19), 10, 10).contains("19 entries"));
    QVERIFY(message(queries.view(), std::vector<std::int64_t>(20, 20), 10, 10).contains("row 20"));
    QVERIFY(message(queries.view(), std::vector<std::int64_t>(20, -1), 10, 10).contains("row -1"));
}

void TestRecall::normalizesRows() {
    Matrix values = gaussian(50, 7, 1);
    for (Index c = 0; c < 7; ++c)
        values(3, c) = 0.0F;
    for (Index c = 0; c < 7; ++c)
        values(4, c) *= 1e30F;
    for (Index c = 0; c < 7; ++c)
        values(5, c) *= 1e-30F;
    const NormalizedSource source(std::make_unique<ViewSource>(values.view()));
    QCOMPARE(source.rows(), Index{50});
    QCOMPARE(source.cols(), Index{7});
    QVERIFY(source.inMemory().data == nullptr);
    Matrix read(20, 7);
    source.read(2, read.span(), {});
    for (Index r = 0; r < 20; ++r) {
        double energy = 0.0;
        double product = 0.0;
        double original = 0.0;
        for (Index c = 0; c < 7; ++c) {
            const double w = values(r + 2, c);
            energy += static_cast<double>(read(r, c)) * read(r, c);
            product += w * read(r, c);
            original += w * w;
        }
        QVERIFY(std::abs(energy - (r == 1 ? 0.0 : 1.0)) < 1e-6);
        QVERIFY(std::abs(product - std::sqrt(original)) <= 1e-6 * std::sqrt(original));
    }
}

QTEST_APPLESS_MAIN(TestRecall)
#include "tst_recall.moc"
