// SPDX-License-Identifier: GPL-3.0-or-later
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "core/base/text_file.h"
#include "core/run/model_judge.h"
#include "core/store/evaluation_records.h"
#include "core/store/file_lock.h"
#include "core/store/result_store.h"

using namespace quantscope;

namespace {

EvaluationRecord evaluation(const std::string& id, double perplexity) {
    EvaluationRecord record;
    record.id = id;
    record.kind = EvaluationRecord::Kind::Method;
    record.label = "scalar:bits=3";
    record.family = "scalar";
    record.bitsPerWeight = 3.25;
    record.tensors = 35;
    record.tokens = "/data/tokens.h5";
    record.tokensFingerprint = "f";
    record.predictions = 511;
    record.perplexity = perplexity;
    record.standardError = 0.1;
    record.divergence = 0.25;
    record.divergenceError = 0.01;
    return record;
}

TrialRecord trial(const std::string& tensor, const std::string& method, std::uint64_t bits) {
    TrialRecord record;
    record.trialId = method + "@" + tensor;
    record.tensor = tensor;
    record.methodText = method;
    record.method.id = "scalar";
    record.rows = 10;
    record.cols = 10;
    record.rate[RatePart::Codes] = bits;
    return record;
}

std::string messageOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.fullText();
    }
    return {};
}

}  // namespace

class EvaluationRecordsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void areKeptAndReplaced() {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        QVERIFY(readEvaluations(path).empty());
        keepEvaluation(path, evaluation("a", 5.0));
        keepEvaluation(path, evaluation("b", std::numeric_limits<double>::infinity()));
        keepEvaluation(path, evaluation("a", 4.5));
        const std::vector<EvaluationRecord> read = readEvaluations(path);
        QCOMPARE(read.size(), std::size_t{2});
        QVERIFY(std::isinf(read[0].perplexity));
        QCOMPARE(read[1], evaluation("a", 4.5));
        // Commands that write files leave it alone.
        const auto files = ResultStore::filesOf(path);
        QVERIFY(std::ranges::find(files, evaluationsPath(path).string()) != files.end());
    }

    // Each would overwrite what the others add between its reading and its writing.
    void severalWritersLoseNothing() {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        constexpr int writers = 8;
        constexpr int each = 10;
        std::vector<std::thread> threads;
        for (int writer = 0; writer < writers; ++writer) {
            threads.emplace_back([&, writer] {
                for (int i = 0; i < each; ++i)
                    keepEvaluation(path, evaluation(std::to_string(writer * each + i), 5.0));
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        std::set<std::string> ids;
        for (const EvaluationRecord& record : readEvaluations(path))
            ids.insert(record.id);
        QCOMPARE(ids.size(), std::size_t{writers * each});
    }

    // What cannot be read is not overwritten.
    void damageIsNotWrittenOver() {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        writeTextFile(evaluationsPath(path), "{");
        QVERIFY(!messageOf([&] { keepEvaluation(path, evaluation("a", 5.0)); }).empty());
        QCOMPARE(readTextFile(evaluationsPath(path)), std::string("{"));
    }

    void damageIsSaid_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("message");
        QTest::newRow("no JSON") << "{"
                                 << "evaluations.json";
        QTest::newRow("something else") << "{\"version\": 1}"
                                        << "not what this program writes";
        QTest::newRow("an array") << "[]"
                                  << "not what this program writes";
        QTest::newRow("newer") << "{\"version\": 2, \"evaluations\": []}"
                               << "newer version";
        QTest::newRow("entry") << "{\"version\": 1, \"evaluations\": [{\"id\": 3}]}"
                               << "lacks an entry";
    }
    void damageIsSaid() {
        QFETCH(QString, text);
        QFETCH(QString, message);
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        writeTextFile(evaluationsPath(path), text.toStdString());
        const std::string said = messageOf([&] { readEvaluations(path); });
        QVERIFY2(said.find(message.toStdString()) != std::string::npos, said.c_str());
    }

    // Methods that lack a tensor would be judged with less replaced than the others.
    void settingsAreMethodsOnAllTensors() {
        TrialRecord failed = trial("b", "m4", 1);
        failed.error = "no";
        const std::vector<TrialRecord> records = {trial("a", "m2", 200), trial("a", "m3", 300),
                                                  trial("a", "m4", 400), trial("b", "m2", 300),
                                                  trial("b", "m3", 300), failed};
        const std::vector<JudgedSetting> settings = methodSettings(records);
        QCOMPARE(settings.size(), std::size_t{2});
        QCOMPARE(settings[0].label, std::string("m2"));
        QCOMPARE(settings[0].bitsPerWeight, 2.5);
        QCOMPARE(settings[0].trials, (std::vector<std::string>{"m2@a", "m2@b"}));
        QVERIFY(methodSettings({}).empty());
    }

    void identityIsOfResultsAndTokens() {
        JudgedSetting setting;
        setting.trials = {"a", "b"};
        const std::string id = evaluationId(setting, "f");
        QCOMPARE(id.size(), std::size_t{32});
        setting.label = "another name";
        std::ranges::reverse(setting.trials);
        QCOMPARE(evaluationId(setting, "f"), id);
        QVERIFY(evaluationId(setting, "g") != id);
        JudgedSetting other;
        other.artifacts = {"x.h5", "y.h5"};
        other.fingerprints = {"c", "d"};
        QVERIFY(evaluationId(other, "f") != id);
        std::ranges::reverse(other.fingerprints);
        other.artifacts = {"elsewhere/y.h5", "elsewhere/x.h5"};
        JudgedSetting same = other;
        std::ranges::reverse(same.fingerprints);
        QCOMPARE(evaluationId(other, "f"), evaluationId(same, "f"));
        setting.trials = {"ab"};
        QVERIFY(evaluationId(setting, "f") != id);
    }

    // Whoever waits for another one's lock can be stopped long before the wait ends by itself.
    void waitingForTheLockIsCancelled() {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        const FileLock held(path / "evaluations.lock");
        std::stop_source stop;
        const std::jthread later([&stop] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            stop.request_stop();
        });
        QElapsedTimer taken;
        taken.start();
        QVERIFY_EXCEPTION_THROWN(keepEvaluation(path, evaluation("a", 5.0), stop.get_token()),
                                 Cancelled);
        QVERIFY2(taken.elapsed() < 5000, qPrintable(QString::number(taken.elapsed())));
        QVERIFY(readEvaluations(path).empty());
    }
};

QTEST_APPLESS_MAIN(EvaluationRecordsTest)
#include "tst_evaluation_records.moc"
