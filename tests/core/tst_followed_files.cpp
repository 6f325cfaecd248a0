// SPDX-License-Identifier: GPL-3.0-or-later
// Values in other files: what they may claim, and that they belong to a file's identity.
#include <QTemporaryDir>
#include <QTest>
#include <fstream>

#include "core/base/error.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using test::Hdf5Fixture;

class TestFollowedFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void otherFilesBelongToTheFingerprint_data();
    void otherFilesBelongToTheFingerprint();
    void theFingerprintFollowsTheFile();
    void virtualDatasetsCannotClaimWhatIsNowhere();
    void firstIntegersOfEachRow();
    void openingCanBeStopped();

private:
    std::filesystem::path pathOf(const std::string& name) const {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }
    static std::string fingerprintOf(const std::filesystem::path& path, bool follow) {
        return test::openProbed(path, follow)->fingerprint({});
    }
    QTemporaryDir m_folder;
};

void TestFollowedFiles::otherFilesBelongToTheFingerprint_data() {
    QTest::addColumn<QString>("way");
    QTest::newRow("external link") << "link";
    QTest::newRow("virtual dataset") << "virtual";
    QTest::newRow("pattern of a virtual dataset") << "pattern";
}

void TestFollowedFiles::otherFilesBelongToTheFingerprint() {
    QFETCH(QString, way);
    const auto target = pathOf("target-0.h5");
    const auto writeTarget = [&](float value) {
        Hdf5Fixture(target).addFloats("w", {2, 2}, {value, 1, 2, 3});
    };
    writeTarget(0.0F);
    {
        Hdf5Fixture file(pathOf("main.h5"));
        file.addFloats("own", {1, 2}, {5, 6});
        if (way == "link") file.addExternalLink("target-0.h5", "/w", "w");
        if (way == "virtual") file.addVirtual("w", {2, 2}, "target-0.h5", "/w", {2, 2});
        if (way == "pattern") file.addVirtual("w", {2, 2}, "target-%b.h5", "/w", {2, 2});
    }
    const std::string followed = fingerprintOf(pathOf("main.h5"), true);
    const std::string alone = fingerprintOf(pathOf("main.h5"), false);
    QVERIFY(followed != alone);
    QCOMPARE(fingerprintOf(pathOf("main.h5"), true), followed);
    writeTarget(9.0F);
    QVERIFY2(fingerprintOf(pathOf("main.h5"), true) != followed,
             "other values pass for the same data");
    QCOMPARE(fingerprintOf(pathOf("main.h5"), false), alone);
}

void TestFollowedFiles::theFingerprintFollowsTheFile() {
    const auto path = pathOf("changing.h5");
    Hdf5Fixture(path).addFloats("w", {1, 2}, {1, 2});
    const auto file = test::openProbed(path);
    const std::string before = file->fingerprint({});
    // A stop is noticed while the file is hashed, so what does not notice it did not hash.
    std::stop_source stop;
    stop.request_stop();
    QCOMPARE(file->fingerprint(stop.get_token()), before);
    std::ofstream(path, std::ios::binary | std::ios::app) << "more";
    QVERIFY_THROWS_EXCEPTION(Cancelled, file->fingerprint(stop.get_token()));
    QVERIFY(file->fingerprint({}) != before);
}

void TestFollowedFiles::virtualDatasetsCannotClaimWhatIsNowhere() {
    // 4 TB, of which 16 bytes are stored: at 8 MB/s the check would be given days.
    {
        Hdf5Fixture file(pathOf("claims.h5"));
        file.addFloats("w", {2, 2}, {1, 2, 3, 4});
        file.addVirtual("huge", {Index{1} << 20, Index{1} << 20}, ".", "/w", {2, 2});
        file.addVirtual("small", {3, 2}, ".", "/w", {2, 2});
    }
    const auto file = test::openProbed(pathOf("claims.h5"));
    QVERIFY(file->find("small")->quantizable);
    const TensorInfo* huge = file->find("huge");
    QVERIFY(!huge->quantizable);
    QVERIFY2(huge->reason.find("Claims 4.40 TB") != std::string::npos, huge->reason.c_str());
}

void TestFollowedFiles::firstIntegersOfEachRow() {
    Hdf5Fixture(pathOf("integers.h5")).addIntegers("n", {2, 3}, {1, 2, 3, 4, 5, 6});
    const auto file = test::openProbed(pathOf("integers.h5"));
    QCOMPARE(file->readFirstIntegers("n", 2), (std::vector<std::int64_t>{1, 2, 4, 5}));
    QVERIFY(file->readFirstIntegers("n", 0).empty());
    QVERIFY_THROWS_EXCEPTION(Error, file->readFirstIntegers("n", 4));
}

void TestFollowedFiles::openingCanBeStopped() {
    Hdf5Fixture(pathOf("stopped.h5")).addFloats("w", {1, 2}, {1, 2});
    std::stop_source stop;
    stop.request_stop();
    OpenOptions options;
    options.prober = test::prober();
    options.stop = stop.get_token();
    QVERIFY_THROWS_EXCEPTION(Cancelled, TensorFile::open(pathOf("stopped.h5"), options));
}

QTEST_APPLESS_MAIN(TestFollowedFiles)
#include "tst_followed_files.moc"
