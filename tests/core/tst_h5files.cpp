// SPDX-License-Identifier: GPL-3.0-or-later
// Opens every file of tests/data/h5files and compares with what EXPECTED.csv says h5py makes of it.
#include <QTest>

#include <algorithm>
#include <regex>

#include "core/base/error.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

/// What h5py found, and where we differ from it on purpose.
struct Expectation {
    bool opens = false;
    int datasets = 0;
    int errors = 0;
};

Expectation parseExpectation(const std::string& text) {
    static const std::regex pattern(
        "opens; datasets ([0-9]+), readable [0-9]+, huge [0-9]+, errors ([0-9]+).*");
    Expectation expectation;
    std::smatch match;
    if (std::regex_match(text, match, pattern)) {
        expectation = {true, std::stoi(match[1].str()), std::stoi(match[2].str())};
    }
    return expectation;
}

void adjust(const std::string& file, Expectation& expectation) {
    // The root group cannot be listed: h5py opens such a file and fails at the first look into it.
    if (file == "bad-fuzz-06.h5" || file == "corrupt_stab_msg.h5") expectation.opens = false;
    // h5py crashes here; all three datasets are to be listed and one is unreadable.
    if (file == "bad-fuzz-16.h5") expectation = {true, 3, 1};
    // h5py walks through the cycles and follows external links; here each path that leads somewhere
    // is listed once, and what lies in other files is unreadable.
    if (file == "gen-links.h5") expectation = {true, 6, 1};
    // h5py brings its own LZF filter.
    if (file == "gen-layouts.h5") expectation.errors = 3;  // lzf and the two that claim terabytes
    // A dataset with a damaged type or shape is listed with that reason, not left out.
    if (file == "bad_compound.h5") expectation = {true, 1, 1};
    if (file == "h5repack_HDFFV-10590_CVE-2018-17432.h5") expectation = {true, 2, 1};
    // Three links lead nowhere; they are not datasets.
    if (file == "tall_with_udlink.h5") expectation.errors = 0;
}

bool isDataset(const TensorInfo& tensor) {
    return tensor.dtype != "link" && tensor.dtype != "group";
}

/// Reads a tensor to the end by its default folding.
bool canBeRead(const TensorFile& file, const TensorInfo& tensor) {
    try {
        readAll(*file.source(tensor.name, tensor.fold), {});
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// Datasets of numbers that cannot be read; those of other types are not meant to be.
int countUnreadable(const TensorFile& file) {
    return static_cast<int>(std::ranges::count_if(file.tensors(), [&](const TensorInfo& tensor) {
        if (!isDataset(tensor)) return false;
        if (tensor.dtype == "unknown") return true;
        return tensor.bytes > 0 && !tensor.orientation.empty() && !canBeRead(file, tensor);
    }));
}

}  // namespace

class TestH5Files : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void matchesExpectation_data();
    void matchesExpectation();
    void survivesCrash();
};

void TestH5Files::matchesExpectation_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("h5py");
    for (const auto& record : test::readCsv(test::h5file("EXPECTED.csv"))) {
        QTest::newRow(record[0].c_str())
            << QString::fromStdString(record[0]) << QString::fromStdString(record[2]);
    }
}

void TestH5Files::matchesExpectation() {
    QFETCH(QString, file);
    QFETCH(QString, h5py);
    Expectation expectation = parseExpectation(h5py.toStdString());
    adjust(file.toStdString(), expectation);
    std::shared_ptr<TensorFile> opened;
    QString message;
    try {
        opened = test::openProbed(test::h5file(file.toStdString()));
    } catch (const Error& error) {
        message = QString::fromStdString(error.fullText());
    }
    QCOMPARE(opened != nullptr, expectation.opens);
    if (opened == nullptr) {
        QVERIFY2(message.contains(file), qPrintable(message));
        return;
    }
    QCOMPARE(static_cast<int>(std::ranges::count_if(opened->tensors(), isDataset)),
             expectation.datasets);
    QCOMPARE(countUnreadable(*opened), expectation.errors);
    for (const TensorInfo& tensor : opened->tensors()) {
        QVERIFY2(tensor.quantizable || !tensor.reason.empty(), tensor.name.c_str());
        if (tensor.quantizable) QVERIFY2(canBeRead(*opened, tensor), tensor.name.c_str());
    }
}

void TestH5Files::survivesCrash() {
    const auto file = test::openProbed(test::h5file("bad-fuzz-16.h5"));
    const TensorInfo* damaged = file->find("w");
    QVERIFY(damaged != nullptr);
    QVERIFY(!damaged->quantizable);
    QVERIFY2(damaged->reason.find("crashed") != std::string::npos, damaged->reason.c_str());
    QCOMPARE(damaged->shape, (Shape{32, 64}));
    QVERIFY(canBeRead(*file, *file->find("plain")));
    QVERIFY_EXCEPTION_THROWN(file->source("w", {}), Error);
}

QTEST_APPLESS_MAIN(TestH5Files)
#include "tst_h5files.moc"
