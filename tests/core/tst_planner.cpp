// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/base/error.h"
#include "core/run/planner.h"
#include "core/run/tensor_selection.h"
#include "tests/core/fake_method.h"
#include "tests/core/fake_tensor_file.h"

using namespace quantscope;

namespace {

std::shared_ptr<FakeTensorFile> layers() {
    auto file = std::make_shared<FakeTensorFile>();
    file->addNormal("layers/0/weight", 4, 6, 1);
    file->addNormal("layers/0/bias", 1, 4, 2);
    file->addText("layers/0/note");
    file->addNormal("layers/1/weight", 3, 5, 3);
    file->addNormal("odd[1]", 2, 2, 4);
    return file;
}

DataSpec dataOf(const QStringList& tensors, const QStringList& exclude = {}) {
    DataSpec data;
    data.file = "/data/fake.h5";
    data.tensors.clear();
    for (const QString& pattern : tensors)
        data.tensors.push_back(pattern.toStdString());
    for (const QString& pattern : exclude)
        data.exclude.push_back(pattern.toStdString());
    return data;
}

ExperimentSpec experiment(const DataSpec& data, const std::vector<const char*>& methods) {
    ExperimentSpec spec;
    spec.data = data;
    for (const char* method : methods)
        spec.methods.push_back(SweptMethod::parse(method));
    return spec;
}

QStringList names(const TensorSelection& selection) {
    QStringList list;
    for (const SelectedTensor& tensor : selection.tensors)
        list << QString::fromStdString(tensor.info->name);
    return list;
}

QString joined(const std::vector<std::string>& texts) {
    QStringList list;
    for (const std::string& text : texts)
        list << QString::fromStdString(text);
    return list.join(" | ");
}

QString message(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return QString::fromStdString(error.fullText());
    }
    return "no error";
}

Plan planOf(const ExperimentSpec& spec, std::shared_ptr<const TensorFile> file) {
    return makePlan(spec, fakeRegistry(), std::move(file), {}, {});
}

}  // namespace

class TestPlanner : public QObject {
    Q_OBJECT

private slots:
    void selects_data();
    void selects();
    void refusesToSelect_data();
    void refusesToSelect();
    void remarksOnWhatIsLeftOut();
    void foldsByTheFirstPattern();
    void normalizesTheSearchedRowsOfAngularFiles_data();
    void normalizesTheSearchedRowsOfAngularFiles();
    void queriesAreQuantizedOnlyWhenNamed();
    void labelsSayWhatWasGivenAndCounts_data();
    void labelsSayWhatWasGivenAndCounts();
    void givenDefaultsDoNotMakeAnotherTrial();
    void expandsTensorsTimesMethods();
    void refusesExperiments_data();
    void refusesExperiments();
    void keepsRefusedTrials();
    void warnsOfParametersWithoutEffect();
    void idsChangeWithWhatDecidesTheResult();
    void idsChangeWithNestedMethods();
    void runsMethodsThatMeanTheSameOnce();
    void readsNoHessian();
    void givenCodebooksBelongToTheTrial();
    void describesTheRun();
};

void TestPlanner::selects_data() {
    QTest::addColumn<QStringList>("tensors");
    QTest::addColumn<QStringList>("exclude");
    QTest::addColumn<QStringList>("expected");
    const QStringList all = {"layers/0/weight", "layers/0/bias", "layers/1/weight", "odd[1]"};
    QTest::newRow("everything") << QStringList{"*"} << QStringList{} << all;
    QTest::newRow("last part") << QStringList{"weight"} << QStringList{}
                               << QStringList{"layers/0/weight", "layers/1/weight"};
    QTest::newRow("a group") << QStringList{"layers/0/*"} << QStringList{}
                             << QStringList{"layers/0/weight", "layers/0/bias"};
    QTest::newRow("two patterns, file order") << QStringList{"layers/1/*", "*bias"} << QStringList{}
                                              << QStringList{"layers/0/bias", "layers/1/weight"};
    QTest::newRow("exclusion") << QStringList{"*"} << QStringList{"*weight", "odd*"}
                               << QStringList{"layers/0/bias"};
    QTest::newRow("exact name with brackets")
        << QStringList{"odd[1]"} << QStringList{} << QStringList{"odd[1]"};
}

void TestPlanner::selects() {
    QFETCH(QStringList, tensors);
    QFETCH(QStringList, exclude);
    QFETCH(QStringList, expected);
    QCOMPARE(names(selectTensors(*layers(), dataOf(tensors, exclude))), expected);
}

void TestPlanner::refusesToSelect_data() {
    QTest::addColumn<QStringList>("tensors");
    QTest::addColumn<QStringList>("exclude");
    QTest::addColumn<QString>("expected");
    QTest::newRow("nothing matches")
        << QStringList{"conv*"} << QStringList{}
        << "No tensor of '/data/fake.h5' matches 'conv*'. Its first one is 'layers/0/weight'.";
    QTest::newRow("a slip") << QStringList{"layers/0/wieght"} << QStringList{}
                            << "Did you mean 'layers/0/weight'?";
    QTest::newRow("all excluded") << QStringList{"*"} << QStringList{"*"}
                                  << "matches '*' without '*'.";
    QTest::newRow("only text") << QStringList{"layers/0/note"} << QStringList{}
                               << "can be quantized: 'layers/0/note' (it holds text).";
}

void TestPlanner::refusesToSelect() {
    QFETCH(QStringList, tensors);
    QFETCH(QStringList, exclude);
    QFETCH(QString, expected);
    const QString said = message([&] { selectTensors(*layers(), dataOf(tensors, exclude)); });
    QVERIFY2(said.contains(expected), qPrintable(said));
}

void TestPlanner::remarksOnWhatIsLeftOut() {
    DataSpec data = dataOf({"layers/*", "nothing"}, {"never"});
    data.folds = {{"nowhere", FoldRule{{0}}}};
    QCOMPARE(joined(selectTensors(*layers(), data).remarks),
             QString("Left out, because they cannot be quantized: 'layers/0/note' (it holds text)."
                     " | The pattern 'nothing' matches nothing."
                     " | The exclusion 'never' matches nothing."
                     " | The folding for 'nowhere' matches nothing."));
}

void TestPlanner::foldsByTheFirstPattern() {
    DataSpec data = dataOf({"*weight"});
    data.folds = {{"layers/1/*", FoldRule{{1}}}, {"*", FoldRule{{0}}}};
    const TensorSelection selection = selectTensors(*layers(), data);
    QVERIFY(selection.tensors[0].fold == FoldRule{{0}});
    QVERIFY(selection.tensors[1].fold == FoldRule{{1}});
    data.folds = {{"*bias", FoldRule{{7}}}, {"*weight", FoldRule{{2}}}};
    QCOMPARE(
        message([&] { selectTensors(*layers(), data); }),
        QString("The folding for '*weight' does not fit 'layers/0/weight': Folding rule rows=2 "
                "names axis 2, but the tensor (4x6) has 2 axes. Axes count from 0."));
}

void TestPlanner::normalizesTheSearchedRowsOfAngularFiles_data() {
    QTest::addColumn<int>("normalize");
    QTest::addColumn<bool>("angular");
    QTest::addColumn<QList<bool>>("expected");  // train, test
    const auto row = [](const char* name, Normalize normalize, bool angular, QList<bool> expected) {
        QTest::newRow(name) << static_cast<int>(normalize) << angular << expected;
    };
    row("automatic, angular", Normalize::Automatic, true, {true, false});
    row("automatic, euclidean", Normalize::Automatic, false, {false, false});
    row("never", Normalize::Never, true, {false, false});
    row("rows", Normalize::Rows, false, {true, true});
}

void TestPlanner::normalizesTheSearchedRowsOfAngularFiles() {
    QFETCH(int, normalize);
    QFETCH(bool, angular);
    QFETCH(QList<bool>, expected);
    FakeTensorFile file;
    file.addNormal("train", 8, 4, 1);
    file.addNormal("test", 2, 4, 2);
    SearchGroundTruth truth;
    truth.queries = "test";
    truth.neighbors = "neighbors";
    truth.angular = angular;
    file.setGroundTruth(truth);
    DataSpec data = dataOf({"train", "test"});
    data.normalize = static_cast<Normalize>(normalize);
    const TensorSelection selection = selectTensors(file, data);
    QCOMPARE(selection.tensors[0].normalized, expected[0]);
    QCOMPARE(selection.tensors[1].normalized, expected[1]);
    QVERIFY(selection.tensors[0].isSearched);
    QVERIFY(!selection.tensors[1].isSearched);
}

void TestPlanner::queriesAreQuantizedOnlyWhenNamed() {
    FakeTensorFile file;
    file.addNormal("test", 2, 4, 2);
    file.addNormal("train", 8, 4, 1);
    SearchGroundTruth truth;
    truth.queries = "test";
    truth.neighbors = "neighbors";
    file.setGroundTruth(truth);
    const TensorSelection everything = selectTensors(file, dataOf({"*"}));
    QCOMPARE(everything.tensors.size(), std::size_t{1});
    QCOMPARE(everything.tensors[0].info->name, std::string("train"));
    QCOMPARE(joined(everything.remarks),
             QString("Left out, unless named: 'test' (queries of the search)."));
    QCOMPARE(selectTensors(file, dataOf({"test"})).tensors.size(), std::size_t{1});
    // Nor is the state of an optimizer; when there is nothing else, that is said.
    FakeTensorFile trained;
    trained.addNormal("optimizer/m", 2, 4, 3);
    trained.setAuxiliary("optimizer/m");
    try {
        selectTensors(trained, dataOf({"*"}));
        QFAIL("taken");
    } catch (const Error& error) {
        QVERIFY(QString(error.what()).contains("'optimizer/m' (state of the optimizer)"));
    }
    trained.addNormal("w", 2, 4, 4);
    QCOMPARE(selectTensors(trained, dataOf({"*"})).tensors.at(0).info->name, std::string("w"));
    QCOMPARE(selectTensors(trained, dataOf({"*", "optimizer/*"})).tensors.size(), std::size_t{2});
    QCOMPARE(selectTensors(file, dataOf({"t*"})).tensors.size(), std::size_t{2});
}

void TestPlanner::labelsSayWhatWasGivenAndCounts_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<QStringList>("labels");
    const auto row = [](const char* method, const QStringList& labels) {
        QTest::newRow(method) << QString(method) << labels;
    };
    row("fake", {"fake"});
    row("fake:bits=4", {"fake:bits=4"});  // The default, but given.
    row("fake:bits=3..5", {"fake:bits=3", "fake:bits=4", "fake:bits=5"});
    row("fake:bits=5,noise_seed=7", {"fake:bits=5"});
    row("fake:noise=true,noise_seed=7", {"fake:noise=true,noise_seed=7"});
    row("fake:bits=5,noise_seed=[1,2]", {"fake:bits=5"});
}

void TestPlanner::labelsSayWhatWasGivenAndCounts() {
    QFETCH(QString, method);
    QFETCH(QStringList, labels);
    const Plan plan = planOf(experiment(dataOf({"odd[1]"}), {method.toUtf8().data()}), layers());
    QStringList found;
    for (const Trial& trial : plan.trials)
        found << QString::fromStdString(trial.methodText);
    QCOMPARE(found, labels);
    // A label is a method: it runs as the same trial where everything given counts.
    for (const Trial& trial : plan.trials) {
        const Plan again =
            planOf(experiment(dataOf({"odd[1]"}), {trial.methodText.c_str()}), layers());
        QCOMPARE(again.trials.front().methodText, trial.methodText);
        const bool allCounts = trial.preflight.warnings.empty();
        QCOMPARE(again.trials.front().id == trial.id, allCounts);
    }
}

void TestPlanner::givenDefaultsDoNotMakeAnotherTrial() {
    const auto idOf = [](const char* method) {
        return planOf(experiment(dataOf({"odd[1]"}), {method}), layers()).trials.front().id;
    };
    QCOMPARE(idOf("fake:bits=4"), idOf("fake"));
    const Plan both = planOf(experiment(dataOf({"odd[1]"}), {"fake", "fake:bits=4"}), layers());
    QCOMPARE(both.trials.size(), std::size_t{1});
    QCOMPARE(joined(both.remarks), QString("The method fake:bits=4 is the same as fake and runs "
                                           "once."));
}

void TestPlanner::expandsTensorsTimesMethods() {
    const Plan plan =
        planOf(experiment(dataOf({"*weight"}), {"fake:bits=2..3", "fake:bits=[3,5]"}), layers());
    QStringList trials;
    for (const Trial& trial : plan.trials) {
        trials << QString::fromStdString(trial.tensor.substr(7, 1) + " " + trial.methodText);
    }
    QCOMPARE(trials, (QStringList{"0 fake:bits=2", "0 fake:bits=3", "0 fake:bits=5",
                                  "1 fake:bits=2", "1 fake:bits=3", "1 fake:bits=5"}));
    QCOMPARE(joined(plan.remarks),
             QString("The method fake:bits=3 is listed more than once and runs once."));
    const Trial& trial = plan.trials[1];
    QCOMPARE(trial.rows, Index{4});
    QCOMPARE(trial.cols, Index{6});
    // 24 codes of 3 bits and a scale.
    QCOMPARE(trial.preflight.rate.totalBits(), std::uint64_t{72 + 32});
    QCOMPARE(trial.method.parameters["fault"], Json("none"));
    // (24 + 15) weights x (2 + 3 + 5) bits, each padded to bytes, and six scales.
    QCOMPARE(plan.artifactBytes, std::uint64_t{6 + 9 + 15 + 4 + 6 + 10 + 6 * 4});
    QVERIFY(plan.peakBytes > 0);
}

void TestPlanner::refusesExperiments_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<QString>("expected");
    QTest::newRow("none") << QString() << "The experiment has no method.";
    QTest::newRow("unknown") << "fakir"
                             << "Did you mean 'fake'?";
    QTest::newRow("misspelt parameter") << "fake:bit=3"
                                        << "Did you mean 'bits'?";
    QTest::newRow("out of range") << "fake:bits=2..9"
                                  << "from 2 to 8";
    QTest::newRow("empty sweep") << "fake:bits=[3,3]"
                                 << "twice";
}

void TestPlanner::refusesExperiments() {
    QFETCH(QString, method);
    QFETCH(QString, expected);
    ExperimentSpec spec = experiment(dataOf({"*"}), {});
    if (!method.isEmpty()) spec.methods.push_back(SweptMethod::parse(method.toStdString()));
    const QString said = message([&] { planOf(spec, layers()); });
    QVERIFY2(said.contains(expected), qPrintable(said));
}

void TestPlanner::keepsRefusedTrials() {
    const Plan plan = planOf(
        experiment(dataOf({"odd[1]"}), {"fake:fault=refuse,megabytes=5000", "fake"}), layers());
    QCOMPARE(plan.trials.size(), std::size_t{2});
    QCOMPARE(plan.trials[0].preflight.refusal,
             std::string("It was told to refuse. Set fault=none."));
    QVERIFY(plan.peakBytes < std::uint64_t{5000} << 20);
}

void TestPlanner::warnsOfParametersWithoutEffect() {
    const Plan plan =
        planOf(experiment(dataOf({"odd[1]"}), {"fake:noise_seed=7", "fake:bits=5"}), layers());
    QCOMPARE(joined(plan.trials[0].preflight.warnings),
             QString("noise_seed=7 has no effect here: it counts only with noise=true."));
    QVERIFY(plan.trials[1].preflight.warnings.empty());
}

void TestPlanner::idsChangeWithWhatDecidesTheResult() {
    const auto idOf = [](const ExperimentSpec& spec, std::shared_ptr<const TensorFile> file) {
        return planOf(spec, std::move(file)).trials.front().id;
    };
    const ExperimentSpec spec = experiment(dataOf({"layers/0/weight"}), {"fake:bits=3"});
    const std::string id = idOf(spec, layers());
    QCOMPARE(id.size(), std::size_t{32});
    QCOMPARE(idOf(spec, layers()), id);

    ExperimentSpec same = spec;
    same.title = "Another title";
    same.data.file = "/elsewhere/fake.h5";
    same.data.tensors = {"layers/0/w*"};
    same.methods = {SweptMethod::parse("fake:bits=[3,4],delay=0")};
    QCOMPARE(idOf(same, layers()), id);

    QStringList ids = {QString::fromStdString(id)};
    const auto collect = [&](const ExperimentSpec& other, std::shared_ptr<const TensorFile> file) {
        ids << QString::fromStdString(idOf(other, std::move(file)));
    };
    ExperimentSpec other = spec;
    other.seed = 1;
    collect(other, layers());
    other = spec;
    other.methods = {SweptMethod::parse("fake:bits=4")};
    collect(other, layers());
    other = spec;
    other.data.normalize = Normalize::Rows;
    collect(other, layers());
    other = spec;
    other.data.folds = {{"*", FoldRule{{1}}}};
    collect(other, layers());
    other = spec;
    other.data.tensors = {"layers/1/weight"};
    collect(other, layers());
    const auto changed = layers();
    changed->setFingerprint("11111111111111111111111111111111");
    collect(spec, changed);
    ids.removeDuplicates();
    QCOMPARE(ids.size(), 7);
}

/// A method around another one.
class OuterMethod final : public Method {
public:
    std::string id() const override { return "outer"; }
    std::string name() const override { return "Outer"; }
    std::string version() const override { return "1"; }
    std::string help() const override { return "Hands its work to another method; for tests."; }
    std::vector<ParameterSpec> parameters() const override {
        ParameterSpec base;
        base.id = "base";
        base.type = ParameterType::Method;
        base.defaultValue = "inner";
        return {base};
    }
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override {
        return registry.quantizer(ParameterValues(spec.parameters).method("base"));
    }
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor>,
                                     const MethodRegistry&) const override {
        return nullptr;
    }
};

/// FakeMethod under another name and with any version.
class InnerMethod final : public Method {
public:
    explicit InnerMethod(std::string version) : m_version(std::move(version)) {}
    std::string id() const override { return "inner"; }
    std::string name() const override { return "Inner"; }
    std::string version() const override { return m_version; }
    std::string help() const override { return m_fake.help(); }
    std::vector<ParameterSpec> parameters() const override { return m_fake.parameters(); }
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override {
        return m_fake.quantizer(spec, registry);
    }
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override {
        return m_fake.decoder(std::move(tensor), registry);
    }

private:
    FakeMethod m_fake;
    std::string m_version;
};

void TestPlanner::idsChangeWithNestedMethods() {
    const auto idWith = [](const std::string& version) {
        MethodRegistry registry;
        registry.add(std::make_shared<OuterMethod>());
        registry.add(std::make_shared<InnerMethod>(version));
        const ExperimentSpec spec = experiment(dataOf({"odd[1]"}), {"outer"});
        return makePlan(spec, registry, layers(), {}, {}).trials.front().id;
    };
    QCOMPARE(idWith("1"), idWith("1"));
    QVERIFY2(idWith("1") != idWith("2"), "codes of another version of the base pass for the same");
}

void TestPlanner::runsMethodsThatMeanTheSameOnce() {
    const Plan plan = planOf(
        experiment(dataOf({"odd[1]"}),
                   {"fake:noise_seed=[1,2,3]", "fake:bits=5", "fake:noise=true,noise_seed=[1,2]"}),
        layers());
    QCOMPARE(plan.trials.size(), std::size_t{4});
    QCOMPARE(joined(plan.remarks).count("only in parameters that have no effect"), 2);
}

void TestPlanner::readsNoHessian() {
    auto side = std::make_shared<FakeTensorFile>();
    side->addNormal("hessian/layers/0/weight", 6, 6, 1);
    side->addNormal("hessian/layers/1/weight", 4, 4, 1);
    const auto hessians = std::make_shared<const HessianFile>(side);
    const Plan plan = makePlan(experiment(dataOf({"layers/*/weight"}), {"fake"}), fakeRegistry(),
                               layers(), {hessians, nullptr}, {});
    QVERIFY(plan.trials[0].hasHessian);
    QVERIFY(!plan.trials[1].hasHessian);  // It is of another size, which the headers tell.
    QVERIFY2(plan.trials[1].preflight.refusal.find("4 input channels") != std::string::npos,
             plan.trials[1].preflight.refusal.c_str());
    QCOMPARE(side->readsOf("hessian/layers/0/weight"), 0);
    QCOMPARE(side->readsOf("hessian/layers/1/weight"), 0);
}

void TestPlanner::givenCodebooksBelongToTheTrial() {
    const auto planWith = [](const std::string& tensor, const std::string& fingerprint) {
        auto side = std::make_shared<FakeTensorFile>();
        side->addNormal(tensor + "/codebooks/stage 1", 6, 6, 1);
        side->setFingerprint(fingerprint);
        const auto codebooks = std::make_shared<const CodebookFile>(side);
        return makePlan(experiment(dataOf({"layers/0/weight"}), {"fake"}), fakeRegistry(), layers(),
                        {nullptr, codebooks}, {});
    };
    const Plan without = planOf(experiment(dataOf({"layers/0/weight"}), {"fake"}), layers());
    const Plan given = planWith("layers/0/weight", std::string(32, '1'));
    QVERIFY(given.trials[0].hasCodebooks && !without.trials[0].hasCodebooks);
    QVERIFY(given.trials[0].id != without.trials[0].id);
    QVERIFY(given.trials[0].id != planWith("layers/0/weight", std::string(32, '2')).trials[0].id);
    QCOMPARE(given.run.codebooks.fingerprint, std::string(32, '1'));
    // Those of other tensors change nothing, and are said to be missing.
    const Plan other = planWith("layers/1/weight", std::string(32, '1'));
    QCOMPARE(other.trials[0].id, without.trials[0].id);
    QVERIFY(joined(other.remarks).contains("has no codebooks for 1 tensor"));
}

void TestPlanner::describesTheRun() {
    ExperimentSpec spec = experiment(dataOf({"layers/0/weight"}), {"fake:bits=2..3"});
    const Plan plan = planOf(spec, layers());
    QCOMPARE(plan.run.data.path, std::string("/data/fake.h5"));
    QCOMPARE(plan.run.data.fingerprint, std::string(32, '0'));
    QCOMPARE(plan.run.trials, (std::vector<std::string>{plan.trials[0].id, plan.trials[1].id}));
    const std::vector<FileTensor> tensors = {{"layers/0/weight", 24, 32},
                                             {"layers/0/bias", 4, 32},
                                             {"layers/1/weight", 15, 32},
                                             {"odd[1]", 4, 32}};
    QVERIFY(plan.run.tensors == tensors);
    QVERIFY(RunInfo::fromJson(plan.run.toJson()) == plan.run);
    spec.metrics = {"nmse"};
    QVERIFY(planOf(spec, layers()).run.runId != plan.run.runId);
}

QTEST_APPLESS_MAIN(TestPlanner)
#include "tst_planner.moc"
