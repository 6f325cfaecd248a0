// SPDX-License-Identifier: GPL-3.0-or-later
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>
#include <thread>

#include "core/base/error.h"
#include "core/run/engine.h"
#include "core/tensor/normalized_source.h"
#include "tests/core/fake_method.h"
#include "tests/core/fake_tensor_file.h"
#include "tests/core/run_recorder.h"

using namespace quantscope;

namespace {

std::shared_ptr<FakeTensorFile> tensors(int count) {
    auto file = std::make_shared<FakeTensorFile>();
    for (int i = 0; i < count; ++i) {
        file->addNormal("w" + std::to_string(i), 40 + i, 30, static_cast<std::uint64_t>(i));
    }
    return file;
}

Plan planOf(const std::vector<const char*>& methods, std::shared_ptr<const TensorFile> file,
            std::uint64_t seed = 0, std::vector<std::string> names = {"*"}) {
    ExperimentSpec spec;
    spec.data.file = "/data/fake.h5";
    spec.data.tensors = std::move(names);
    spec.seed = seed;
    for (const char* method : methods)
        spec.methods.push_back(SweptMethod::parse(method));
    return makePlan(spec, fakeRegistry(), std::move(file), {}, {});
}

std::unique_ptr<ResultStore> memoryStore(const Plan& plan) {
    return ResultStore::inMemory(plan.spec.toJson(), plan.run);
}

RunSummary run(const Plan& plan, ResultStore& store, RunObserver& observer,
               const EngineOptions& options = {}, const std::stop_token& stop = {},
               const std::shared_ptr<FakeProbe>& probe = std::make_shared<FakeProbe>()) {
    return runPlan(plan, fakeRegistry(probe), store, options, observer, stop);
}

/// Fails to append after a number of records, like a full disk.
class FullStore final : public ResultStore {
public:
    FullStore(const Plan& plan, int room) : m_inner(memoryStore(plan)), m_room(room) {}
    const Json& spec() const override { return m_inner->spec(); }
    const RunInfo& run() const override { return m_inner->run(); }
    std::vector<TrialRecord> records() const override { return m_inner->records(); }
    std::optional<TrialRecord> find(const std::string& id) const override {
        return m_inner->find(id);
    }
    void append(const TrialRecord& record) override {
        if (m_room-- <= 0) throw Error("The disk is full.");
        m_inner->append(record);
    }
    std::filesystem::path folder() const override { return {}; }

private:
    std::unique_ptr<ResultStore> m_inner;
    std::atomic<int> m_room;
};

}  // namespace

class TestEngine : public QObject {
    Q_OBJECT

private slots:
    void measuresWhatTheMethodDid();
    void givesTheSameTableAtAnyThreadCount();
    void seedsDecideRandomResults();
    void runsTrialsSideBySideWithinTheBudget_data();
    void runsTrialsSideBySideWithinTheBudget();
    void goesOnAfterFailures();
    void stopsSoonAndResumes();
    void redoesWhatLostItsArtifact();
    void retriesFailedTrialsOnRequest();
    void passesOnThatTheStoreIsFull();
    void measuresRecallOfSearchedTensors();
    void goesOnWithoutRecallWhenNeighboursAreWrong();
    void keepsInputsBetweenTrials();
    void keepsOnlyTheChosenMetrics();
    void helpsOtherTrialsAtTheEnd();
};

void TestEngine::measuresWhatTheMethodDid() {
    const auto file = tensors(1);
    const Plan plan = planOf({"fake:bits=5"}, file);
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    const RunSummary summary = run(plan, *store, recorder);
    QCOMPARE(summary.finished, std::size_t{1});
    QVERIFY(!summary.cancelled);
    QVERIFY(recorder.faults().empty());
    const TrialRecord record = store->records().at(0);

    // The definition of the fake method, in double precision.
    const std::vector<double> weights = file->readDoubles("w0");
    double largest = 0.0;
    for (const double w : weights)
        largest = std::max(largest, std::abs(w));
    double error = 0.0;
    double energy = 0.0;
    for (const double w : weights) {
        const double q = std::nearbyint(w / largest * 15.0) * largest / 15.0;
        error += (w - q) * (w - q);
        energy += w * w;
    }
    QVERIFY(std::abs(record.metrics.nmse.value() / (error / energy) - 1.0) < 1e-5);
    QVERIFY(std::abs(record.metrics.weightEnergy.value() / energy - 1.0) < 1e-12);
    QCOMPARE(record.rate[RatePart::Codes], std::uint64_t{5 * 1200});
    QCOMPARE(record.bitsPerWeight(), (5.0 * 1200 + 32) / 1200);
    QCOMPARE(record.rate, plan.trials[0].preflight.rate);
    QCOMPARE(record.levels.size(), std::size_t{31});
    QCOMPARE(record.codebooks.at(0).counts.size(), std::size_t{31});
    QVERIFY(record.codebooks.at(0).codewords.empty());
    QCOMPARE(std::accumulate(record.codebooks[0].counts.begin(), record.codebooks[0].counts.end(),
                             std::uint64_t{0}),
             std::uint64_t{1200});
    QCOMPARE(record.methodText, std::string("fake:bits=5"));
    QVERIFY(record.seconds.encode > 0.0 && record.seconds.decode > 0.0);
    QCOMPARE(TrialRecord::fromJson(record.toJson()).toJson(), record.toJson());
}

void TestEngine::givesTheSameTableAtAnyThreadCount() {
    const Plan plan = planOf({"fake:bits=2..5,noise=true,delay=3"}, tensors(5));
    std::vector<std::string> expected;
    for (const int threads : {1, 2, 8}) {
        const auto store = memoryStore(plan);
        RunRecorder recorder;
        EngineOptions options;
        options.threads = threads;
        const auto probe = std::make_shared<FakeProbe>();
        QCOMPARE(run(plan, *store, recorder, options, {}, probe).finished, std::size_t{20});
        QVERIFY(recorder.faults().empty());
        QVERIFY(recorder.progressCalls() > 0);
        QVERIFY(probe->mostRunning <= threads);
        const std::vector<std::string> table = comparableTable(*store);
        QCOMPARE(table.size(), std::size_t{20});
        if (expected.empty()) expected = table;
        QVERIFY(table == expected);
    }
}

void TestEngine::seedsDecideRandomResults() {
    std::vector<double> errors;
    for (const std::uint64_t seed : {1, 1, 2}) {
        const Plan plan = planOf({"fake:noise=true"}, tensors(1), seed);
        const auto store = memoryStore(plan);
        RunRecorder recorder;
        run(plan, *store, recorder);
        errors.push_back(store->records().at(0).metrics.nmse.value());
    }
    QCOMPARE(errors[0], errors[1]);
    QVERIFY(errors[0] != errors[2]);
}

void TestEngine::runsTrialsSideBySideWithinTheBudget_data() {
    QTest::addColumn<QString>("megabytes");
    QTest::addColumn<int>("budget");
    QTest::addColumn<int>("mostRunning");
    // The engine adds about 30 MB a trial for measuring, hence the distances.
    QTest::newRow("all fit") << "100" << 1000 << 4;
    QTest::newRow("two fit") << "300" << 800 << 2;
    QTest::newRow("one fits") << "500" << 800 << 1;
    QTest::newRow("none fits, they run alone") << "5000" << 800 << 1;
    QTest::newRow("large ones wait for small ones") << "[100,700]" << 800 << 4;
}

void TestEngine::runsTrialsSideBySideWithinTheBudget() {
    QFETCH(QString, megabytes);
    QFETCH(int, budget);
    QFETCH(int, mostRunning);
    const QByteArray method = "fake:delay=20,together=" + QByteArray::number(mostRunning) +
                              ",megabytes=" + megabytes.toUtf8();
    const Plan plan = planOf({method.constData()}, tensors(8));
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    EngineOptions options;
    options.threads = 4;
    options.memoryBytes = static_cast<std::uint64_t>(budget) << 20;
    const auto probe = std::make_shared<FakeProbe>();
    const RunSummary summary = run(plan, *store, recorder, options, {}, probe);
    QCOMPARE(summary.finished, plan.trials.size());
    QCOMPARE(probe->mostRunning.load(), mostRunning);
    const int largest = megabytes.startsWith('[') ? 700 : megabytes.toInt();
    QVERIFY(probe->mostMegabytes <= std::max(budget, largest));
    QVERIFY(recorder.faults().empty());
}

void TestEngine::goesOnAfterFailures() {
    const auto file = tensors(2);
    file->breakTensor("w1", "Block 7 is damaged.");
    const Plan plan = planOf({"fake:fault=[refuse,error,fault,none]"}, file);
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    const RunSummary summary = run(plan, *store, recorder);
    QCOMPARE(summary.finished, std::size_t{1});
    QCOMPARE(summary.failed, std::size_t{7});
    QVERIFY(!summary.cancelled);
    QVERIFY(recorder.faults().empty());
    QStringList errors;
    for (const std::string& id : plan.run.trials) {
        errors << QString::fromStdString(store->find(id).value().error);
    }
    QCOMPARE(errors,
             (QStringList{"It was told to refuse. Set fault=none.", "It was told to fail. Do not.",
                          "An unexpected fault: out of order.", "",
                          "It was told to refuse. Set fault=none.", "Block 7 is damaged.",
                          "Block 7 is damaged.", "Block 7 is damaged."}));
}

void TestEngine::stopsSoonAndResumes() {
    const QTemporaryDir folder;
    const std::filesystem::path path = (folder.path() + "/run").toStdString();
    const Plan plan = planOf({"fake:bits=2..5,delay=50"}, tensors(6));
    std::stop_source stop;
    std::atomic<qint64> stoppedAt{0};
    QElapsedTimer timer;
    timer.start();
    RunSummary summary;
    {
        const auto store = ResultStore::create(path, plan.spec.toJson(), plan.run, false);
        RunRecorder recorder;
        std::jthread stopper([&] {
            while (recorder.finished().size() < 3)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            stoppedAt = timer.elapsed();
            stop.request_stop();
        });
        summary = run(plan, *store, recorder, {}, stop.get_token());
        QVERIFY2(timer.elapsed() - stoppedAt < 200, "cancelling took 200 ms or more");
        QVERIFY(summary.cancelled);
        QVERIFY(summary.finished >= 3 && summary.finished < plan.trials.size());
        QCOMPARE(store->records().size(), summary.finished);
        QVERIFY(recorder.faults().empty());
    }
    const auto store = ResultStore::create(path, plan.spec.toJson(), plan.run, true);
    RunRecorder recorder;
    const RunSummary rest = run(plan, *store, recorder);
    QVERIFY(!rest.cancelled);
    QCOMPARE(rest.recorded, summary.finished);
    QCOMPARE(rest.finished, plan.trials.size() - summary.finished);
    QCOMPARE(recorder.recorded().size(), rest.recorded);

    const auto uninterrupted = memoryStore(plan);
    run(plan, *uninterrupted, recorder);
    QVERIFY(comparableTable(*store) == comparableTable(*uninterrupted));
}

void TestEngine::redoesWhatLostItsArtifact() {
    const QTemporaryDir folder;
    const std::filesystem::path path = (folder.path() + "/run").toStdString();
    const Plan plan = planOf({"fake:bits=2..4"}, tensors(1));
    const auto store = ResultStore::create(path, plan.spec.toJson(), plan.run, false);
    RunRecorder recorder;
    run(plan, *store, recorder);
    for (const Trial& trial : plan.trials)
        QVERIFY(std::filesystem::exists(store->artifactPath(trial.id)));
    std::filesystem::remove(store->artifactPath(plan.trials[1].id));

    EngineOptions withoutArtifacts;
    withoutArtifacts.keepArtifacts = false;
    QCOMPARE(run(plan, *store, recorder, withoutArtifacts).recorded, std::size_t{3});
    const RunSummary summary = run(plan, *store, recorder);
    QCOMPARE(summary.recorded, std::size_t{2});
    QCOMPARE(summary.finished, std::size_t{1});
    QVERIFY(std::filesystem::exists(store->artifactPath(plan.trials[1].id)));
    QCOMPARE(store->records().size(), std::size_t{3});
}

void TestEngine::retriesFailedTrialsOnRequest() {
    const auto file = tensors(1);
    file->breakTensor("w0", "The network is down.");
    const Plan broken = planOf({"fake:bits=3", "fake:fault=refuse"}, file);
    const auto store = memoryStore(broken);
    RunRecorder recorder;
    QCOMPARE(run(broken, *store, recorder).failed, std::size_t{2});

    const Plan plan = planOf({"fake:bits=3", "fake:fault=refuse"}, tensors(1));
    EngineOptions once;
    once.retryFailed = false;
    QCOMPARE(run(plan, *store, recorder, once).recorded, std::size_t{2});
    const RunSummary summary = run(plan, *store, recorder);
    QCOMPARE(summary.finished, std::size_t{1});
    QCOMPARE(summary.recorded, std::size_t{1});  // What preflight refuses need not be tried again.
    QCOMPARE(store->records().size(), std::size_t{2});
    QVERIFY(!store->find(plan.trials[0].id).value().failed());
}

void TestEngine::passesOnThatTheStoreIsFull() {
    const Plan plan = planOf({"fake:bits=2..8,delay=2"}, tensors(4));
    FullStore store(plan, 5);
    RunRecorder recorder;
    QVERIFY_EXCEPTION_THROWN(run(plan, store, recorder), Error);
    QCOMPARE(store.records().size(), std::size_t{5});
    QVERIFY(recorder.started().size() < plan.trials.size());
}

void TestEngine::measuresRecallOfSearchedTensors() {
    auto file = std::make_shared<FakeTensorFile>();
    file->addNormal("train", 50, 4, 1);
    file->addNormal("test", 5, 4, 2);
    // Exact neighbours by angle, the slow way.
    Matrix train = readAll(*file->source("train", {}), {});
    Matrix test = readAll(*file->source("test", {}), {});
    normalizeRows(train.span());
    normalizeRows(test.span());
    std::vector<std::int64_t> neighbors;
    for (Index q = 0; q < 5; ++q) {
        std::vector<std::pair<double, std::int64_t>> ranked;
        for (Index r = 0; r < 50; ++r) {
            double product = 0.0;
            for (Index c = 0; c < 4; ++c)
                product += static_cast<double>(train(r, c)) * test(q, c);
            ranked.emplace_back(-product, r);
        }
        std::ranges::sort(ranked);
        for (int k = 0; k < 12; ++k)
            neighbors.push_back(ranked[static_cast<std::size_t>(k)].second);
    }
    file->addIntegers("neighbors", {5, 12}, neighbors);
    SearchGroundTruth truth;
    truth.queries = "test";
    truth.neighbors = "neighbors";
    truth.angular = true;
    file->setGroundTruth(truth);

    const Plan plan = planOf({"fake:bits=[2,8]"}, file, 0, {"train", "test"});
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    QCOMPARE(run(plan, *store, recorder).finished, std::size_t{4});
    const TrialMetrics coarse = store->find(plan.trials[0].id).value().metrics;
    const TrialMetrics fine = store->find(plan.trials[1].id).value().metrics;
    QVERIFY(fine.recallAt10.value() > 0.95);
    QCOMPARE(fine.nearestIn10.value(), 1.0);
    QVERIFY(coarse.recallAt10.value() < fine.recallAt10.value());
    QVERIFY(!store->find(plan.trials[2].id).value().metrics.recallAt10);
    QVERIFY(plan.trials[0].normalized && !plan.trials[2].normalized);
    // Rows of unit length.
    QVERIFY(std::abs(coarse.weightEnergy.value() - 50.0) < 1e-3);
}

void TestEngine::goesOnWithoutRecallWhenNeighboursAreWrong() {
    auto file = std::make_shared<FakeTensorFile>();
    file->addNormal("train", 50, 4, 1);
    file->addNormal("test", 2, 4, 2);
    std::vector<std::int64_t> neighbors(24, 7);
    neighbors[3] = 50;
    file->addIntegers("neighbors", {2, 12}, neighbors);
    file->setGroundTruth({"test", "neighbors"});
    const Plan plan = planOf({"fake"}, file, 0, {"train", "test"});
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    QCOMPARE(run(plan, *store, recorder).failed, std::size_t{0});
    const TrialRecord record = store->find(plan.trials[0].id).value();
    QVERIFY(record.metrics.nmse && !record.metrics.recallAt10);
    QVERIFY2(record.warnings.at(0).find("is row 50") != std::string::npos,
             record.warnings.at(0).c_str());
    QVERIFY(store->find(plan.trials[1].id).value().warnings.empty());
}

void TestEngine::keepsInputsBetweenTrials() {
    auto side = std::make_shared<FakeTensorFile>();
    for (const char* name : {"hessian/w0", "hessian/w1"}) {
        Matrix identity(30, 30);
        for (Index i = 0; i < 30; ++i)
            identity(i, i) = 1.0F;
        side->addMatrix(name, identity);
    }
    const auto file = tensors(2);
    ExperimentSpec spec;
    spec.data.file = "/data/fake.h5";
    spec.methods = {SweptMethod::parse("fake:bits=2..8")};
    const Plan plan = makePlan(spec, fakeRegistry(), file,
                               {std::make_shared<const HessianFile>(side), nullptr}, {});
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    EngineOptions options;
    options.threads = 1;
    QCOMPARE(run(plan, *store, recorder, options).finished, std::size_t{14});
    QCOMPARE(file->readsOf("w0") + file->readsOf("w1"), 2);
    QCOMPARE(side->readsOf("hessian/w0") + side->readsOf("hessian/w1"), 2);
}

void TestEngine::keepsOnlyTheChosenMetrics() {
    ExperimentSpec spec;
    spec.data.file = "/data/fake.h5";
    spec.methods = {SweptMethod::parse("fake")};
    spec.metrics = {"sqnr_db", "utilization"};
    const Plan plan = makePlan(spec, fakeRegistry(), tensors(1), {}, {});
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    run(plan, *store, recorder);
    const TrialMetrics metrics = store->records().at(0).metrics;
    QVERIFY(metrics.sqnrDb && metrics.utilization && metrics.weightEnergy);
    QVERIFY(!metrics.nmse && !metrics.mse && !metrics.cosine && !metrics.deadCodes);
}

void TestEngine::helpsOtherTrialsAtTheEnd() {
    // Threads without a trial of their own take part in the loop of the only one.
    const Plan plan = planOf({"fake:delay=400"}, tensors(1));
    const auto store = memoryStore(plan);
    RunRecorder recorder;
    EngineOptions options;
    options.threads = 4;
    const auto probe = std::make_shared<FakeProbe>();
    run(plan, *store, recorder, options, {}, probe);
    QVERIFY(probe->mostInLoops > 1);
}

QTEST_APPLESS_MAIN(TestEngine)
#include "tst_engine.moc"
