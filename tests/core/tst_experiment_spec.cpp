// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QtTest>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/base/text_file.h"
#include "core/run/experiment_spec.h"
#include "tests/core/random_experiment.h"

using namespace quantscope;

namespace {

constexpr const char* minimal = R"({"version": 1, "data": {"file": "a.h5"}, "methods": []})";

QString message(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return QString::fromStdString(error.fullText());
    }
    return "no error";
}

}  // namespace

class TestExperimentSpec : public QObject {
    Q_OBJECT

private slots:
    void readsEverything();
    void fillsInDefaults();
    void refuses_data();
    void refuses();
    void survivesJson();
    void pathsAreRelativeToTheFile();
    void savesPortablePaths_data();
    void savesPortablePaths();
    void saysWhatIsWrongWithAFile_data();
    void saysWhatIsWrongWithAFile();
    void replacesAFileAsAWhole();
};

void TestExperimentSpec::readsEverything() {
    const ExperimentSpec spec = ExperimentSpec::fromJson(Json::parse(R"({
        "version": 1, "title": "A tour",
        "data": {"file": "/x/model.h5", "tensors": ["*.weight", "b"], "exclude": ["norm*"],
                 "folds": [{"tensors": "kernel*", "fold": "rows=3"},
                           {"tensors": "bias", "fold": "rows="}],
                 "normalize": "rows", "follow_external_links": true},
        "hessians": "/x/h.h5",
        "methods": ["scalar:bits=2..4", {"id": "pq", "parameters": {"m": [4, 8]}}],
        "metrics": ["nmse", "sqnr_db"], "seed": 18446744073709551615})"));
    QCOMPARE(spec.title, std::string("A tour"));
    QCOMPARE(spec.data.file, std::filesystem::path("/x/model.h5"));
    QCOMPARE(spec.data.tensors, (std::vector<std::string>{"*.weight", "b"}));
    QCOMPARE(spec.data.exclude, std::vector<std::string>{"norm*"});
    QCOMPARE(spec.data.folds.size(), std::size_t{2});
    QCOMPARE(spec.data.folds[0].first, std::string("kernel*"));
    QVERIFY(spec.data.folds[0].second == FoldRule{{3}});
    QVERIFY(spec.data.folds[1].second == FoldRule{{}});
    QVERIFY(spec.data.normalize == Normalize::Rows);
    QVERIFY(spec.data.followExternalLinks);
    QCOMPARE(spec.hessians, std::filesystem::path("/x/h.h5"));
    QCOMPARE(spec.methods.size(), std::size_t{2});
    QCOMPARE(spec.methods[0].toText(), std::string("scalar:bits=2..4"));
    QCOMPARE(spec.methods[1].toText(), std::string("pq:m=[4,8]"));
    QCOMPARE(spec.metrics, (std::vector<std::string>{"nmse", "sqnr_db"}));
    QCOMPARE(spec.seed, std::uint64_t{18446744073709551615ULL});
}

void TestExperimentSpec::fillsInDefaults() {
    const ExperimentSpec spec = ExperimentSpec::fromJson(Json::parse(minimal));
    QCOMPARE(spec.data.tensors, std::vector<std::string>{"*"});
    QVERIFY(spec.data.normalize == Normalize::Automatic);
    QVERIFY(!spec.data.followExternalLinks);
    QVERIFY(spec.hessians.empty());
    QCOMPARE(spec.seed, std::uint64_t{0});
}

void TestExperimentSpec::refuses_data() {
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* json, const char* expected) {
        QTest::newRow(name) << json << expected;
    };
    row("a list", "[]", "The document cannot be [].");
    row("no version", R"({"data": {"file": "a"}, "methods": []})", "'version' is missing.");
    row("newer version", R"({"version": 2, "nonsense": 1})", "The experiment has version 2;");
    row("version as text", R"({"version": "1", "data": {"file": "a"}, "methods": []})",
        "'version' cannot be \"1\".");
    row("no data", R"({"version": 1, "methods": []})", "'data' is missing.");
    row("no methods", R"({"version": 1, "data": {"file": "a"}})", "'methods' is missing.");
    row("no file", R"({"version": 1, "data": {}, "methods": []})", "'file' of 'data' is missing.");
    row("misspelt key", R"({"version": 1, "data": {"file": "a"}, "method": []})",
        "The document has an unknown key 'method'. Did you mean 'methods'?");
    row("misspelt data key",
        R"({"version": 1, "data": {"file": "a", "tensor": []}, "methods": []})",
        "'data' has an unknown key 'tensor'. Did you mean 'tensors'?");
    row("tensors as text",
        R"({"version": 1, "data": {"file": "a", "tensors": "*"}, "methods": []})",
        "'tensors' of 'data' cannot be \"*\".");
    row("number as tensor",
        R"({"version": 1, "data": {"file": "a", "tensors": [3]}, "methods": []})",
        "'tensors' of 'data' cannot hold 3.");
    row("fold without tensors",
        R"({"version": 1, "data": {"file": "a", "folds": [{"fold": "rows=0"}]}, "methods": []})",
        "'tensors' of 'folds, entry 1' is missing.");
    row("odd fold",
        R"({"version": 1, "data": {"file": "a", "folds": [{"tensors": "*", "fold": "cols=1"}]},
            "methods": []})",
        "'cols=1' is not a folding rule.");
    row("odd normalization",
        R"({"version": 1, "data": {"file": "a", "normalize": "row"}, "methods": []})",
        "Normalization cannot be 'row'. Did you mean 'rows'?");
    row("links as text",
        R"({"version": 1, "data": {"file": "a", "follow_external_links": "yes"}, "methods": []})",
        "'follow_external_links' of 'data' cannot be \"yes\". It is true or false.");
    row("method as number", R"({"version": 1, "data": {"file": "a"}, "methods": [3]})",
        "A method in JSON cannot be 3.");
    row("method with a slip", R"({"version": 1, "data": {"file": "a"}, "methods": ["pq:m"]})",
        "expected '=' after 'm'");
    row("unknown metric",
        R"({"version": 1, "data": {"file": "a"}, "methods": [], "metrics": ["nsme"]})",
        "There is no metric 'nsme'. Did you mean 'nmse'?");
    row("negative seed", R"({"version": 1, "data": {"file": "a"}, "methods": [], "seed": -1})",
        "'seed' cannot be -1.");
    row("seed with a fraction",
        R"({"version": 1, "data": {"file": "a"}, "methods": [], "seed": 1.5})",
        "'seed' cannot be 1.5.");
}

void TestExperimentSpec::refuses() {
    QFETCH(QString, json);
    QFETCH(QString, expected);
    const Json parsed = Json::parse(json.toStdString());
    const QString said = message([&] { ExperimentSpec::fromJson(parsed); });
    QVERIFY2(said.contains(expected), qPrintable(said));
}

void TestExperimentSpec::survivesJson() {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const ExperimentSpec spec = randomExperiment(seed);
        const std::string text = spec.toJson().dump();
        QVERIFY2(ExperimentSpec::fromJson(Json::parse(text)) == spec, text.c_str());
    }
}

void TestExperimentSpec::pathsAreRelativeToTheFile() {
    const QTemporaryDir folder;
    const std::filesystem::path path(folder.path().toStdString());
    writeTextFile(path / "e.json",
                  R"({"version": 1, "data": {"file": "../a.h5"}, "hessians": "b/h.h5",
                      "methods": []})");
    const ExperimentSpec spec = ExperimentSpec::load(path / "e.json");
    QCOMPARE(spec.data.file, path.parent_path() / "a.h5");
    QCOMPARE(spec.hessians, path / "b" / "h.h5");
}

void TestExperimentSpec::savesPortablePaths_data() {
    QTest::addColumn<QString>("data");
    QTest::addColumn<QString>("written");
    // The experiment is /<folder>/x/e.json.
    QTest::newRow("below") << "x/y/a.h5"
                           << "y/a.h5";
    QTest::newRow("beside the file") << "x/a.h5"
                                     << "a.h5";
    QTest::newRow("beside the folder") << "a.h5"
                                       << "../a.h5";
    QTest::newRow("in a neighbour") << "y/a.h5"
                                    << "../y/a.h5";
}

void TestExperimentSpec::savesPortablePaths() {
    QFETCH(QString, data);
    QFETCH(QString, written);
    const QTemporaryDir folder;
    const std::filesystem::path root(folder.path().toStdString());
    std::filesystem::create_directory(root / "x");
    ExperimentSpec spec;
    spec.data.file = root / data.toStdString();
    spec.hessians = "/far/away/h.h5";
    spec.save(root / "x" / "e.json");
    const Json json = readJsonFile(root / "x" / "e.json");
    QCOMPARE(QString::fromStdString(json["data"]["file"]), written);
    QCOMPARE(json["hessians"], Json("/far/away/h.h5"));
    QVERIFY(ExperimentSpec::load(root / "x" / "e.json") == spec);
}

void TestExperimentSpec::saysWhatIsWrongWithAFile_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("expected");
    QTest::newRow("empty") << QByteArray("") << "cannot be understood at line 1, column 1";
    QTest::newRow("trailing comma")
        << QByteArray("{\n  \"version\": 1,\n}") << "cannot be understood at line 3, column 1";
    QTest::newRow("key twice") << QByteArray(R"({"version": 1, "seed": 1, "seed": 2})")
                               << "has the key 'seed' twice";
    QTest::newRow("not UTF-8") << QByteArray("{\"title\": \"\xff\"}") << "cannot be understood at";
    QTest::newRow("deep") << QByteArray(100000, '[') << "nested more than 100 levels deep";
    QTest::newRow("unknown key") << QByteArray(R"({"version": 1, "sed": 1})")
                                 << "cannot be used: The document has an unknown key 'sed'.";
}

void TestExperimentSpec::saysWhatIsWrongWithAFile() {
    QFETCH(QByteArray, content);
    QFETCH(QString, expected);
    const QTemporaryDir folder;
    const std::filesystem::path path = (folder.path() + "/e.json").toStdString();
    writeTextFile(path, content.toStdString());
    const QString said = message([&] { ExperimentSpec::load(path); });
    QVERIFY2(said.contains(expected), qPrintable(said));
    QVERIFY2(said.contains("e.json"), qPrintable(said));
}

void TestExperimentSpec::replacesAFileAsAWhole() {
    const QTemporaryDir folder;
    const std::filesystem::path path = (folder.path() + "/e.json").toStdString();
    writeTextFile(path, "old");
    writeTextFile(path, "new");
    QCOMPARE(readTextFile(path), std::string("new"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList{"e.json"});
    const QString said =
        message([&] { writeTextFile(path.parent_path() / "no" / "such" / "e.json", "x"); });
    QVERIFY2(said.contains("cannot be written: No such file or directory."), qPrintable(said));
    QVERIFY(message([&] { readTextFile(path.parent_path()); }).contains("cannot be read"));
}

QTEST_APPLESS_MAIN(TestExperimentSpec)
#include "tst_experiment_spec.moc"
