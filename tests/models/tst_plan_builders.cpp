// SPDX-License-Identifier: GPL-3.0-or-later
// Plot data of plans and of the model's perplexity, from figures that are known.
#include <QtTest>
#include <limits>

#include "app/models/perplexity_builder.h"
#include "app/models/plan_builders.h"

using namespace quantscope;

namespace {

TensorChoices tensor(const std::string& name, const std::vector<std::string>& methods,
                     const std::vector<std::uint64_t>& bits, const std::vector<double>& losses) {
    TensorChoices choices{name, 100, {}, 10};
    for (std::size_t i = 0; i < methods.size(); ++i)
        choices.options.push_back({methods[i], methods[i] + "@" + name, bits[i], losses[i]});
    return choices;
}

std::vector<TensorChoices> run() {
    return {tensor("l.0.w", {"m2", "m3", "m4"}, {200, 300, 400}, {16, 4, 1}),
            tensor("l.1.w", {"m2", "m4"}, {200, 400}, {48, 6})};
}

EvaluationRecord evaluation(EvaluationRecord::Kind kind, const std::string& label, double bits,
                            double perplexity, const std::string& tokens = "t") {
    EvaluationRecord record;
    record.id = label + tokens;
    record.kind = kind;
    record.label = label;
    record.bitsPerWeight = bits;
    record.perplexity = perplexity;
    record.standardError = 0.5;
    record.tokens = "/somewhere/" + tokens + ".h5";
    record.tokensFingerprint = tokens;
    return record;
}

}  // namespace

class TestPlanBuilders : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sensitivityIsOfOneMethod() {
        const SensitivityData data = buildSensitivity(run(), "m2", 4.0);
        QCOMPARE(data.method, QStringLiteral("m2"));
        // m3 is not on every tensor.
        QCOMPARE(data.methods, (QStringList{"m2", "m4"}));
        QCOMPARE(data.bars.size(), std::size_t{2});
        QCOMPARE(data.bars[0].loss, 16.0);
        QCOMPARE(data.bars[0].lossShare, 0.25);
        QCOMPARE(data.bars[1].lossShare, 0.75);
        QCOMPARE(data.bars[1].bitsPerWeight, 2.0);
        QCOMPARE(data.bars[1].trialId, QStringLiteral("m2@l.1.w"));
        // (16 - 4) / 100 beats (16 - 1) / 200.
        QCOMPARE(data.bars[0].gainPerBit.value(), 0.12);
        QCOMPARE(data.bars[1].gainPerBit.value(), 0.21);
    }

    void sensitivityFallsBackToTheNearest() {
        QCOMPARE(buildSensitivity(run(), "m3", 3.9).method, QStringLiteral("m4"));
        QCOMPARE(buildSensitivity(run(), {}, 2.1).method, QStringLiteral("m2"));
        QVERIFY(!buildSensitivity(run(), "m4", 0.0).bars[0].gainPerBit.has_value());
        QVERIFY(buildSensitivity({}, {}, 3.0).bars.empty());
        QVERIFY(buildSensitivity({tensor("a", {"m2"}, {1}, {1}), tensor("b", {"m3"}, {1}, {1})}, {},
                                 3.0)
                    .bars.empty());
    }

    void gainsAreOfTrialsThatTellBoth() {
        TrialRecord both;
        both.trialId = "t";
        both.tensor = "a";
        both.methodText = "gptq";
        both.method.id = "gptq";
        both.method.parameters = {{"base", {{"id", "e8"}, {"parameters", Json::object()}}}};
        both.details = {{"expected_gain", 0.5}, {"obtained_gain", 0.625}};
        TrialRecord one = both;
        one.details.erase("obtained_gain");
        TrialRecord failed = both;
        failed.error = "no";
        const GainData data = buildGains(recordList({one, both, failed, TrialRecord()}));
        QCOMPARE(data.points.size(), std::size_t{1});
        QCOMPARE(data.points[0].expected, 0.5);
        QCOMPARE(data.points[0].obtained, 0.625);
        QCOMPARE(data.points[0].base, QStringLiteral("e8"));
    }

    void perplexityIsOfTheNewestTokens() {
        using Kind = EvaluationRecord::Kind;
        const double infinite = std::numeric_limits<double>::infinity();
        const PerplexityData data = buildPerplexity(
            {evaluation(Kind::Method, "other", 3.0, 1.0, "u"),
             evaluation(Kind::Model, {}, 0.0, 4.0), evaluation(Kind::Method, "m4", 4.2, 4.5),
             evaluation(Kind::Method, "m2", 2.2, 400.0), evaluation(Kind::Method, "m3", 3.2, 500.0),
             evaluation(Kind::Method, "m1", 1.2, infinite),
             evaluation(Kind::Plan, "plan", 3.0, 5.0)});
        const PerplexityData artifacts =
            buildPerplexity({evaluation(Kind::Artifacts, "by layer", 3.0, 5.0)});
        QCOMPARE(artifacts.points.at(0).kind, PerplexityPoint::Kind::Artifacts);
        QCOMPARE(data.tokens, QStringLiteral("t.h5"));
        QCOMPARE(data.reference.value(), 4.0);
        QCOMPARE(data.points.size(), std::size_t{4});
        const std::vector<std::pair<QString, bool>> expected = {
            {"m2", true}, {"plan", true}, {"m3", false}, {"m4", true}};
        for (std::size_t i = 0; i < expected.size(); ++i) {
            QCOMPARE(data.points[i].label, expected[i].first);
            QCOMPARE(data.points[i].onFront, expected[i].second);
            QCOMPARE(data.points[i].kind,
                     i == 1 ? PerplexityPoint::Kind::Plan : PerplexityPoint::Kind::Method);
            QCOMPARE(data.points[i].error, 0.5);
        }
        QCOMPARE(data.remarks.size(), 2);
        QVERIFY(buildPerplexity({}).points.empty());
    }

    void perplexityIsOfTheChosenTokens() {
        using Kind = EvaluationRecord::Kind;
        EvaluationRecord older = evaluation(Kind::Method, "older", 3.0, 7.0, "u");
        older.tokens = "/data/u.h5";
        EvaluationRecord newer = evaluation(Kind::Method, "newer", 3.0, 8.0);
        newer.tokens = "/data/t.h5";
        const PerplexityData chosen = buildPerplexity({older, newer}, "/data/./u.h5");
        QCOMPARE(chosen.tokens, QStringLiteral("u.h5"));
        QCOMPARE(chosen.points.size(), std::size_t{1});
        QCOMPARE(chosen.points[0].label, QStringLiteral("older"));
        QCOMPARE(buildPerplexity({older, newer}).points[0].label, QStringLiteral("newer"));
        QVERIFY(buildPerplexity({older, newer}, "/data/v.h5").points.empty());
    }
};

QTEST_APPLESS_MAIN(TestPlanBuilders)
#include "tst_plan_builders.moc"
