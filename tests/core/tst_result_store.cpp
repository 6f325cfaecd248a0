// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <limits>
#include <thread>

#include "core/base/error.h"
#include "core/base/text_file.h"
#include "core/store/result_store.h"

using namespace quantscope;

namespace {

const Json spec{{"version", 1}, {"data", Json{{"file", "/a.h5"}, {"tensors", {"*"}}}}, {"seed", 3}};

RunInfo info(const std::string& id = "r") {
    RunInfo run;
    run.runId = id;
    run.programVersion = "0.1.0";
    run.data = {"/a.h5", "00ff"};
    run.tensors = {{"w", 12, 32}};
    run.trials = {"t1", "t2", "t3"};
    return run;
}

TrialRecord record(const std::string& id, double nmse = 0.25) {
    TrialRecord made;
    made.trialId = id;
    made.tensor = "w";
    made.methodText = "scalar:bits=4";
    made.method = {"scalar", Json{{"bits", 4}}};
    made.shape = {3, 4};
    made.rows = 3;
    made.cols = 4;
    made.seed = std::numeric_limits<std::uint64_t>::max();
    made.rate[RatePart::Codes] = 48;
    made.rate[RatePart::Scales] = 32;
    made.headerBytes = 77;
    made.metrics.nmse = nmse;
    made.metrics.sqnrDb = 6.02;
    made.seconds = {0.5, 0.25, 0.125};
    made.codebooks = {{"stage 1", 2, {1, 0, 5}, {}, 0.125, 0.75, 0.9}};
    made.levels = {-0.5F, 0.1F};
    made.warnings = {"a warning"};
    return made;
}

/// A folder that does not exist yet, below a temporary one.
class NewFolder {
public:
    std::filesystem::path path() const { return m_folder.path().toStdString() + "/run"; }
    std::filesystem::path records() const { return path() / "records.jsonl"; }

private:
    QTemporaryDir m_folder;
};

QString message(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return QString::fromStdString(error.fullText());
    }
    return "no error";
}

QStringList ids(const ResultStore& store) {
    QStringList list;
    for (const TrialRecord& one : store.records())
        list << QString::fromStdString(one.trialId);
    return list;
}

void appendText(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

}  // namespace

class TestResultStore : public QObject {
    Q_OBJECT

private slots:
    void keepsRecords();
    void laterRecordsReplaceEarlierOnes();
    void ignoresATornLastLine_data();
    void ignoresATornLastLine();
    void namesADamagedLine_data();
    void namesADamagedLine();
    void refusesAnotherRun_data();
    void refusesAnotherRun();
    void refusesForeignFolders();
    void takesOverAnInterruptedStart();
    void letsOneProcessWrite();
    void removesWhatADeadWriterLeft();
    void takesPathsThatAreNoUtf8();
    void takesAppendsFromManyThreads();
    void worksWithoutAFolder();
    void refusesWhatIsNoRun();
};

void TestResultStore::keepsRecords() {
    const NewFolder folder;
    TrialRecord failed = record("t2");
    failed.error = "NaN in the weights.";
    {
        const auto store = ResultStore::create(folder.path(), spec, info(), false);
        store->append(record("t1"));
        store->append(failed);
        QCOMPARE(store->artifactPath("t1"), folder.path() / "artifacts" / "t1.h5");
    }
    const auto store = ResultStore::open(folder.path());
    QCOMPARE(store->spec(), spec);
    QVERIFY(store->run() == info());
    QCOMPARE(ids(*store), (QStringList{"t1", "t2"}));
    QCOMPARE(store->find("t1").value().toJson(), record("t1").toJson());
    const Codebook codebook = store->find("t1").value().codebooks.at(0);
    QCOMPARE(codebook.residualEnergy, std::optional(0.125));
    QCOMPARE(codebook.varianceShare, std::optional(0.75));
    QCOMPARE(codebook.unrotatedShare, std::optional(0.9));
    QVERIFY(store->find("t1").value().metrics == record("t1").metrics);
    QVERIFY(store->find("t2").value().failed());
    QVERIFY(!store->find("t3"));
}

void TestResultStore::laterRecordsReplaceEarlierOnes() {
    const NewFolder folder;
    const auto store = ResultStore::create(folder.path(), spec, info(), false);
    store->append(record("t1", 0.5));
    store->append(record("t2"));
    store->append(record("t1", 0.125));
    for (const ResultStore* one : {store.get(), ResultStore::open(folder.path()).release()}) {
        QCOMPARE(ids(*one), (QStringList{"t2", "t1"}));
        QCOMPARE(one->find("t1").value().metrics.nmse.value(), 0.125);
        if (one != store.get()) delete one;
    }
}

void TestResultStore::ignoresATornLastLine_data() {
    QTest::addColumn<QByteArray>("torn");
    const QByteArray line = QByteArray::fromStdString(record("t2").toJson().dump());
    QTest::newRow("one byte") << line.left(1);
    QTest::newRow("half") << line.left(line.size() / 2);
    QTest::newRow("all but the line end") << line;
    QTest::newRow("zeros") << QByteArray(100, '\0');
}

void TestResultStore::ignoresATornLastLine() {
    QFETCH(QByteArray, torn);
    const NewFolder folder;
    ResultStore::create(folder.path(), spec, info(), false)->append(record("t1"));
    const std::string whole = readTextFile(folder.records());
    appendText(folder.records(), torn.toStdString());
    QCOMPARE(ids(*ResultStore::open(folder.path())), QStringList{"t1"});
    // Reading leaves the file alone; writing cuts the end off first.
    QCOMPARE(readTextFile(folder.records()), whole + torn.toStdString());
    ResultStore::create(folder.path(), spec, info(), true)->append(record("t3"));
    QCOMPARE(readTextFile(folder.records()), whole + record("t3").toJson().dump() + "\n");
}

void TestResultStore::namesADamagedLine_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("expected");
    QTest::newRow("not JSON") << "{\"trial\": "
                              << "it is not valid JSON";
    QTest::newRow("no record") << "{}"
                               << "lacks an entry";
    QTest::newRow("wrong type") << "[1, 2]"
                                << "lacks an entry or holds one of another type";
}

void TestResultStore::namesADamagedLine() {
    QFETCH(QString, line);
    QFETCH(QString, expected);
    const NewFolder folder;
    ResultStore::create(folder.path(), spec, info(), false)->append(record("t1"));
    appendText(folder.records(), line.toStdString() + "\n");
    const QString said = message([&] { ResultStore::open(folder.path()); });
    QVERIFY2(said.contains("Line 2 of '"), qPrintable(said));
    QVERIFY2(said.contains(expected), qPrintable(said));
}

void TestResultStore::refusesAnotherRun_data() {
    QTest::addColumn<QByteArray>("change");
    QTest::addColumn<QString>("fingerprint");
    QTest::addColumn<QString>("expected");
    QTest::newRow("seed") << QByteArray(R"([{"op": "replace", "path": "/seed", "value": 4}])")
                          << "00ff"
                          << "holds another run. What differs: its seed.";
    QTest::newRow("tensors")
        << QByteArray(R"([{"op": "replace", "path": "/data/tensors", "value": ["a"]}])") << "00ff"
        << "What differs: its choice of tensors.";
    QTest::newRow("data and seed")
        << QByteArray(R"([{"op": "replace", "path": "/seed", "value": 4}])") << "1234"
        << "its data file and its seed.";
    QTest::newRow("only the place of the data")
        << QByteArray(R"([{"op": "replace", "path": "/data/file", "value": "/b.h5"}])") << "00ff"
        << "but its methods work differently now";
}

void TestResultStore::refusesAnotherRun() {
    QFETCH(QByteArray, change);
    QFETCH(QString, fingerprint);
    QFETCH(QString, expected);
    const NewFolder folder;
    ResultStore::create(folder.path(), spec, info(), false)->append(record("t1"));
    RunInfo other = info("another");
    other.data.fingerprint = fingerprint.toStdString();
    const Json otherSpec = spec.patch(Json::parse(change.toStdString()));
    const QString said =
        message([&] { ResultStore::create(folder.path(), otherSpec, other, true); });
    QVERIFY2(said.contains(expected), qPrintable(said));
    QCOMPARE(ResultStore::open(folder.path())->spec(), spec);
    QVERIFY(message([&] {
                ResultStore::create(folder.path(), spec, info(), false);
            }).contains("holds this run already. Resume it (--resume)"));
}

void TestResultStore::refusesForeignFolders() {
    const NewFolder folder;
    std::filesystem::create_directories(folder.path());
    writeTextFile(folder.path() / "thesis.tex", "important");
    QVERIFY(message([&] {
                ResultStore::create(folder.path(), spec, info(), true);
            }).contains("holds other things ('thesis.tex') and no run"));
    QCOMPARE(QDir(QString::fromStdString(folder.path().string())).entryList(QDir::Files),
             QStringList{"thesis.tex"});
    QVERIFY(message([&] {
                ResultStore::create(folder.path() / "thesis.tex", spec, info(), true);
            }).contains("it is a file"));
    QVERIFY(message([&] {
                ResultStore::create("/proc/run", spec, info(), false);
            }).contains("cannot be made"));
}

void TestResultStore::takesOverAnInterruptedStart() {
    const NewFolder folder;
    std::filesystem::create_directories(folder.path() / "artifacts");
    writeTextFile(folder.path() / "spec.json", "{}");
    writeTextFile(folder.path() / "run.json.part-123", "{\"ver");
    writeTextFile(folder.records(), "");
    ResultStore::create(folder.path(), spec, info(), false)->append(record("t1"));
    QCOMPARE(ids(*ResultStore::open(folder.path())), QStringList{"t1"});
}

void TestResultStore::letsOneProcessWrite() {
    const NewFolder folder;
    auto writer = ResultStore::create(folder.path(), spec, info(), false);
    writer->append(record("t1"));
    const auto reader = ResultStore::open(folder.path());
    QVERIFY(message([&] {
                ResultStore::create(folder.path(), spec, info(), true);
            }).contains("is being written already"));
    QVERIFY(message([&] { reader->append(record("t2")); }).contains("is being written already"));
    writer->append(record("t3"));
    writer.reset();
    // The reader learns what was appended meanwhile when it becomes the writer.
    reader->append(record("t2"));
    QCOMPARE(ids(*reader), (QStringList{"t1", "t3", "t2"}));
    QCOMPARE(ids(*ResultStore::open(folder.path())), (QStringList{"t1", "t3", "t2"}));
}

void TestResultStore::removesWhatADeadWriterLeft() {
    const NewFolder folder;
    ResultStore::create(folder.path(), spec, info(), false);
    const auto artifacts = folder.path() / "artifacts";
    for (const char* name : {"00ff.h5", "00ff.h5.part-123-0", "notes.txt"})
        std::ofstream(artifacts / name) << "x";
    ResultStore::create(folder.path(), spec, info(), true);
    QVERIFY(std::filesystem::exists(artifacts / "00ff.h5"));
    QVERIFY(std::filesystem::exists(artifacts / "notes.txt"));
    QVERIFY(!std::filesystem::exists(artifacts / "00ff.h5.part-123-0"));
}

void TestResultStore::takesPathsThatAreNoUtf8() {
    const NewFolder folder;
    Json odd = spec;
    odd["data"]["file"] = "/b\xFF.h5";
    RunInfo run = info();
    run.data.path = "/b\xFF.h5";
    ResultStore::create(folder.path(), odd, run, false)->append(record("t1"));
    QCOMPARE(ResultStore::open(folder.path())->records().size(), std::size_t{1});
}

void TestResultStore::takesAppendsFromManyThreads() {
    const NewFolder folder;
    const auto store = ResultStore::create(folder.path(), spec, info(), false);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    store->append(record(std::to_string(t) + "-" + std::to_string(i)));
                    store->records();
                }
            });
        }
    }
    QCOMPARE(store->records().size(), std::size_t{400});
    QCOMPARE(ids(*ResultStore::open(folder.path())), ids(*store));
}

void TestResultStore::worksWithoutAFolder() {
    const auto store = ResultStore::inMemory(spec, info());
    store->append(record("t1"));
    QCOMPARE(ids(*store), QStringList{"t1"});
    QVERIFY(store->folder().empty());
    QVERIFY(store->artifactPath("t1").empty());
}

void TestResultStore::refusesWhatIsNoRun() {
    const NewFolder folder;
    QVERIFY(message([&] {
                ResultStore::open(folder.path());
            }).contains("is not a result folder: it has no run.json"));
    std::filesystem::create_directories(folder.path());
    writeTextFile(folder.path() / "spec.json", "{}");
    writeTextFile(folder.path() / "run.json", R"({"version": 2})");
    QVERIFY(message([&] { ResultStore::open(folder.path()); }).contains("version 2 of the format"));
    writeTextFile(folder.path() / "run.json", R"({"version": 1, "run": 5})");
    QVERIFY(message([&] { ResultStore::open(folder.path()); }).contains("lacks an entry"));
}

QTEST_APPLESS_MAIN(TestResultStore)
#include "tst_result_store.moc"
