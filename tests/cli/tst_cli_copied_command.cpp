// SPDX-License-Identifier: GPL-3.0-or-later
// "Copy as CLI command": whatever experiment a trial comes from, the command that is copied must
// choose the same tensor and give the same numbers when a shell runs it.
#include <QTemporaryDir>
#include <QtTest>

#include "app/models/cli_command.h"
#include "core/base/random.h"
#include "core/run/engine.h"
#include "core/run/tensor_selection.h"
#include "plugins/sdk/plugin_loader.h"
#include "tests/cli/cli_process.h"
#include "tests/core/hdf5_fixture.h"

using namespace quantscope;

namespace {

class SilentObserver final : public RunObserver {
public:
    void trialStarted(const Trial&) override {}
    void trialProgress(const Trial&, double, std::string_view) override {}
    void trialFinished(const Trial&, const TrialRecord&, bool) override {}
};

const std::vector<std::string>& tensorNames() {
    // Names that shells, globs, option parsers and the folding option could take for something
    // else.
    static const std::vector<std::string> names = {
        "plain",      "with space", "it's",        "say \"so\"", "star*",
        "what?",      "[abc]",      "back\\slash", "-dash",      "--tensor",
        "$HOME",      "`id`",       "a\nb",        "x=rows=1",   "gr\xC3\xBC\xC3\x9F",
        "deep/plain", "deep/er/w",  "!bang",       "~",          "#hash",
        "{a,b}",      "100%",       "trailing ",   "a;b",        "a|b",
        "&",          "(b)"};
    return names;
}

std::vector<float> randomValues(Random& random, Index count) {
    std::vector<float> values;
    for (Index i = 0; i < count; ++i)
        values.push_back(static_cast<float>(random.normal()));
    return values;
}

Shape randomShape(Random& random) {
    Shape shape;
    for (Index axes = 2 + random.below(3); axes > 0; --axes)
        shape.push_back(2 + random.below(5));
    return shape;
}

std::string writeFile(const QString& path) {
    Random random(7, 0);
    test::Hdf5Fixture fixture(path.toStdString());
    for (const std::string& name : tensorNames()) {
        const Shape shape = randomShape(random);
        fixture.addFloats(name, shape, randomValues(random, elementCount(shape)));
    }
    return path.toStdString();
}

template <typename T>
const T& pick(Random& random, const std::vector<T>& from) {
    return from[static_cast<std::size_t>(random.below(static_cast<Index>(from.size())))];
}

// Axes that every tensor of the file has.
FoldRule randomFold(Random& random) {
    static const std::vector<FoldRule> folds = {{{}}, {{0}}, {{1}}, {{0, 1}}, {{1, 0}}};
    return pick(random, folds);
}

ExperimentSpec randomSpec(const std::string& file, std::uint64_t seed) {
    static const std::vector<std::string> globs = {"*", "deep/*", "w", "[a-p]*", "plain", "*a*"};
    static const std::vector<std::string> methods = {"scalar:bits=3",
                                                     "scalar:bits=2,scheme=asym,granularity=row",
                                                     "scalar:bits=4,granularity=group,group=3",
                                                     "scalar:bits=2,levels=lloyd",
                                                     "pq:m=1,bits=1",
                                                     "scalar:bits=[2,5],clip=mse"};
    Random random(seed, 0);
    ExperimentSpec spec;
    spec.data.file = file;
    spec.data.tensors = {pick(random, tensorNames()), pick(random, globs)};
    for (Index i = random.below(3); i > 0; --i) {
        spec.data.folds.emplace_back(
            random.below(2) == 0 ? pick(random, globs) : pick(random, tensorNames()),
            randomFold(random));
    }
    spec.data.normalize = static_cast<Normalize>(random.below(3));
    spec.methods.push_back(SweptMethod::parse(pick(random, methods)));
    spec.seed = random.below(2) == 0 ? static_cast<std::uint64_t>(random.below(1'000'000)) : 0;
    return spec;
}

Json figures(const TrialRecord& record) {
    const auto number = [](const std::optional<double>& value) {
        return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
    };
    return {{"tensor", record.tensor},
            {"method", record.methodText},
            {"bits_per_weight", record.bitsPerWeight()},
            {"nmse", number(record.metrics.nmse)},
            {"codebook_perplexity", number(record.metrics.codebookPerplexity)}};
}

Json sameKeys(const Json& printed, const Json& expected) {
    Json json = Json::object();
    for (const auto& [key, value] : expected.items())
        json[key] = printed.contains(key) ? printed[key] : Json("missing");
    return json;
}

}  // namespace

class TestCliCopiedCommand : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::string m_file;
    PluginSet m_plugins = loadPlugins(pluginFolders());

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(m_plugins.registry.contains("scalar"));
        m_file = writeFile(m_folder.filePath(QStringLiteral("it's a \"file\" $HOME.h5")));
    }

    void givesTheSameNumbers_data() {
        QTest::addColumn<int>("seed");
        for (int seed = 0; seed < 40; ++seed)
            QTest::addRow("%d", seed) << seed;
    }
    void givesTheSameNumbers() {
        QFETCH(int, seed);
        const ExperimentSpec spec = randomSpec(m_file, static_cast<std::uint64_t>(seed));
        const Plan plan = makePlan(spec, m_plugins.registry, PlanOptions{});
        const auto store = ResultStore::inMemory(plan.spec.toJson(), plan.run);
        SilentObserver observer;
        runPlan(plan, m_plugins.registry, *store, {}, observer, {});
        std::vector<TrialRecord> records = store->records();
        std::erase_if(records, [](const TrialRecord& record) { return record.failed(); });
        if (records.empty()) return;  // Such as pq with fewer rows than codewords.
        Random random(static_cast<std::uint64_t>(seed), 1);
        const TrialRecord& record = pick(random, records);
        const QString command = cliCommand(record, plan.spec, plan.file->tensors());
        const test::CliResult result = test::runShell(command + QStringLiteral(" --json"));
        QVERIFY2(result.exitCode == 0, qPrintable(command + u'\n' + result.errText()));
        const Json printed = result.json();
        QCOMPARE(printed.size(), std::size_t{1});
        const Json expected = figures(record);
        QVERIFY2(sameKeys(printed[0], expected) == expected,
                 qPrintable(command + u'\n' + result.outText()));
    }

    void meansEveryName_data() {
        QTest::addColumn<QString>("name");
        for (const std::string& name : tensorNames())
            QTest::addRow("%s", name.c_str()) << QString::fromStdString(name);
    }
    void meansEveryName() {
        QFETCH(QString, name);
        ExperimentSpec spec;
        spec.data.file = m_file;
        spec.methods.push_back(SweptMethod::parse("scalar"));
        const Plan plan = makePlan(spec, m_plugins.registry, PlanOptions{});
        TrialRecord record;
        record.tensor = name.toStdString();
        record.methodText = "scalar";
        const QString command = cliCommand(record, plan.spec, plan.file->tensors());
        const test::CliResult result = test::runShell(command + QStringLiteral(" --json"));
        QVERIFY2(result.exitCode == 0, qPrintable(command + u'\n' + result.errText()));
        QCOMPARE(result.json().size(), std::size_t{1});
        QCOMPARE(result.json()[0]["tensor"].get<std::string>(), record.tensor);
    }

    void namesTheTensorOfTheFolding() {
        ExperimentSpec spec;
        spec.data.file = m_file;
        spec.data.folds.emplace_back("*", FoldRule{{1}});
        TrialRecord record;
        record.tensor = "it's";
        record.methodText = "scalar";
        record.fold = FoldRule{{1}};
        const QString command = cliCommand(record, spec, {});
        QVERIFY2(command.contains(QStringLiteral("--fold 'it'\\''s=rows=1'")), qPrintable(command));
    }
};

QTEST_GUILESS_MAIN(TestCliCopiedCommand)
#include "tst_cli_copied_command.moc"
