// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/squared_norm.h"
#include "core/kernels/codebook_refit.h"
#include "core/kernels/kmeans.h"
#include "core/kernels/residual_beam.h"
#include "core/kernels/residual_search.h"
#include "core/kernels/residual_training.h"

using namespace quantscope;

namespace {

template <typename Draw>
Matrix drawn(Index rows, Index cols, Draw draw) {
    Matrix x(rows, cols);
    for (Index i = 0; i < x.view().size(); ++i)
        x.data()[i] = static_cast<float>(draw());
    return x;
}

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Random random(seed);
    return drawn(rows, cols, [&] { return random.normal(); });
}

std::vector<CodewordPanels> packed(const std::vector<Matrix>& books) {
    std::vector<CodewordPanels> stages;
    for (const Matrix& book : books)
        stages.emplace_back(book.view());
    return stages;
}

double errorOf(std::span<const float> x, const std::vector<Matrix>& books,
               std::span<const std::uint32_t> codes) {
    double error = 0.0;
    for (std::size_t j = 0; j < x.size(); ++j) {
        double rest = static_cast<double>(x[j]);
        for (std::size_t stage = 0; stage < codes.size(); ++stage) {
            rest -= static_cast<double>(
                books[stage](static_cast<Index>(codes[stage]), static_cast<Index>(j)));
        }
        error += rest * rest;
    }
    return error;
}

double meanError(MatrixView x, const std::vector<Matrix>& books,
                 std::span<const std::uint32_t> codes) {
    double sum = 0.0;
    for (Index row = 0; row < x.rows; ++row) {
        sum += errorOf(x.row(row), books,
                       codes.subspan(static_cast<std::size_t>(row) * books.size(), books.size()));
    }
    return sum / static_cast<double>(x.rows);
}

struct Sequence {
    double error = 0.0;
    std::vector<std::uint32_t> codes;
};

// Beam search, plainly: all continuations of all sequences in one list, sorted, cut off.
std::vector<Sequence> plainBeam(std::span<const float> x, const std::vector<Matrix>& books,
                                std::size_t keep) {
    std::vector<Sequence> sequences{{}};
    for (const Matrix& book : books) {
        std::vector<Sequence> all;
        for (const Sequence& sequence : sequences) {
            for (Index k = 0; k < book.rows(); ++k) {
                Sequence longer = sequence;
                longer.codes.push_back(static_cast<std::uint32_t>(k));
                longer.error = errorOf(x, books, longer.codes);
                all.push_back(std::move(longer));
            }
        }
        std::ranges::stable_sort(all, {}, &Sequence::error);
        if (all.size() > keep) all.resize(keep);
        sequences = std::move(all);
    }
    return sequences;
}

}  // namespace

class TestResidualStages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Small integers are exact in every order of summation, so ties must agree too.
    void beamMatchesThePlainSearch_data() {
        QTest::addColumn<int>("dim");
        QTest::addColumn<int>("keep");
        for (const int dim : {1, 2, 3, 8, 17, 64}) {
            for (const int keep : {1, 2, 5, 40, 1000}) {
                QTest::addRow("%d dimensions, beam %d", dim, keep) << dim << keep;
            }
        }
    }
    void beamMatchesThePlainSearch() {
        QFETCH(int, dim);
        QFETCH(int, keep);
        Random random(3);
        const auto digit = [&] { return random.below(7) - 3; };
        const Matrix x = drawn(13, dim, digit);
        const std::vector<Matrix> books = {drawn(5, dim, digit), drawn(9, dim, digit),
                                           drawn(3, dim, digit)};
        const std::vector<CodewordPanels> stages = packed(books);
        ResidualBeam beam(x.view());
        for (const CodewordPanels& stage : stages)
            beam.extend(stage, keep);
        QCOMPARE(beam.width(), std::min<Index>(keep, 5 * 9 * 3));
        QCOMPARE(beam.width(), beamWidth(stages, 3, keep));
        std::vector<std::uint32_t> best(13 * 3);
        ResidualSearch(stages, keep, {}).search(x.view(), best);
        auto found = beam.sequences().begin();
        for (Index row = 0; row < x.rows(); ++row) {
            const std::vector<Sequence> expected =
                plainBeam(x.view().row(row), books, static_cast<std::size_t>(keep));
            const auto chosen = best.begin() + row * 3;
            QVERIFY(std::equal(chosen, chosen + 3, expected.front().codes.begin()));
            for (const Sequence& sequence : expected) {
                QVERIFY(std::equal(found, found + 3, sequence.codes.begin()));
                found += 3;
            }
        }
    }

    // A beam as wide as all sums of the stages before the last is an exhaustive search.
    void wideBeamIsExhaustive() {
        const Matrix x = gaussian(60, 4, 1);
        const std::vector<Matrix> books = {gaussian(6, 4, 2), gaussian(6, 4, 3), gaussian(6, 4, 4)};
        std::vector<std::uint32_t> codes(60 * 3);
        const std::vector<CodewordPanels> stages = packed(books);
        ResidualSearch(stages, 36, {}).search(x.view(), codes);
        for (Index row = 0; row < 60; ++row) {
            double least = std::numeric_limits<double>::infinity();
            for (std::uint32_t i = 0; i < 216; ++i) {
                const std::array<std::uint32_t, 3> all{i / 36, i / 6 % 6, i % 6};
                least = std::min(least, errorOf(x.view().row(row), books, all));
            }
            const double reached =
                errorOf(x.view().row(row), books,
                        std::span(codes).subspan(3 * static_cast<std::size_t>(row), 3));
            QVERIFY(reached <= least * (1.0 + 1e-5));
        }
    }

    void searchesAreTakenUpWhereTheyWereLeft() {
        const Matrix x = gaussian(50, 6, 5);
        const std::vector<CodewordPanels> stages =
            packed({gaussian(16, 6, 6), gaussian(16, 6, 7), gaussian(16, 6, 8)});
        ResidualBeam whole(x.view());
        for (const CodewordPanels& stage : stages)
            whole.extend(stage, 7);
        ResidualBeam first(x.view());
        first.extend(stages[0], 7);
        first.extend(stages[1], 7);
        ResidualBeam second(x.view(), std::span(stages).first(2), first.sequences());
        second.extend(stages[2], 7);
        QVERIFY(std::ranges::equal(second.sequences(), whole.sequences()));
        QCOMPARE(second.stages(), Index{3});
        for (Index row = 0; row < 50; ++row)
            QVERIFY(std::ranges::equal(second.residual(row, 0), whole.residual(row, 0)));
    }

    // The minimum of a dense least-squares problem, solved by a rank-revealing factorization.
    void refitFindsTheLeastSquares() {
        constexpr Index rows = 400;
        constexpr Index dim = 5;
        const Matrix x = gaussian(rows, dim, 1);
        std::vector<Matrix> books = {gaussian(8, dim, 2), gaussian(12, dim, 3),
                                     gaussian(4, dim, 4)};
        Random random(5);
        std::vector<std::uint32_t> codes;
        Eigen::MatrixXd map = Eigen::MatrixXd::Zero(rows, 24);
        Eigen::MatrixXd target(rows, dim);
        const std::array<Index, 3> first{0, 8, 20};
        for (Index row = 0; row < rows; ++row) {
            for (std::size_t book = 0; book < 3; ++book) {
                // The last codeword of each codebook is never used.
                const Index code = random.below(books[book].rows() - 1);
                codes.push_back(static_cast<std::uint32_t>(code));
                map(row, first[book] + code) = 1.0;
            }
            for (Index j = 0; j < dim; ++j)
                target(row, j) = static_cast<double>(x(row, j));
        }
        const Eigen::MatrixXd solution = map.completeOrthogonalDecomposition().solve(target);
        const double least = (target - map * solution).squaredNorm() / static_cast<double>(rows);
        const std::vector<Matrix> before = books;
        const std::vector<double> objectives =
            refitCodebooks(x.view(), codes, books, {.iterations = 200, .relativeGain = 1e-12}, {});
        QVERIFY(std::abs(objectives.front() - meanError(x.view(), before, codes)) <
                1e-5 * objectives.front());
        for (std::size_t i = 1; i < objectives.size(); ++i)
            QVERIFY(objectives[i] < objectives[i - 1] * (1.0 + 1e-7));
        QVERIFY(std::abs(objectives.back() / least - 1.0) < 1e-5);
        QVERIFY(std::abs(meanError(x.view(), books, codes) / least - 1.0) < 1e-5);
        for (std::size_t book = 0; book < 3; ++book) {
            const Index unused = books[book].rows() - 1;
            QVERIFY(std::ranges::equal(books[book].view().row(unused),
                                       before[book].view().row(unused)));
        }
    }

    // One codebook: the means of its cells, in one step.
    void refitOfOneCodebookTakesMeans() {
        const Matrix x = gaussian(300, 3, 1);
        std::vector<Matrix> books = {gaussian(5, 3, 2)};
        std::vector<std::uint32_t> codes(300);
        for (std::size_t row = 0; row < 300; ++row)
            codes[row] = static_cast<std::uint32_t>(row % 5);
        const std::vector<double> objectives = refitCodebooks(x.view(), codes, books, {}, {});
        QVERIFY(objectives.size() <= 3);
        for (Index k = 0; k < 5; ++k) {
            for (Index j = 0; j < 3; ++j) {
                double sum = 0.0;
                for (Index row = k; row < 300; row += 5)
                    sum += static_cast<double>(x(row, j));
                QVERIFY(std::abs(static_cast<double>(books[0](k, j)) - sum / 60.0) < 1e-6);
            }
        }
    }

    void perfectCodebooksStay() {
        Random random(1);
        std::vector<Matrix> books = {drawn(4, 3, [&] { return random.below(9); }),
                                     drawn(4, 3, [&] { return random.below(9); })};
        Matrix x(40, 3);
        std::vector<std::uint32_t> codes;
        for (Index row = 0; row < 40; ++row) {
            const Index a = random.below(4);
            const Index b = random.below(4);
            codes.insert(codes.end(),
                         {static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)});
            for (Index j = 0; j < 3; ++j)
                x(row, j) = books[0](a, j) + books[1](b, j);
        }
        const std::vector<Matrix> before = books;
        QCOMPARE(refitCodebooks(x.view(), codes, books, {}, {}), std::vector<double>{0.0});
        for (std::size_t book = 0; book < 2; ++book) {
            QVERIFY(std::equal(before[book].data(), before[book].data() + 12, books[book].data()));
        }
    }

    // Far from the origin sums of large products would be wrong in all digits that count.
    void searchIsExactFarFromTheOrigin() {
        Matrix x = gaussian(400, 48, 11);
        for (float& value : std::span(x.data(), static_cast<std::size_t>(x.view().size())))
            value += 1000.0F;
        const ResidualCodebooks trained = trainResidualCodebooks(
            x.view(), {{16, 16, 16, 16}, 5, 10, 0}, CodewordFormat(false, 0), RunContext(1));
        QVERIFY(StageProducts::pay(std::vector<Index>(4, 16), 5, 48));
        std::vector<std::uint32_t> codes(400 * 4);
        ResidualSearch(trained.stages, 5, {}).search(x.view(), codes);
        ResidualBeam beam(x.view());
        for (const CodewordPanels& stage : trained.stages)
            beam.extend(stage, &stage == &trained.stages.back() ? 1 : 5);
        const ResidualBeam found(x.view(), trained.stages, codes);
        double difference = 0.0;
        double error = 0.0;
        for (Index row = 0; row < 400; ++row) {
            difference += squaredNorm(found.residual(row, 0)) - squaredNorm(beam.residual(row, 0));
            error += squaredNorm(beam.residual(row, 0));
        }
        QVERIFY2(std::abs(difference) < 1e-4 * error,
                 qPrintable(QStringLiteral("off by %1 of %2").arg(difference).arg(error)));
    }

    // Faiss 1.7.3, RQ4x8 with beam 5 trained on 65,536 Gaussian vectors of 8
    // (tests/bench/RESULTS.md): relative error 0.00858 on others.
    void isAsGoodAsFaissOnNewVectors() {
        constexpr Index rows = 65'536;
        const Matrix x = gaussian(2 * rows, 8, 21);
        const ResidualCodebooks trained =
            trainResidualCodebooks(x.view().middleRows(0, rows), {{256, 256, 256, 256}, 5, 25, 5},
                                   CodewordFormat(true, 0), RunContext(1));
        const ResidualSearch search(trained.stages, 5, {});
        const MatrixView others = x.view().middleRows(rows, rows);
        std::vector<std::uint32_t> codes(rows * 4);
        constexpr Index rowsAtOnce = 1024;
        parallelFor(rows, rowsAtOnce, {}, [&](Index begin, Index end) {
            search.search(others.middleRows(begin, end - begin),
                          std::span(codes).subspan(static_cast<std::size_t>(4 * begin),
                                                   static_cast<std::size_t>(4 * (end - begin))));
        });
        const ResidualBeam found(others, trained.stages, codes);
        double error = 0.0;
        double energy = 0.0;
        for (Index row = 0; row < rows; ++row) {
            error += squaredNorm(found.residual(row, 0));
            energy += squaredNorm(others.row(row));
        }
        qInfo("relative error %.5f", error / energy);
        QVERIFY(error / energy < 0.0086);
    }

    void trainingReportsWhatItReached() {
        const Matrix x = gaussian(2000, 6, 1);
        const ResidualParameters parameters{{32, 16, 8}, 4, 10, 4};
        const ResidualCodebooks trained =
            trainResidualCodebooks(x.view(), parameters, CodewordFormat(true, 0), RunContext(7));
        QCOMPARE(trained.stages.size(), std::size_t{3});
        QCOMPARE(trained.stageObjectives.size(), std::size_t{3});
        QVERIFY(trained.objectives.size() >= 2);
        QVERIFY(std::ranges::is_sorted(trained.objectives, std::greater()));
        std::vector<Matrix> books;
        for (const CodewordPanels& stage : trained.stages) {
            Matrix& book = books.emplace_back(stage.count(), stage.dim());
            std::copy_n(stage.codewords().data, book.view().size(), book.data());
        }
        std::vector<std::uint32_t> codes(2000 * 3);
        ResidualSearch(trained.stages, 4, {}).search(x.view(), codes);
        QVERIFY(std::abs(meanError(x.view(), books, codes) / trained.objectives.back() - 1.0) <
                1e-5);
    }

    void greedyStagesAreKMeansOfResiduals() {
        const Matrix x = gaussian(1500, 4, 2);
        const CodewordFormat format(false, 0);
        const ResidualCodebooks trained =
            trainResidualCodebooks(x.view(), {{16, 16}, 1, 10, 0}, format, RunContext(3));
        Matrix rest = x;
        for (std::size_t stage = 0; stage < 2; ++stage) {
            const MatrixView book = trained.stages[stage].codewords();
            const double begun = trained.stageObjectives[stage].front();
            const double ended = trained.stageObjectives[stage].back();
            QVERIFY(ended < begun);
            double error = 0.0;
            for (Index row = 0; row < rest.rows(); ++row) {
                double least = std::numeric_limits<double>::infinity();
                Index nearest = 0;
                for (Index k = 0; k < book.rows; ++k) {
                    double distance = 0.0;
                    for (Index j = 0; j < 4; ++j) {
                        distance += std::pow(static_cast<double>(rest(row, j) - book(k, j)), 2.0);
                    }
                    if (distance < least) {
                        least = distance;
                        nearest = k;
                    }
                }
                error += least / 1500.0;
                for (Index j = 0; j < 4; ++j)
                    rest(row, j) -= book(nearest, j);
            }
            // The codewords have moved once since the last assignment.
            QVERIFY(error <= ended * (1.0 + 1e-6) && error > 0.98 * ended);
        }
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = gaussian(5000, 9, 4);
        const auto train = [&] {
            return trainResidualCodebooks(x.view(), {{64, 64, 64}, 3, 6, 3},
                                          CodewordFormat(true, 0), RunContext(1));
        };
        const ResidualCodebooks expected = train();
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                const ResidualCodebooks trained = train();
                QCOMPARE(trained.objectives, expected.objectives);
                for (std::size_t stage = 0; stage < 3; ++stage) {
                    const MatrixView a = trained.stages[stage].codewords();
                    const MatrixView b = expected.stages[stage].codewords();
                    QVERIFY(std::equal(a.data, a.data + a.size(), b.data));
                }
            });
        }
    }

    void refittingStopsWhenAsked() {
        const Matrix x = gaussian(2000, 4, 1);
        std::vector<Matrix> books = {gaussian(4, 4, 2), gaussian(4, 4, 3)};
        const std::vector<std::uint32_t> codes(4000, 1);
        std::stop_source source;
        source.request_stop();
        QVERIFY_THROWS_EXCEPTION(Cancelled,
                                 refitCodebooks(x.view(), codes, books, {}, source.get_token()));
    }
};

QTEST_APPLESS_MAIN(TestResidualStages)
#include "tst_residual_stages.moc"
