// SPDX-License-Identifier: GPL-3.0-or-later
// Artifacts come back as they were written; damaged, foreign and hostile ones are refused in words.
#include <QTemporaryDir>
#include <QTest>

#include <fstream>

#include "core/base/error.h"
#include "core/io/artifact_file.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using test::Hdf5Fixture;

namespace {

Artifact exampleArtifact() {
    Artifact artifact;
    artifact.tensorName = "model/läyer.0.weight";
    artifact.tensor.method.id = "rvq";
    artifact.tensor.method.parameters = {{"stages", 2}, {"bits", 8}, {"base", "scalar"}};
    artifact.tensor.rows = 8;
    artifact.tensor.cols = 36;
    artifact.tensor.header = {{"dim", 4}, {"scale", 0.1}, {"note", "ü"}};
    artifact.tensor.sections = {
        {"codes", RatePart::Codes, 8 * 9 * 16 - 3, std::vector<std::uint8_t>(8 * 9 * 2, 0xA5)},
        {"codebook/stage 1", RatePart::Codebooks, 64, {1, 2, 3, 4, 5, 6, 7, 8}},
        {"codebook/stage 2", RatePart::Codebooks, 0, {}},
    };
    artifact.provenance = {{"file", "model.h5"}, {"seed", 42}};
    artifact.shape = {3, 3, 4, 8};
    artifact.fold.rowAxes = {3};
    return artifact;
}

QString messageOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return QString::fromStdString(error.fullText());
    }
    return {};
}

const char* const validHeader =
    R"({"method":{"id":"x","parameters":{}},"rows":4,"cols":4,"header":{},"sections":[{"name":"codes","part":"codes","used_bits":8}]})";

/// An artifact made by hand, with one attribute after the other changed by the tests.
void writeForged(const std::filesystem::path& path, const std::string& header,
                 const std::string& skipped = {}) {
    Hdf5Fixture file(path);
    const std::vector<std::pair<std::string, std::string>> attributes = {
        {"format", "quantscope-artifact"},
        {"tensor", "w"},
        {"shape", skipped.starts_with("[") ? skipped : "[4,4]"},
        {"fold", skipped.starts_with("rows") ? skipped : "rows=0"},
        {"header", header},
        {"provenance", "{}"}};
    for (const auto& [name, value] : attributes) {
        if (name != skipped) file.setText("/", name, value);
    }
    file.setInteger("/", "format_version", skipped == "version 9" ? 9 : 1);
    if (skipped == "huge section") {
        file.claim("sections/codes", {Index{1} << 50}, {});
    } else if (skipped == "chunked section") {
        file.claim("sections/codes", {Index{1} << 50}, {{1024}, 1, false});
    } else if (skipped != "section") {
        file.addBytes("sections/codes", {1}, {7});
    }
}

}  // namespace

class TestArtifactFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void roundTrip();
    void equalContentsMakeEqualFiles();
    void overheadIsSmall();
    void longProvenance();
    void leavesNothingBehindOnFailure();
    void refusesForgeries_data();
    void refusesForgeries();
    void refusesEveryTruncation();
    void noticesEveryDamagedByte();
    void refusesForeignFiles();

private:
    std::filesystem::path pathOf(const std::string& name) const {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }
    QTemporaryDir m_folder;
};

void TestArtifactFile::roundTrip() {
    const Artifact written = exampleArtifact();
    writeArtifact(pathOf("a.h5"), written);
    for (const auto& prober : {std::filesystem::path(), test::prober()}) {
        const Artifact read = readArtifact(pathOf("a.h5"), prober);
        QCOMPARE(read.tensorName, written.tensorName);
        QVERIFY(read.tensor.method == written.tensor.method);
        QCOMPARE(read.tensor.rows, written.tensor.rows);
        QCOMPARE(read.tensor.cols, written.tensor.cols);
        QVERIFY(read.tensor.header == written.tensor.header);
        QVERIFY(read.provenance == written.provenance);
        QCOMPARE(read.shape, written.shape);
        QCOMPARE(read.fold, written.fold);
        QVERIFY(read.tensor.rate() == written.tensor.rate());
        QCOMPARE(read.tensor.sections.size(), written.tensor.sections.size());
        for (std::size_t i = 0; i < read.tensor.sections.size(); ++i) {
            const Section& a = read.tensor.sections[i];
            const Section& b = written.tensor.sections[i];
            QCOMPARE(a.name, b.name);
            QCOMPARE(a.part, b.part);
            QCOMPARE(a.usedBits, b.usedBits);
            QCOMPARE(a.bytes, b.bytes);
        }
    }
}

void TestArtifactFile::equalContentsMakeEqualFiles() {
    writeArtifact(pathOf("b1.h5"), exampleArtifact());
    writeArtifact(pathOf("b2.h5"), exampleArtifact());
    const auto contents = [](const std::filesystem::path& path) {
        std::ifstream stream(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    QCOMPARE(contents(pathOf("b1.h5")), contents(pathOf("b2.h5")));
}

void TestArtifactFile::overheadIsSmall() {
    Artifact artifact = exampleArtifact();
    artifact.tensor.sections[0].bytes.resize(1'000'000);
    writeArtifact(pathOf("c.h5"), artifact);
    const std::uint64_t stored = std::filesystem::file_size(pathOf("c.h5"));
    const std::uint64_t sections = 1'000'008;
    QVERIFY(stored >= sections + headerBytes(artifact.tensor));
    QVERIFY2(stored < sections + headerBytes(artifact.tensor) + 2048,
             std::to_string(stored).c_str());
}

void TestArtifactFile::longProvenance() {
    Artifact artifact = exampleArtifact();
    artifact.provenance["spec"] = std::string(300'000, 'x');
    artifact.provenance["path"] = "bad \xFF utf-8";
    writeArtifact(pathOf("d.h5"), artifact);
    const Artifact read = readArtifact(pathOf("d.h5"));
    QVERIFY(read.provenance["spec"] == artifact.provenance["spec"]);
}

void TestArtifactFile::leavesNothingBehindOnFailure() {
    const auto folder = pathOf("failures");
    std::filesystem::create_directory(folder);
    Artifact artifact = exampleArtifact();
    artifact.tensor.sections[1].name = "codes/inside a dataset";
    QVERIFY_EXCEPTION_THROWN(writeArtifact(folder / "e.h5", artifact), Error);
    QVERIFY(std::filesystem::is_empty(folder));
    const QString message =
        messageOf([&] { writeArtifact(folder / "missing" / "e.h5", exampleArtifact()); });
    QVERIFY2(message.contains("there is no folder"), qPrintable(message));
}

void TestArtifactFile::refusesForgeries_data() {
    QTest::addColumn<QString>("header");
    QTest::addColumn<QString>("skipped");
    QTest::addColumn<QString>("expected");
    const QString good = validHeader;
    const auto replaced = [&](const char* before, const char* after) {
        return QString(good).replace(before, after);
    };
    QTest::newRow("intact") << good << ""
                            << "";
    QTest::newRow("no format") << good << "format"
                               << "not an artifact";
    QTest::newRow("newer version") << good << "version 9"
                                   << "newer version";
    QTest::newRow("no header") << good << "header"
                               << "'header' is missing";
    QTest::newRow("no tensor") << good << "tensor"
                               << "'tensor' is missing";
    QTest::newRow("no section") << good << "section"
                                << "'codes' is missing";
    QTest::newRow("claims 4 PB") << good << "huge section"
                                 << "not stored as bytes";
    QTest::newRow("chunked") << good << "chunked section"
                             << "not stored as bytes";
    QTest::newRow("no JSON") << "{\"method\":"
                             << ""
                             << "not valid JSON";
    QTest::newRow("deep JSON") << QString("[").repeated(40000) << ""
                               << "not valid JSON";
    QTest::newRow("list") << "[]"
                          << ""
                          << "not valid JSON";
    QTest::newRow("no rows") << replaced("\"rows\":4,", "") << ""
                             << "incomplete";
    QTest::newRow("negative rows") << replaced("\"rows\":4", "\"rows\":-4") << ""
                                   << "negative";
    QTest::newRow("overflow") << QString(good)
                                     .replace("\"rows\":4", "\"rows\":4611686018427387904")
                                     .replace("\"cols\":4", "\"cols\":4611686018427387904")
                              << ""
                              << "impossible size";
    // decode writes by shape and folding what the decoder makes by rows and columns.
    for (const char* shape : {"[4,5]", "[2,4]", "[5,4]", "[4,4,2]", "[4]"}) {
        QTest::newRow(shape) << good << shape << "does not make its 4 rows and 4 columns";
    }
    QTest::newRow("negative length") << good << "[-4,-4]"
                                     << "is impossible";
    QTest::newRow("overflowing shape") << good << "[4,4611686018427387904,4]"
                                       << "is impossible";
    QTest::newRow("overflowing empty shape") << good << "[0,4294967296,4294967296]"
                                             << "is impossible";
    QTest::newRow("fold of another rank") << good << "rows=2"
                                          << "names axis 2";
    QTest::newRow("all rows") << good << "rows=0,1"
                              << "does not make";
    QTest::newRow("the matrix itself") << good << "[]"
                                       << "";
    QTest::newRow("unknown part") << replaced("\"part\":\"codes\"", "\"part\":\"junk\"") << ""
                                  << "unknown part";
    QTest::newRow("too many bits") << replaced("\"used_bits\":8", "\"used_bits\":9") << ""
                                   << "shorter than it says";
}

void TestArtifactFile::refusesForgeries() {
    QFETCH(QString, header);
    QFETCH(QString, skipped);
    QFETCH(QString, expected);
    writeForged(pathOf("f.h5"), header.toStdString(), skipped.toStdString());
    const QString message = messageOf([&] { readArtifact(pathOf("f.h5")); });
    if (expected.isEmpty()) {
        QCOMPARE(message, QString());
    } else {
        QVERIFY2(message.contains(expected), qPrintable(message));
        QVERIFY2(message.contains("f.h5"), qPrintable(message));
    }
}

void TestArtifactFile::refusesEveryTruncation() {
    writeArtifact(pathOf("g.h5"), exampleArtifact());
    std::ifstream stream(pathOf("g.h5"), std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(stream), {});
    for (std::size_t length = 0; length < whole.size(); length += 97) {
        std::ofstream(pathOf("h.h5"), std::ios::binary) << whole.substr(0, length);
        QVERIFY_EXCEPTION_THROWN(readArtifact(pathOf("h.h5")), Error);
    }
}

// Every single damaged byte is noticed, unless it is one that nothing is read from.
void TestArtifactFile::noticesEveryDamagedByte() {
    const Artifact written = exampleArtifact();
    writeArtifact(pathOf("i.h5"), written);
    std::ifstream stream(pathOf("i.h5"), std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(stream), {});
    int refused = 0;
    for (std::size_t position = 0; position < whole.size(); ++position) {
        std::string damaged = whole;
        damaged[position] = static_cast<char>(damaged[position] ^ 0x10);
        std::ofstream(pathOf("j.h5"), std::ios::binary) << damaged;
        try {
            const Artifact read = readArtifact(pathOf("j.h5"));
            QCOMPARE(read.tensorName, written.tensorName);
            QVERIFY(read.tensor.header == written.tensor.header);
            for (std::size_t i = 0; i < read.tensor.sections.size(); ++i)
                QCOMPARE(read.tensor.sections[i].bytes, written.tensor.sections[i].bytes);
        } catch (const Error&) {
            ++refused;
        }
    }
    QVERIFY(refused > static_cast<int>(whole.size()) / 2);
}

void TestArtifactFile::refusesForeignFiles() {
    QVERIFY(messageOf([] {
                readArtifact(test::dataset("stories260k.h5"));
            }).contains("not an artifact of Quantscope"));
    QVERIFY(
        messageOf([] { readArtifact(test::dataset("README.md")); }).contains("not an HDF5 file"));
    QVERIFY(messageOf([] { readArtifact("nowhere.h5"); }).contains("There is no file"));
}

QTEST_APPLESS_MAIN(TestArtifactFile)
#include "tst_artifact_file.moc"
