// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "app/models/experiment_document.h"
#include "app/models/method_list_model.h"
#include "app/models/parameter_field.h"
#include "toy_method.h"

using namespace quantscope;

class TestMethodListModel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsWhatIsTyped_data();
    void readsWhatIsTyped();
    void fieldsDescribeTheForm();
    void fieldsAreEnabledForAnyCombination();
    void nestedMethodsAreForms();
    void problemsAreSentences_data();
    void problemsAreSentences();
    void everyEditIsOneStep();
    void typedMistakesChangeNothing();
    void rowsThatDidNotChangeStay();
    void countsSettings();

private:
    MethodRegistry m_registry = toyRegistry();
};

namespace {

ParameterSpec toyParameter(const MethodRegistry& registry, const std::string& id) {
    for (const ParameterSpec& spec : registry.method("toy").parameters()) {
        if (spec.id == id) return spec;
    }
    return {};
}

}  // namespace

void TestMethodListModel::readsWhatIsTyped_data() {
    QTest::addColumn<QString>("parameter");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("shown");
    QTest::addColumn<QString>("error");

    const auto good = [](const char* parameter, const char* text, const char* json,
                         const char* shown) {
        QTest::addRow("%s=%s", parameter, text)
            << QString::fromUtf8(parameter) << QString::fromUtf8(text) << QString::fromUtf8(json)
            << QString::fromUtf8(shown) << QString();
    };
    const auto bad = [](const char* parameter, const char* text, const char* error) {
        QTest::addRow("%s=%s", parameter, text)
            << QString::fromUtf8(parameter) << QString::fromUtf8(text) << QString() << QString()
            << QString::fromUtf8(error);
    };
    good("bits", "4", "4", "4");
    good("bits", " 2..8 ", R"({"from":2,"to":8})", "2..8");
    good("bits", "2..8..2", R"({"from":2,"to":8,"step":2})", "2..8..2");
    good("bits", "2, 4,8", "[2,4,8]", "[2,4,8]");
    good("bits", "[2]", "[2]", "[2]");
    good("bits", "", "4", "4");
    good("scale", "0.5", "0.5", "0.5");
    good("scale", "0.5..1..0.25", R"({"from":0.5,"to":1,"step":0.25})", "0.5..1..0.25");
    good("signed", "false", "false", "false");
    good("signed", "true, false", "[true,false]", "[true,false]");
    good("mode", "grouped", R"("grouped")", "grouped");
    good("base", "inner:bits=1..4", R"({"id":"inner","parameters":{"bits":{"from":1,"to":4}}})",
         "inner:bits=1..4");
    good("base", "inner", R"("inner")", "inner");
    good("base", "[inner, (inner:bits=3)]", R"(["inner",{"id":"inner","parameters":{"bits":3}}])",
         "[inner,(inner:bits=3)]");
    bad("bits", "9", "a whole number from 1 to 8");
    bad("bits", "2..9", "a whole number from 1 to 8");
    bad("bits", "8..2", "not understood");
    bad("bits", "2.5", "a whole number");
    bad("bits", "four", "a whole number");
    bad("bits", "4,mode=grouped", "not understood");
    bad("bits", "[4", "not understood");
    bad("scale", "1,5,1,5", "twice");
    bad("scale", "-1", "at least 0");
    bad("signed", "maybe", "true or false");
    bad("mode", "groped", "Did you mean 'grouped'?");
    bad("base", "inner:bits=9", "a whole number from 1 to 4");
    bad("base", "iner", "Did you mean 'inner'?");
    bad("base", "inner:", "not understood");
}

void TestMethodListModel::readsWhatIsTyped() {
    QFETCH(QString, parameter);
    QFETCH(QString, text);
    QFETCH(QString, json);
    QFETCH(QString, error);
    const ParameterSpec spec = toyParameter(m_registry, parameter.toStdString());
    const ParsedParameter parsed = parseParameter(spec, text, m_registry);
    if (!error.isEmpty()) {
        QVERIFY2(parsed.error.contains(error), qPrintable(parsed.error));
        return;
    }
    QVERIFY2(parsed.ok(), qPrintable(parsed.error));
    QCOMPARE(QString::fromStdString(parsed.value.dump()), json);
    const QString shown = parameterText(spec, parsed.value);
    QTEST(shown, "shown");
    QVERIFY(parseParameter(spec, shown, m_registry).value == parsed.value);
}

void TestMethodListModel::fieldsDescribeTheForm() {
    const auto fields = parameterFields(
        SweptMethod::parse("toy:bits=2..5,signed=true,scale=99999,mode=[plain,grouped],base=nope"),
        m_registry);
    QCOMPARE(fields.size(), std::size_t{7});
    QVERIFY(fields[6].text.isEmpty() && fields[6].isDefault);
    QCOMPARE(fields[0].text, QStringLiteral("2..5"));
    QCOMPARE(fields[0].valueCount, 4);
    QVERIFY(!fields[0].isDefault);
    QVERIFY(fields[0].error.isEmpty());
    QCOMPARE(fields[1].text, QStringLiteral("99999"));
    QVERIFY(fields[2].isDefault);
    QCOMPARE(fields[3].valueCount, 2);
    QVERIFY(fields[4].isDefault);
    QCOMPARE(fields[4].text, QStringLiteral("64"));
    QVERIFY(fields[5].error.contains(QStringLiteral("There is no method 'nope'")));
}

void TestMethodListModel::fieldsAreEnabledForAnyCombination() {
    const auto groupEnabled = [this](const char* method) {
        return parameterFields(SweptMethod::parse(method), m_registry)[4].enabled;
    };
    QVERIFY(!groupEnabled("toy"));
    QVERIFY(!groupEnabled("toy:mode=plain"));
    QVERIFY(groupEnabled("toy:mode=grouped"));
    QVERIFY(groupEnabled("toy:mode=[plain,grouped]"));
}

void TestMethodListModel::nestedMethodsAreForms() {
    const Json value =
        SweptMethod::parse("toy:base=(inner:bits=[1,2])").method.parameters.at("base");
    const SweptMethod nested = nestedMethod(value);
    const auto fields = parameterFields(nested, m_registry);
    QCOMPARE(fields.size(), std::size_t{1});
    QCOMPARE(fields[0].text, QStringLiteral("[1,2]"));
    const ParameterSpec& bits = fields[0].spec;
    QVERIFY(nestedValue(nested) == value);
    // A default is written down where another value was given before, and only there.
    QCOMPARE(withParameter(nested, bits, bits.defaultValue).toText(),
             "inner:bits=" + bits.defaultValue.dump());
    const SweptMethod plain = SweptMethod::parse("inner");
    QVERIFY(nestedValue(withParameter(plain, bits, bits.defaultValue)) == "inner");
    QCOMPARE(nestedMethod(Json("inner")).toText(), std::string("inner"));
}

void TestMethodListModel::problemsAreSentences_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<QString>("problem");
    QTest::newRow("good") << QStringLiteral("toy:bits=1..8,base=(inner:bits=[1,4])") << QString();
    QTest::newRow("unknown method")
        << QStringLiteral("tow") << QStringLiteral("There is no method");
    QTest::newRow("unknown parameter")
        << QStringLiteral("toy:bit=4") << QStringLiteral("Did you mean 'bits'?");
    QTest::newRow("one bad value of a sweep")
        << QStringLiteral("toy:bits=1..9") << QStringLiteral("from 1 to 8");
    QTest::newRow("bad nested value")
        << QStringLiteral("toy:base=(inner:bits=5)") << QStringLiteral("from 1 to 4");
    QTest::newRow("too many") << QStringLiteral(
                                     "toy:bits=1..8,group=1..1024,base=(inner:bits=1..4)")
                              << QStringLiteral("combinations");
}

void TestMethodListModel::problemsAreSentences() {
    QFETCH(QString, method);
    QFETCH(QString, problem);
    const QString found = methodProblem(SweptMethod::parse(method.toStdString()), m_registry);
    if (problem.isEmpty()) QVERIFY2(found.isEmpty(), qPrintable(found));
    QVERIFY2(found.contains(problem), qPrintable(found));
}

void TestMethodListModel::everyEditIsOneStep() {
    ExperimentDocument document;
    MethodListModel model(&document, &m_registry);
    QAbstractItemModelTester tester(&model);
    std::vector<SpecEdit> edits;
    connect(&document, &ExperimentDocument::edited, this,
            [&](const SpecEdit& edit) { edits.push_back(edit); });
    QCOMPARE(model.addMethod(QStringLiteral("toy")), 0);
    QCOMPARE(model.addMethod(SweptMethod::parse("inner:bits=1..3")), 1);
    QVERIFY(model.setParameter(0, QStringLiteral("bits"), QStringLiteral("2..6")).isEmpty());
    model.setParameterValue(0, QStringLiteral("bits"), Json(3));
    model.duplicateMethod(0);
    model.moveMethod(2, 0);
    model.setMethod(1, SweptMethod::parse("inner"));
    model.removeMethod(2);
    QStringList names;
    for (const SpecEdit& edit : edits)
        names << edit.name;
    QCOMPARE(names.join(QStringLiteral("; ")),
             QStringLiteral("add toy; add inner; change bits of toy; change bits of toy; "
                            "duplicate toy; move inner; change inner; remove toy"));
    QCOMPARE(edits[2].mergeKey, edits[3].mergeKey);
    QVERIFY(!edits[2].mergeKey.isEmpty());
    QVERIFY(edits[0].mergeKey.isEmpty());
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0).data(MethodListModel::TextRole).toString(),
             QStringLiteral("inner:bits=1..3"));
    QCOMPARE(model.index(1).data().toString(), QStringLiteral("inner"));
    for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
        document.setSpec(edit->before);
    QCOMPARE(model.rowCount(), 0);
}

void TestMethodListModel::typedMistakesChangeNothing() {
    ExperimentDocument document;
    MethodListModel model(&document, &m_registry);
    model.addMethod(QStringLiteral("toy"));
    const ExperimentSpec before = document.spec();
    QVERIFY(!model.setParameter(0, QStringLiteral("bits"), QStringLiteral("99")).isEmpty());
    QVERIFY(!model.setParameter(0, QStringLiteral("bats"), QStringLiteral("2")).isEmpty());
    QVERIFY(document.spec() == before);
    // The default is what a method without the parameter means.
    QVERIFY(model.setParameter(0, QStringLiteral("bits"), QStringLiteral("4")).isEmpty());
    QVERIFY(document.spec() == before);
}

void TestMethodListModel::rowsThatDidNotChangeStay() {
    ExperimentDocument document;
    MethodListModel model(&document, &m_registry);
    QAbstractItemModelTester tester(&model);
    for (int bits = 1; bits <= 4; ++bits) {
        model.addMethod(SweptMethod::parse("toy:bits=" + std::to_string(bits)));
    }
    const QPersistentModelIndex last = model.index(3);
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
    model.removeMethod(1);
    QCOMPARE(last.row(), 2);
    QCOMPARE(changes.count(), 0);
    model.setMethod(0, SweptMethod::parse("toy:bits=8"));
    QCOMPARE(changes.count(), 1);
    QCOMPARE(last.data().toString(), QStringLiteral("toy:bits=4"));
    QCOMPARE(resets.count(), 0);
}

void TestMethodListModel::countsSettings() {
    ExperimentDocument document;
    MethodListModel model(&document, &m_registry);
    model.addMethod(SweptMethod::parse("toy:bits=1..4,base=[inner,(inner:bits=1)]"));
    model.addMethod(SweptMethod::parse("inner"));
    model.addMethod(SweptMethod::parse("gone:bits=1..4"));
    QCOMPARE(model.index(0).data(MethodListModel::SettingsCountRole).toInt(), 8);
    QCOMPARE(model.settingsCount(), 9);
    QVERIFY(!model.index(2).data(MethodListModel::ErrorRole).toString().isEmpty());
    QCOMPARE(model.index(2).data(MethodListModel::NameRole).toString(), QStringLiteral("gone"));
    QVERIFY(model.fields(2).empty());
    QCOMPARE(model.fields(0).size(), std::size_t{7});
}

QTEST_GUILESS_MAIN(TestMethodListModel)
#include "tst_method_list_model.moc"
