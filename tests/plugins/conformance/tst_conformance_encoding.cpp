// SPDX-License-Identifier: GPL-3.0-or-later
#include <hdf5.h>

#include <QTemporaryDir>
#include <bit>
#include <map>
#include <numeric>

#include "core/io/artifact_file.h"
#include "tests/plugins/conformance/trials.h"

using namespace quantscope;
using test::gaussian;
using test::registry;

namespace {

constexpr int randomSettings = test::slowness > 1.0 ? 1 : 12;
constexpr test::Share some = test::Share::SomeWhereSlow;

/// Bytes of a section in an artifact file, as HDF5 itself counts them.
std::uint64_t storedBytes(const std::filesystem::path& path, const std::string& section) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t dataset = H5Dopen2(file, ("sections/" + section).c_str(), H5P_DEFAULT);
    const hid_t type = H5Dget_type(dataset);
    const hid_t space = H5Dget_space(dataset);
    const std::uint64_t bytes =
        static_cast<std::uint64_t>(H5Sget_simple_extent_npoints(space)) * H5Tget_size(type);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
    H5Fclose(file);
    return bytes;
}

/// Decodes in blocks of varying height into a matrix with a margin, which has to stay as it is.
bool blocksGive(const QuantizedTensor& tensor, const Matrix& all) {
    constexpr Index margin = 3;
    constexpr float untouched = -12345.0F;
    Random random(5);
    for (Index first = 0; first < tensor.rows();) {
        const Index count = std::min(1 + random.below(40), tensor.rows() - first);
        const Index stride = tensor.cols() + margin;
        std::vector<float> block(static_cast<std::size_t>(count * stride), untouched);
        tensor.decode(first, MatrixSpan(block.data(), count, tensor.cols(), stride));
        const MatrixView got(block.data(), count, tensor.cols(), stride);
        if (!test::sameValues(got, all.view().middleRows(first, count))) return false;
        for (Index r = 0; r < count; ++r) {
            for (Index c = tensor.cols(); c < stride; ++c) {
                if (block[static_cast<std::size_t>(r * stride + c)] != untouched) return false;
            }
        }
        first += count;
    }
    return true;
}

/// The columns of one of `parts` parts, each `width` wide, into which vectors are cut.
Matrix columnsOf(const Matrix& values, Index width, Index parts, Index part) {
    std::vector<Index> columns;
    for (Index column = 0; column < values.cols(); ++column) {
        if (column / width % parts == part) columns.push_back(column);
    }
    Matrix chosen(values.rows(), static_cast<Index>(columns.size()));
    for (Index row = 0; row < chosen.rows(); ++row) {
        for (std::size_t j = 0; j < columns.size(); ++j)
            chosen(row, static_cast<Index>(j)) = values(row, columns[j]);
    }
    return chosen;
}

/// How often each codeword stands in the decoded matrix where `book` codes columns first ...
/// first + width - 1, cut into vectors from the left.
std::map<std::vector<float>, std::uint64_t> recount(const Codebook& book, const Matrix& values,
                                                    Index first, Index width) {
    std::map<std::vector<float>, std::uint64_t> counts;
    for (Index row = 0; row < values.rows(); ++row) {
        for (Index c = 0; c < width; c += book.dim) {
            const auto vector = values.view().row(row).subspan(static_cast<std::size_t>(first + c),
                                                               static_cast<std::size_t>(book.dim));
            ++counts[{vector.begin(), vector.end()}];
        }
    }
    return counts;
}

std::map<std::vector<float>, std::uint64_t> stated(const Codebook& book) {
    std::map<std::vector<float>, std::uint64_t> counts;
    for (std::size_t k = 0; k < book.counts.size(); ++k) {
        if (book.counts[k] == 0) continue;
        const auto first = book.codewords.begin() + static_cast<Index>(k) * book.dim;
        counts[{first, first + book.dim}] += book.counts[k];
    }
    return counts;
}

std::uint64_t codesOf(const Codebook& book) {
    return std::accumulate(book.counts.begin(), book.counts.end(), std::uint64_t{0});
}

}  // namespace

/// What is stored, what it costs and what comes back.
class TestConformanceEncoding : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void comesBack_data() { test::addPlainAndRandomRows(randomSettings); }
    void comesBack() {
        const Matrix weights = gaussian(301, 24);
        const QuantizedTensor tensor = test::quantize(test::currentMethod(), weights);
        const Matrix all = test::decoded(tensor);
        QVERIFY(blocksGive(tensor, all));

        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("a.h5").toStdString();
        writeArtifact(path, {tensor.encoded(), "weights", Json::object(), {}, {}});
        const QuantizedTensor loaded(readArtifact(path).tensor, registry());
        QVERIFY(test::sameValues(test::decoded(loaded).view(), all.view()));
        QVERIFY(test::sameBits(loaded.encoded(), tensor.encoded()));
        QCOMPARE(loaded.encoded().header, tensor.encoded().header);
        QCOMPARE(loaded.encoded().method, tensor.encoded().method);
        QVERIFY(test::isOrHolds(test::currentMethod(), loaded.encoded().method));
        QCOMPARE(loaded.rate(), tensor.rate());

        std::uint64_t bytes = 0;
        for (const Section& section : tensor.encoded().sections) {
            QCOMPARE(storedBytes(path, section.name), std::uint64_t{section.bytes.size()});
            QVERIFY(section.usedBits <= 8 * section.bytes.size());
            bytes += section.bytes.size();
        }
        QCOMPARE(tensor.rate().totalBits(), 8 * bytes);
    }

    void costsWhatWasAnnounced_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void costsWhatWasAnnounced() {
        const MethodSpec spec = test::currentMethod();
        const auto [rows, cols] = std::pair<Index, Index>{301, 24};
        const auto quantizer = registry().quantizer(spec);
        const Preflight announced =
            quantizer->preflight(rows, cols, test::sideFor(*quantizer, rows, cols));
        const RateLedger cost = test::quantize(spec, gaussian(rows, cols)).rate();
        QVERIFY(announced.multiplyAdds > 0.0);
        if (announced.rateIsExact) {
            QCOMPARE(announced.rate, cost);
        } else {
            const double ratio = static_cast<double>(announced.rate.totalBits()) /
                                 static_cast<double>(cost.totalBits());
            QVERIFY2(ratio > 0.5 && ratio < 2.0, qPrintable(QString::number(ratio)));
        }
    }

    // Whatever grows with the tensor belongs into a section, where it is counted.
    void headerStaysSmall_data() { test::addSomeRows(); }
    void headerStaysSmall() {
        constexpr std::uint64_t digits = 64;
        constexpr std::uint64_t bytesPerSection = 256;
        const MethodSpec spec = test::currentMethod();
        const EncodedTensor base = test::quantize(spec, gaussian(301, 24)).encoded();
        QVERIFY(headerBytes(base) < 2048 + bytesPerSection * base.sections.size());
        for (const auto& [rows, cols] : {std::pair<Index, Index>{8 * 301, 24}, {301, 8 * 24}}) {
            if (!test::isAccepted(spec, {rows, cols, 1e9})) continue;
            const EncodedTensor larger = test::quantize(spec, gaussian(rows, cols)).encoded();
            const std::size_t sections = std::max(larger.sections.size(), base.sections.size());
            QVERIFY(sections <= base.sections.size() + 32);
            const std::uint64_t allowed =
                headerBytes(base) + digits + bytesPerSection * (sections - base.sections.size());
            QVERIFY2(headerBytes(larger) <= allowed,
                     qPrintable(QString::number(headerBytes(larger))));
        }
    }

    void countsAreExact_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void countsAreExact() {
        const Matrix weights = gaussian(301, 24);
        const QuantizedTensor tensor = test::quantize(test::currentMethod(), weights);
        const std::vector<Codebook> books = tensor.codebooks();
        // Numbers of points of a lattice are no codewords of a codebook.
        if (books.empty()) return;
        std::uint64_t codeBits = 0;
        Index dims = 0;
        for (const Codebook& book : books) {
            QVERIFY(!book.name.empty());
            QVERIFY(book.dim >= 1 && !book.counts.empty());
            QVERIFY(book.codewords.empty() ||
                    book.codewords.size() ==
                        book.counts.size() * static_cast<std::size_t>(book.dim));
            codeBits += codesOf(book) * std::bit_width(book.counts.size() - 1);
            dims += book.dim;
        }
        // Codes have a fixed width, so their bits tell how many there are.
        QCOMPARE(codeBits, tensor.rate()[RatePart::Codes]);

        // The codewords of what a transform wraps are not values of the decoded matrix, nor are
        // those whose weights are kept beside them.
        const RateLedger rate = tensor.rate();
        if (rate[RatePart::Transforms] > 0 || rate[RatePart::Outliers] > 0 ||
            rate[RatePart::Factors] > 0) {
            return;
        }

        // Where one codebook codes all columns, or each codebook its own, the decoded matrix shows
        // which codeword was taken.
        const Matrix values = test::decoded(tensor);
        const std::optional<CodeShape> shape = tensor.codeShape();
        const bool single = books.size() == 1 && values.cols() % books[0].dim == 0;
        const bool summed = shape && shape->parts != shape->codesPerVector();
        if (!single && (summed || dims != values.cols())) return;
        Index first = 0;
        for (const Codebook& book : books) {
            if (book.codewords.empty()) continue;
            QVERIFY(recount(book, values, first, single ? values.cols() : book.dim) ==
                    stated(book));
            first += book.dim;
        }
    }

    // Codes and codewords are all there is to the values, as CodeShape says.
    void codesGiveTheValues_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void codesGiveTheValues() {
        const QuantizedTensor tensor = test::quantize(test::currentMethod(), gaussian(301, 24));
        const std::optional<CodeShape> shape = tensor.codeShape();
        if (!shape) return;
        const std::vector<Codebook> books = tensor.codebooks();
        const Index perVector = shape->codesPerVector();
        const Index perRow = shape->vectorsPerRow * perVector;
        QVERIFY(books.size() == 1 || static_cast<Index>(books.size()) == perVector);
        QCOMPARE(perVector % shape->parts, Index{0});
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(tensor.rows() * perRow));
        tensor.codes(0, codes);
        std::vector<std::uint32_t> later(static_cast<std::size_t>(perRow));
        tensor.codes(200, later);
        QVERIFY(std::ranges::equal(
            later, std::span(codes).subspan(static_cast<std::size_t>(200 * perRow), later.size())));
        const Matrix values = test::decoded(tensor);
        for (Index row = 0; row < tensor.rows(); ++row) {
            std::vector<double> coded;
            for (Index vector = 0; vector < shape->vectorsPerRow; ++vector) {
                std::vector<double> sum;
                for (Index i = 0; i < perVector; ++i) {
                    const auto at = static_cast<std::size_t>(row * perRow + vector * perVector + i);
                    const Codebook& book =
                        books.size() == 1 ? books.front() : books[static_cast<std::size_t>(i)];
                    QVERIFY(codes[at] < std::uint64_t{1}
                                            << shape->bits[static_cast<std::size_t>(i)]);
                    const auto first =
                        book.codewords.begin() + static_cast<Index>(codes[at]) * book.dim;
                    if (i % (perVector / shape->parts) == 0) {
                        sum.insert(sum.end(), first, first + book.dim);
                    } else {
                        std::transform(sum.end() - book.dim, sum.end(), first, sum.end() - book.dim,
                                       std::plus());
                    }
                }
                coded.insert(coded.end(), sum.begin(), sum.end());
            }
            for (Index column = 0; column < tensor.cols(); ++column) {
                double value = 0.0;
                if (shape->rotation.rows() == 0) {
                    value = coded[static_cast<std::size_t>(column)];
                } else {
                    QCOMPARE(static_cast<Index>(coded.size()), shape->rotation.cols());
                    for (std::size_t j = 0; j < coded.size(); ++j) {
                        value += coded[j] * static_cast<double>(
                                                shape->rotation(column, static_cast<Index>(j)));
                    }
                }
                QVERIFY(std::abs(value - static_cast<double>(values(row, column))) < 1e-5);
            }
        }
    }

    // All stages are the tensor, and each leaves what the codebook says of the part of the vectors
    // that it codes.
    void stagesAddUp_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void stagesAddUp() {
        const Matrix weights = gaussian(301, 24);
        const QuantizedTensor tensor = test::quantize(test::currentMethod(), weights);
        if (tensor.stages() == 0) return;
        const std::vector<Codebook> books = tensor.codebooks();
        const std::optional<CodeShape> shape = tensor.codeShape();
        const Index parts = shape ? shape->parts : 1;
        QCOMPARE(static_cast<Index>(books.size()), tensor.stages() * parts);
        Matrix values(tensor.rows(), tensor.cols());
        for (Index stage = 0; stage < tensor.stages(); ++stage) {
            tensor.decodeStages(stage + 1, 0, values.span());
            for (Index part = 0; part < parts; ++part) {
                const Codebook& book =
                    books[static_cast<std::size_t>(part * tensor.stages() + stage)];
                const double left = test::nmse(columnsOf(weights, book.dim, parts, part).view(),
                                               columnsOf(values, book.dim, parts, part).view());
                QVERIFY(book.residualEnergy && std::abs(left - *book.residualEnergy) <=
                                                   1e-5 * *book.residualEnergy + 1e-12);
            }
        }
        QVERIFY(test::sameValues(values.view(), test::decoded(tensor).view()));
    }

    // The value that a weight was given is one of its levels, and these ascend.
    void levelsHoldTheValues_data() { test::addPlainAndRandomRows(randomSettings, some); }
    void levelsHoldTheValues() {
        const QuantizedTensor tensor = test::quantize(test::currentMethod(), gaussian(301, 24));
        const Matrix values = test::decoded(tensor);
        for (const auto& [row, column] :
             {std::pair<Index, Index>{0, 0}, {300, 23}, {17, 5}, {150, 11}}) {
            const std::vector<float> levels = tensor.levels(row, column);
            QVERIFY(std::ranges::is_sorted(levels));
            QVERIFY(levels.empty() ||
                    std::ranges::find(levels, values(row, column)) != levels.end());
        }
    }

    void threadsDoNotMatter_data() { test::addSomeRows(test::severalBlocks); }
    void threadsDoNotMatter() {
        const MethodSpec spec = test::currentMethod();
        const Matrix weights = gaussian(test::severalBlocks.rows, test::severalBlocks.cols);
        std::optional<EncodedTensor> expected;
        for (const int threads : {1, 2, 8}) {
            EncodedTensor encoded;
            Arena(threads).execute(
                [&] { encoded = test::encode(spec, ViewSource(weights.view())); });
            if (!expected) expected = encoded;
            QVERIFY2(test::sameBits(encoded, *expected), std::to_string(threads).c_str());
            QCOMPARE(encoded.header, expected->header);
        }
    }

    void sourcesDoNotMatter_data() { test::addSomeRows(test::severalBlocks); }
    void sourcesDoNotMatter() {
        const MethodSpec spec = test::currentMethod();
        const Matrix weights = gaussian(test::severalBlocks.rows, test::severalBlocks.cols);
        const test::BlockSource blocks(weights.view());
        QVERIFY(test::sameBits(test::encode(spec, blocks),
                               test::encode(spec, ViewSource(weights.view()))));
    }

    // More bits never cost quality: what is spent beyond another setting of the same parameter has
    // to lower the error. Codebooks are trained to local optima, so 2% are allowed. The first step
    // of a series is exempt, because a grid of two levels has none at zero and one of three or four
    // has, which is worse at full range (4-sigma weights at 2 bits: 0.36 and 0.39 of the variance).
    void errorFallsWithBits_data() {
        QTest::addColumn<QString>("methods");
        const test::Occasion occasion{1501, 24, 4e8 / test::slowness};
        for (const auto& method : registry().methods()) {
            for (const auto& series : test::bitSeries(*method, occasion)) {
                Json texts = Json::array();
                for (const MethodSpec& spec : series)
                    texts.push_back(spec.toJson());
                const std::string label = test::withoutDefaults(series.back()).toText();
                QTest::newRow(label.c_str()) << QString::fromStdString(texts.dump());
            }
        }
    }
    void errorFallsWithBits() {
        QFETCH(QString, methods);
        constexpr double tolerance = 1.02;
        const Matrix weights = gaussian(1501, 24);
        std::vector<double> errors;
        std::vector<std::uint64_t> costs;
        for (const Json& json : Json::parse(methods.toStdString())) {
            const QuantizedTensor tensor = test::quantize(MethodSpec::fromJson(json), weights);
            errors.push_back(test::nmse(weights.view(), test::decoded(tensor).view()));
            costs.push_back(tensor.rate().totalBits());
        }
        for (std::size_t i = 2; i < errors.size(); ++i) {
            for (const std::size_t cheaper : {std::size_t{0}, i - 1}) {
                if (costs[i] <= costs[cheaper]) continue;
                QVERIFY2(errors[i] <= tolerance * errors[cheaper],
                         qPrintable(QStringLiteral("%1 at place %2, %3 at place %4")
                                        .arg(errors[i])
                                        .arg(i)
                                        .arg(errors[cheaper])
                                        .arg(cheaper)));
            }
        }
        // A parameter that buys bits has to buy quality with them.
        if (2 * costs.back() > 3 * costs.front()) QVERIFY(errors.back() < 0.7 * errors.front());
    }
};

QTEST_GUILESS_MAIN(TestConformanceEncoding)
#include "tst_conformance_encoding.moc"
