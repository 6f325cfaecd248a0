// SPDX-License-Identifier: GPL-3.0-or-later
// Codes of different widths: stages with bits of their own, groups of stages, slices whose bits
// follow the variance.
#include <QtTest>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/faiss_factory.h"
#include "plugins/pq/pq_method.h"
#include "plugins/rvq/rvq_method.h"
#include "tests/plugins/method_bench.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;
using test::sameBits;

namespace {

const test::MethodBench& rvqBench() {
    static const test::MethodBench made(std::make_shared<rvq::RvqMethod>());
    return made;
}

const test::MethodBench& pqBench() {
    static const test::MethodBench made(std::make_shared<pq::PqMethod>());
    return made;
}

double errorOf(const test::MethodBench& bench, const std::string& method, const Matrix& x) {
    return nmse(x.view(), decoded(bench.quantize(method, x)).view());
}

// Codes of `widths` again and again, least significant bit first, read bit by bit.
std::vector<std::uint32_t> codesBitByBit(const std::vector<std::uint8_t>& bytes,
                                         const std::vector<int>& widths, std::size_t vectors) {
    std::vector<std::uint32_t> codes;
    std::size_t bit = 0;
    for (std::size_t vector = 0; vector < vectors; ++vector) {
        for (const int width : widths) {
            std::uint32_t code = 0;
            for (int b = 0; b < width; ++b, ++bit)
                code |= static_cast<std::uint32_t>(bytes[bit / 8] >> (bit % 8) & 1U) << b;
            codes.push_back(code);
        }
    }
    return codes;
}

// Independent columns; column j has the variance ratio^j.
Matrix decaying(Index rows, Index cols, double ratio, std::uint64_t seed = 1) {
    Matrix x = gaussian(rows, cols, seed);
    for (Index row = 0; row < rows; ++row) {
        for (Index j = 0; j < cols; ++j)
            x(row, j) *= static_cast<float>(std::pow(ratio, 0.5 * static_cast<double>(j)));
    }
    return x;
}

// Correlation .9^|i-j| between neighbours, as a stationary process of first order.
Matrix correlated(Index rows, Index cols, std::uint64_t seed = 1) {
    Matrix x = gaussian(rows, cols, seed);
    const float fresh = std::sqrt(1.0F - 0.81F);
    for (Index row = 0; row < rows; ++row) {
        for (Index j = 1; j < cols; ++j)
            x(row, j) = 0.9F * x(row, j - 1) + fresh * x(row, j);
    }
    return x;
}

Matrix leftHalf(const Matrix& x) {
    Matrix half(x.rows(), x.cols() / 2);
    for (Index row = 0; row < x.rows(); ++row) {
        for (Index j = 0; j < half.cols(); ++j)
            half(row, j) = x(row, j);
    }
    return half;
}

std::vector<int> sliceBits(const EncodedTensor& tensor) {
    const std::vector<std::uint8_t>& bytes = tensor.section("slice bits").bytes;
    return {bytes.begin(), bytes.end()};
}

}  // namespace

class TestCodeWidths : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalListsAreEqualStages() {
        const Matrix x = gaussian(900, 8);
        const EncodedTensor stages =
            rvqBench().encode("rvq:stages=3,bits=4,dim=4", ViewSource(x.view()));
        const EncodedTensor list =
            rvqBench().encode("rvq:stage_bits=4+4+4,dim=4", ViewSource(x.view()));
        QVERIFY(sameBits(stages, list));
        // One number is a list as well.
        QVERIFY(sameBits(rvqBench().encode("rvq:stages=1,bits=5", ViewSource(x.view())),
                         rvqBench().encode("rvq:stage_bits=5", ViewSource(x.view()))));
    }

    // A decoder written from the description of the format alone.
    void valuesAreSumsInEachGroup_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QVector<int>>("stages");
        QTest::addColumn<int>("groups");
        QTest::addColumn<int>("dim");
        using Bits = QVector<int>;
        QTest::newRow("stages of different widths")
            << "rvq:stage_bits=6+3+1,dim=4" << Bits{6, 3, 1} << 1 << 4;
        QTest::newRow("padded pieces") << "rvq:stage_bits=5+2,dim=8" << Bits{5, 2} << 1 << 8;
        QTest::newRow("groups") << "rvq:stages=2,bits=4,dim=6,groups=3" << Bits{4, 4} << 3 << 6;
        QTest::newRow("groups of padded pieces")
            << "rvq:stage_bits=5+3,dim=8,groups=4" << Bits{5, 3} << 4 << 8;
        QTest::newRow("groups of whole rows")
            << "rvq:stage_bits=4+2,dim=0,groups=2" << Bits{4, 2} << 2 << 12;
    }
    void valuesAreSumsInEachGroup() {
        QFETCH(QString, method);
        QFETCH(QVector<int>, stages);
        QFETCH(int, groups);
        QFETCH(int, dim);
        constexpr Index rows = 301;
        constexpr Index cols = 12;
        const Matrix x = gaussian(rows, cols, 9);
        const QuantizedTensor tensor = rvqBench().quantize(method.toStdString(), x);
        const Index perRow = (cols + dim - 1) / dim;
        const Index part = dim / groups;
        std::vector<int> widths;
        for (int group = 0; group < groups; ++group)
            widths.insert(widths.end(), stages.begin(), stages.end());
        const std::vector<std::uint32_t> codes =
            codesBitByBit(tensor.encoded().section("codes").bytes, widths,
                          static_cast<std::size_t>(rows * perRow));
        const std::vector<Codebook> books = tensor.codebooks();
        QCOMPARE(books.size(), widths.size());
        const Matrix y = decoded(tensor);
        std::vector<std::vector<std::uint64_t>> counts(widths.size());
        for (std::size_t book = 0; book < widths.size(); ++book)
            counts[book].resize(std::size_t{1} << widths[book]);
        const auto count = static_cast<std::size_t>(stages.size());
        std::vector<double> energy(static_cast<std::size_t>(groups));
        std::vector<double> left(widths.size());
        for (Index row = 0; row < rows; ++row) {
            for (Index column = 0; column < perRow * dim; ++column) {
                const auto vector = static_cast<std::size_t>(row * perRow + column / dim);
                const auto group = static_cast<std::size_t>(column % dim / part);
                const bool isStored = column < cols;
                double rest = isStored ? static_cast<double>(x(row, column)) : 0.0;
                double sum = 0.0;
                if (isStored) energy[group] += rest * rest;
                for (std::size_t stage = 0; stage < count; ++stage) {
                    const std::size_t book = group * count + stage;
                    const std::uint32_t code = codes[vector * widths.size() + book];
                    if (column % part == 0) ++counts[book][code];
                    const auto value =
                        static_cast<double>(books[book].codewords[static_cast<std::size_t>(
                            static_cast<Index>(code) * part + column % part)]);
                    sum += value;
                    rest -= value;
                    if (isStored) left[book] += rest * rest;
                }
                if (isStored) QVERIFY(std::abs(static_cast<double>(y(row, column)) - sum) < 1e-6);
            }
        }
        for (std::size_t book = 0; book < books.size(); ++book) {
            const std::string stage = "stage " + std::to_string(book % count + 1);
            const std::string group = "group " + std::to_string(book / count + 1) + ", ";
            QCOMPARE(books[book].name, groups == 1 ? stage : group + stage);
            QCOMPARE(books[book].dim, part);
            QCOMPARE(books[book].counts, counts[book]);
            QVERIFY(books[book].residualEnergy.has_value());
            const double share = left[book] / energy[book / count];
            QVERIFY(std::abs(*books[book].residualEnergy / share - 1.0) < 1e-5);
        }
        // The first stages of each group alone are a coarser tensor.
        QCOMPARE(tensor.stages(), static_cast<Index>(count));
    }

    void stageRatesAreExact_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<quint64>("codes");
        QTest::addColumn<quint64>("codebooks");
        QTest::addColumn<quint64>("padding");
        QTest::newRow("three widths") << "rvq:stage_bits=5+3+1,dim=4" << quint64{33 * 3 * 9}
                                      << quint64{(32 + 8 + 2) * 4 * 16 + 16} << quint64{5};
        QTest::newRow("two groups")
            << "rvq:stage_bits=4+2,dim=6,groups=2,precision=fp32" << quint64{33 * 2 * 2 * 6}
            << quint64{2 * (16 + 4) * 3 * 32 + 16} << quint64{0};
    }
    void stageRatesAreExact() {
        QFETCH(QString, method);
        QFETCH(quint64, codes);
        QFETCH(quint64, codebooks);
        QFETCH(quint64, padding);
        RateLedger expected;
        expected[RatePart::Codes] = codes;
        expected[RatePart::Codebooks] = codebooks;
        expected[RatePart::Padding] = padding;
        QVERIFY(rvqBench().preflight(method.toStdString(), 33, 12).rate == expected);
        QVERIFY(rvqBench().quantize(method.toStdString(), gaussian(33, 12)).rate() == expected);
    }

    // The random numbers of the first group are those of a quantizer without groups.
    void theFirstGroupIsAQuantizerOfItsOwn() {
        Matrix x = gaussian(2000, 12, 3);
        x(7, 2) = 9.0F;  // The scale is that of the largest value, which both have to see.
        const EncodedTensor grouped =
            rvqBench().encode("rvq:stages=2,bits=5,dim=0,groups=2", ViewSource(x.view()));
        const Matrix half = leftHalf(x);
        const EncodedTensor alone =
            rvqBench().encode("rvq:stages=2,bits=5,dim=0", ViewSource(half.view()));
        for (const char* stage : {"stage 1", "stage 2"}) {
            const std::string name = std::string("codebook/group 1, ") + stage;
            QCOMPARE(grouped.section(name).bytes,
                     alone.section(std::string("codebook/") + stage).bytes);
        }
    }

    // Where parts of the vectors differ, codebooks of their own serve them better than shared ones
    // at the same rate of codes.
    void groupsSuitPartsThatDiffer() {
        Matrix x = gaussian(20000, 8, 4);
        for (Index row = 0; row < x.rows(); ++row) {
            // The right half lives on two lines; the left half is Gaussian.
            for (Index j = 5; j < 8; ++j)
                x(row, j) = x(row, 4) * (j % 2 == 0 ? 1.0F : -1.0F);
        }
        const double shared = errorOf(rvqBench(), "rvq:stages=2,bits=6,dim=4", x);
        const double grouped = errorOf(rvqBench(), "rvq:stages=2,bits=6,dim=8,groups=2", x);
        QVERIFY2(grouped < 0.95 * shared, qPrintable(QString::number(grouped / shared)));
    }

    // A wider first stage for the bulk: any order of widths costs the same codes, and the error
    // falls with their sum.
    void errorFallsWithEveryStage() {
        const Matrix x = gaussian(8000, 8, 5);
        double last = 1.0;
        for (const char* list : {"3", "3+2", "5+2", "5+4", "7+4", "7+4+3"}) {
            const double reached =
                errorOf(rvqBench(), std::string("rvq:dim=8,stage_bits=") + list, x);
            QVERIFY2(reached < last, list);
            last = reached;
        }
    }

    void judgesStagesAndGroups_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("refusal");
        QTest::newRow("largest codebook") << "rvq:stage_bits=8+12,dim=8"
                                          << "The largest of 2 codebooks has 4096 codewords, but "
                                             "there are only 3000 training vectors. Choose "
                                             "stage_bits <= 11.";
        QTest::newRow("uneven groups") << "rvq:groups=3,dim=8,bits=4"
                                       << "Vectors of 8 columns do not fall into 3 equal groups. "
                                          "Choose groups=2, or another dim.";
        QTest::newRow("more groups than columns")
            << "rvq:groups=9,dim=0,bits=4"
            << "Vectors of 24 columns do not fall into 9 equal groups. Choose groups=8, or another "
               "dim.";
    }
    void judgesStagesAndGroups() {
        QFETCH(QString, method);
        QFETCH(QString, refusal);
        const Preflight preflight = rvqBench().preflight(method.toStdString(), 1000, 24);
        QCOMPARE(QString::fromStdString(preflight.refusal), refusal);
    }

    void sameBitsAtAnyThreadCount_data() {
        QTest::addColumn<bool>("product");
        QTest::addColumn<QString>("method");
        QTest::newRow("stages and groups")
            << false << "rvq:stage_bits=7+5+2,dim=10,groups=2,iterations=5,train=3000,refit=2";
        QTest::newRow("slices") << true << "pq:m=5,bits=4,allocation=variance,iterations=5";
        QTest::newRow("rotated slices")
            << true << "pq:m=5,bits=4,allocation=variance,rotation=opq,rounds=2,iterations=5";
    }
    void sameBitsAtAnyThreadCount() {
        QFETCH(bool, product);
        QFETCH(QString, method);
        const Matrix x = decaying(3000, 20, 0.8, 6);
        const test::MethodBench& bench = product ? pqBench() : rvqBench();
        const std::string text = method.toStdString();
        const EncodedTensor expected = bench.encode(text, ViewSource(x.view()));
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                QVERIFY(sameBits(bench.encode(text, ViewSource(x.view())), expected));
                QVERIFY(sameBits(bench.encode(text, test::BlockSource(x.view())), expected));
            });
        }
    }

    // Slices of one column each whose variances fall by 4: R_j = mean + log2(variance / geometric
    // mean) / 2 is whole, down to no bits at all.
    void sliceBitsAreTheClosedForm_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QVector<int>>("bits");
        using Bits = QVector<int>;
        QTest::newRow("all above the level")
            << "pq:m=5,bits=4,allocation=variance" << Bits{6, 5, 4, 3, 2};
        QTest::newRow("the last at the level")
            << "pq:m=5,bits=2,allocation=variance" << Bits{4, 3, 2, 1, 0};
        QTest::newRow("principal axes")
            << "pq:m=5,bits=4,allocation=variance,rotation=pca" << Bits{6, 5, 4, 3, 2};
    }
    void sliceBitsAreTheClosedForm() {
        QFETCH(QString, method);
        QFETCH(QVector<int>, bits);
        const QuantizedTensor tensor =
            pqBench().quantize(method.toStdString(), decaying(20000, 5, 0.25));
        const std::vector<int> got = sliceBits(tensor.encoded());
        QCOMPARE(QVector<int>(got.begin(), got.end()), bits);
        const std::vector<Codebook> books = tensor.codebooks();
        for (std::size_t slice = 0; slice < books.size(); ++slice) {
            QCOMPARE(books[slice].counts.size(), std::size_t{1} << got[slice]);
            QCOMPARE(books[slice].name, "slice " + std::to_string(slice + 1) + ", " +
                                            std::to_string(got[slice]) +
                                            (got[slice] == 1 ? " bit" : " bits"));
        }
        QCOMPARE(tensor.rate()[RatePart::Codes],
                 static_cast<std::uint64_t>(20000 * std::accumulate(bits.begin(), bits.end(), 0)));
        QCOMPARE(tensor.rate()[RatePart::Scales], std::uint64_t{5 * 8});
    }

    // Whatever the spectrum, codes cost what equal ones would, and codewords are found by their
    // widths.
    void slicesAreReadByTheirWidths() {
        const Matrix x = decaying(3001, 11, 0.7, 2);
        const QuantizedTensor tensor = pqBench().quantize("pq:m=4,bits=3,allocation=variance", x);
        const std::vector<int> widths = sliceBits(tensor.encoded());
        QCOMPARE(std::accumulate(widths.begin(), widths.end(), 0), 12);
        QVERIFY(widths.front() > widths.back());
        const std::vector<std::uint32_t> codes =
            codesBitByBit(tensor.encoded().section("codes").bytes, widths, 3001);
        const std::vector<Codebook> books = tensor.codebooks();
        const Matrix y = decoded(tensor);
        for (Index row = 0; row < x.rows(); ++row) {
            Index column = 0;
            for (std::size_t slice = 0; slice < 4; ++slice) {
                const std::uint32_t code = codes[static_cast<std::size_t>(row) * 4 + slice];
                for (Index j = 0; j < books[slice].dim; ++j) {
                    QCOMPARE(y(row, column++),
                             books[slice].codewords[static_cast<std::size_t>(
                                 static_cast<Index>(code) * books[slice].dim + j)]);
                }
            }
            QCOMPARE(column, x.cols());
        }
    }

    // At the same rate of codes.
    void bitsByVarianceLowerTheError_data() {
        QTest::addColumn<bool>("isCorrelated");
        QTest::addColumn<QString>("method");
        QTest::addColumn<double>("most");
        QTest::newRow("decaying columns") << false << "pq:m=4,bits=8" << 0.56;
        QTest::newRow("principal axes") << true << "pq:m=16,bits=2,rotation=pca" << 0.45;
        QTest::newRow("trained rotation") << true << "pq:m=16,bits=2,rotation=opq,rounds=5" << 0.45;
    }
    void bitsByVarianceLowerTheError() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        QFETCH(bool, isCorrelated);
        QFETCH(QString, method);
        QFETCH(double, most);
        const Matrix x = isCorrelated ? correlated(50000, 16) : decaying(50000, 16, 0.7);
        const double equal = errorOf(pqBench(), method.toStdString(), x);
        const double dealt = errorOf(pqBench(), method.toStdString() + ",allocation=variance", x);
        qInfo("equal %.5f, by variance %.5f", equal, dealt);
        QVERIFY2(dealt <= most * equal, qPrintable(QString::number(dealt / equal)));
    }

    // Transform coding of a Gaussian process with correlations .9^|i-j|, 2 bits per dimension, by a
    // program of its own: principal axes, greedy bits and Lloyd's levels leave .0243 of the
    // variance; the bound is .0132.
    void transformCodingReachesTheReference() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        const Matrix x = correlated(100000, 16, 11);
        const QuantizedTensor tensor =
            pqBench().quantize("pq:m=16,bits=2,rotation=pca,allocation=variance", x);
        const std::vector<int> bits = sliceBits(tensor.encoded());
        QCOMPARE(std::accumulate(bits.begin(), bits.end(), 0), 32);
        QCOMPARE(bits.front(), 5);
        QCOMPARE(bits.back(), 1);
        QVERIFY(std::ranges::is_sorted(bits, std::greater()));
        const double reached = nmse(x.view(), decoded(tensor).view());
        QVERIFY2(std::abs(reached / 0.0243 - 1.0) < 0.03, qPrintable(QString::number(reached)));
    }

    void equalSlicesGetEqualBits() {
        const QuantizedTensor tensor =
            pqBench().quantize("pq:m=4,bits=5,allocation=variance", gaussian(20000, 8));
        QCOMPARE(sliceBits(tensor.encoded()), std::vector<int>(4, 5));
    }

    // Where there are not rows enough for wider codes, that is said.
    void equalBitsForWantOfRowsAreTold() {
        const Preflight few = pqBench().preflight("pq:m=4,bits=6,allocation=variance", 3000, 8);
        QCOMPARE(few.warnings.size(), std::size_t{1});
        QVERIFY2(few.warnings.front().starts_with("All slices get 6 bits"),
                 few.warnings.front().c_str());
        QVERIFY(!few.rateIsExact);
        QVERIFY(
            pqBench().preflight("pq:m=4,bits=6,allocation=variance", 30000, 8).warnings.empty());
    }

    void damagedWidthsAreRefused() {
        const EncodedTensor whole =
            pqBench()
                .quantize("pq:m=4,bits=3,allocation=variance", decaying(500, 8, 0.5))
                .encoded();
        const auto withBits = [&](const std::vector<std::uint8_t>& bits) {
            EncodedTensor damaged = whole;
            for (Section& section : damaged.sections) {
                if (section.name == "slice bits") section.bytes = bits;
            }
            return damaged;
        };
        for (const std::vector<std::uint8_t>& bits : std::vector<std::vector<std::uint8_t>>{
                 {}, {3, 3, 3}, {3, 3, 3, 4}, {17, 0, 0, 0}, {255, 255, 255, 255}}) {
            QVERIFY_THROWS_EXCEPTION(Error, QuantizedTensor(withBits(bits), pqBench().registry()));
        }
        EncodedTensor wrong = rvqBench().encode("rvq:stages=2,bits=4,dim=4,groups=2",
                                                test::BlockSource(gaussian(300, 8).view()));
        wrong.method.parameters["groups"] = 3;
        QVERIFY_THROWS_EXCEPTION(Error, QuantizedTensor(wrong, rvqBench().registry()));
    }

    // Residual codes in groups and of different widths have strings of Faiss, and cost as much.
    void faissStringsMeanTheSame() {
        const std::pair<const char*, int> strings[] = {{"RQ1x10_2x6", 22}, {"PRQ2x3x5", 30}};
        for (const auto& [text, bits] : strings) {
            const MethodSpec spec = rvqBench().registry().resolve(methodFromFaissFactory(text));
            QCOMPARE(faissFactoryString(spec, 32), std::string(text));
            const Preflight preflight =
                rvqBench().registry().quantizer(spec)->preflight(5000, 32, {});
            QVERIFY2(preflight.refusal.empty(), preflight.refusal.c_str());
            QCOMPARE(preflight.rate[RatePart::Codes], static_cast<std::uint64_t>(5000 * bits));
        }
    }
};

QTEST_APPLESS_MAIN(TestCodeWidths)
#include "tst_code_widths.moc"
