// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/error.h"
#include "core/base/text_file.h"
#include "core/run/model_judge.h"
#include "core/store/evaluation_records.h"
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
        setting.trials = {"ab"};
        QVERIFY(evaluationId(setting, "f") != id);
    }
};

QTEST_APPLESS_MAIN(EvaluationRecordsTest)
#include "tst_evaluation_records.moc"
