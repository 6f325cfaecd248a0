// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/quant/method.h"
#include "core/quant/parameter.h"

using namespace quantscope;

namespace {

std::vector<ParameterSpec> schema() {
    ParameterSpec bits;
    bits.id = "bits";
    bits.type = ParameterType::Integer;
    bits.defaultValue = 4;
    bits.minimum = 1;
    bits.maximum = 16;
    ParameterSpec ratio;
    ratio.id = "ratio";
    ratio.type = ParameterType::Real;
    ratio.defaultValue = 0.5;
    ratio.minimum = 0.0;
    ParameterSpec shared;
    shared.id = "shared";
    shared.type = ParameterType::Boolean;
    shared.defaultValue = false;
    ParameterSpec scheme;
    scheme.id = "granularity";
    scheme.type = ParameterType::Choice;
    scheme.defaultValue = "row";
    scheme.choices = {{"row", "Row"}, {"group", "Group"}, {"8", "Eight"}};
    ParameterSpec group;
    group.id = "group";
    group.type = ParameterType::Integer;
    group.defaultValue = 32;
    group.enabledIf = {{"granularity", {"group"}}};
    ParameterSpec base;
    base.id = "base";
    base.type = ParameterType::Method;
    base.defaultValue = "scalar";
    ParameterSpec list = integerListParameter({"list", "List", "Numbers."}, 1, 16, 3);
    return {bits, ratio, shared, scheme, group, base, list};
}

Json resolve(const Json& given) {
    return resolveParameters("demo", schema(), given);
}

}  // namespace

class TestParameter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void buildersFillTheFields();
    void fillsDefaultsInSchemaOrder();
    void acceptsOtherSpellings_data();
    void acceptsOtherSpellings();
    void refuses_data();
    void refuses();
    void judgesConditions();
    void describesItselfInJson();
    void givesTypedValues();
};

void TestParameter::buildersFillTheFields() {
    const Json integer =
        integerParameter({"group", "Group size", "How many.", "channels"}, 32, 1, 64, 16)
            .onlyWith("granularity", {"group"})
            .onlyWith("levels", {"uniform", "lloyd"})
            .foldedAway()
            .toJson();
    QCOMPARE(integer, Json::parse(R"({"id": "group", "label": "Group size", "help": "How many.",
        "unit": "channels", "type": "integer", "default": 32, "min": 1.0, "max": 64.0,
        "step": 16.0, "enabled_if": [{"parameter": "granularity", "values": ["group"]},
        {"parameter": "levels", "values": ["uniform", "lloyd"]}], "advanced": true})"));
    QVERIFY(!integerParameter({"n", "N", "Count."}, 1, 0, 9, std::nullopt).step);
    const Json real = realParameter({"damping", "Damping", "Part."}, 0.5, 0.0, 1.0, 0.25).toJson();
    QCOMPARE(real, Json::parse(R"({"id": "damping", "label": "Damping", "help": "Part.",
        "unit": "", "type": "real", "default": 0.5, "min": 0.0, "max": 1.0, "step": 0.25,
        "advanced": false})"));
    QCOMPARE(booleanParameter({"s", "S", "Yes."}, true).toJson()["default"], Json(true));
    const ParameterSpec choice =
        choiceParameter({"a", "A", "Which."}, "x", {{"x", "Ex"}, {"y", "Why"}});
    QCOMPARE(choice.defaultValue, Json("x"));
    QCOMPARE(choice.choices.size(), std::size_t{2});
    QCOMPARE(choice.choices[1].label, std::string("Why"));
    const ParameterSpec method = methodParameter({"base", "Base", "Which."}, "scalar");
    QVERIFY(method.type == ParameterType::Method);
    QCOMPARE(method.defaultValue, Json("scalar"));
}

void TestParameter::fillsDefaultsInSchemaOrder() {
    QCOMPARE(resolve(Json{{"ratio", 2}}).dump(),
             R"({"bits":4,"ratio":2.0,"shared":false,"granularity":"row","group":32,)"
             R"("base":{"id":"scalar","parameters":{}},"list":""})");
    const Json once = resolve(Json::object());
    QCOMPARE(resolve(once), once);
}

void TestParameter::acceptsOtherSpellings_data() {
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("resolved");
    const auto row = [](const char* given, const char* name, const char* resolved) {
        QTest::newRow(given) << given << name << resolved;
    };
    row(R"({"bits": 4.0})", "bits", "4");
    row(R"({"bits": "7"})", "bits", "7");
    row(R"({"bits": "7.0"})", "bits", "7");
    row(R"({"bits": 16})", "bits", "16");
    row(R"({"ratio": 3})", "ratio", "3.0");
    row(R"({"ratio": "1e3"})", "ratio", "1000.0");
    row(R"({"shared": "true"})", "shared", "true");
    row(R"({"granularity": 8})", "granularity", "\"8\"");
    row(R"({"base": "pq:m=4"})", "base", R"({"id":"pq","parameters":{"m":4}})");
    row(R"({"base": {"id": "pq"}})", "base", R"({"id":"pq","parameters":{}})");
    row(R"({"list": "10+8+6"})", "list", R"("10+8+6")");
    row(R"({"list": "010+8"})", "list", R"("10+8")");
    row(R"({"list": 7})", "list", "7");
    row(R"({"list": "7"})", "list", "7");
    row(R"({"list": ""})", "list", R"("")");
}

void TestParameter::acceptsOtherSpellings() {
    QFETCH(QString, given);
    QFETCH(QString, name);
    QFETCH(QString, resolved);
    const Json result = resolve(Json::parse(given.toStdString()));
    QCOMPARE(QString::fromStdString(result.at(name.toStdString()).dump()), resolved);
}

void TestParameter::refuses_data() {
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("text");
    const auto row = [](const char* given, const char* text) {
        QTest::newRow(given) << given << text;
    };
    row(R"({"bit": 4})",
        "The method demo has no parameter 'bit'. Did you mean 'bits'? It has: bits, ratio, shared, "
        "granularity, group, base, list.");
    row(R"({"zzzzzz": 4})",
        "The method demo has no parameter 'zzzzzz'. It has: bits, ratio, shared, granularity, "
        "group, "
        "base, list.");
    row(R"({"bits": 0})",
        "Parameter 'bits' of demo cannot be 0. It is a whole number from 1 to 16.");
    row(R"({"bits": 17})",
        "Parameter 'bits' of demo cannot be 17. It is a whole number from 1 to 16.");
    row(R"({"bits": 2.5})",
        "Parameter 'bits' of demo cannot be 2.5. It is a whole number from 1 to 16.");
    row(R"({"bits": "four"})",
        "Parameter 'bits' of demo cannot be four. It is a whole number from 1 to 16.");
    row(R"({"bits": true})",
        "Parameter 'bits' of demo cannot be true. It is a whole number from 1 to 16.");
    row(R"({"bits": null})",
        "Parameter 'bits' of demo cannot be null. It is a whole number from 1 to 16.");
    row(R"({"bits": [2, 4]})",
        "Several values are given for 'bits' (demo:bits=[2,4]), but one is needed here. Choose a "
        "whole number from 1 to 16.");
    row(R"({"bits": {"from": 2, "to": 4}})",
        "Several values are given for 'bits' (demo:bits=2..4), but one is needed here. Choose a "
        "whole number from 1 to 16.");
    row(R"({"group": 1e300})", "Parameter 'group' of demo cannot be 1e+300. It is a whole number.");
    row(R"({"ratio": -0.5})",
        "Parameter 'ratio' of demo cannot be -0.5. It is a number of at least 0.");
    row(R"({"ratio": "inf"})",
        "Parameter 'ratio' of demo cannot be inf. It is a number of at least 0.");
    row(R"({"shared": 1})", "Parameter 'shared' of demo cannot be 1. It is true or false.");
    row(R"({"granularity": "rows"})",
        "Parameter 'granularity' of demo cannot be rows. It is one of row, group, 8. Did you mean "
        "'row'?");
    row(R"({"base": 4})", "Parameter 'base' of demo cannot be 4. It is a method.");
    const std::string lists =
        "It is empty or up to 3 whole numbers from 1 to 16 with plus signs, such as 8+6+4.";
    for (const char* wrong : {"8+", "+8", "8++4", "8+4+2+1", "17", "8+0", "8-4", "8,4", "a+b"}) {
        row(qPrintable(QStringLiteral(R"({"list": "%1"})").arg(QLatin1String(wrong))),
            ("Parameter 'list' of demo cannot be " + std::string(wrong) + ". " + lists).c_str());
    }
    row(R"({"list": 2.5})", ("Parameter 'list' of demo cannot be 2.5. " + lists).c_str());
    row(R"({"list": null})", ("Parameter 'list' of demo cannot be null. " + lists).c_str());
}

void TestParameter::refuses() {
    QFETCH(QString, given);
    QFETCH(QString, text);
    try {
        resolve(Json::parse(given.toStdString()));
        QFAIL("no error");
    } catch (const Error& error) {
        QCOMPARE(QString::fromStdString(error.fullText()), text);
    }
}

void TestParameter::judgesConditions() {
    const std::vector<ParameterSpec> specs = schema();
    const ParameterSpec& group = specs[4];
    QVERIFY(!isEnabled(group, resolve(Json::object())));
    QVERIFY(isEnabled(group, resolve(Json{{"granularity", "group"}})));
    QVERIFY(isEnabled(specs[0], resolve(Json::object())));
    QVERIFY(ineffectiveParameters(specs, resolve(Json::object())).empty());
    QVERIFY(ineffectiveParameters(specs, resolve(Json{{"granularity", "group"}, {"group", 64}}))
                .empty());
    const auto remarks = ineffectiveParameters(specs, resolve(Json{{"group", 64}}));
    QCOMPARE(remarks.size(), std::size_t{1});
    QCOMPARE(remarks[0], "group=64 has no effect here: it counts only with granularity=group.");
}

void TestParameter::describesItselfInJson() {
    const Json group = schema()[4].toJson();
    QCOMPARE(group.at("type"), "integer");
    QCOMPARE(group.at("default"), 32);
    QCOMPARE(group.at("enabled_if").dump(), R"([{"parameter":"granularity","values":["group"]}])");
    QVERIFY(!group.contains("min"));
    const Json bits = schema()[0].toJson();
    QCOMPARE(bits.at("min"), 1);
    QCOMPARE(bits.at("max"), 16);
    const Json list = schema()[6].toJson();
    QCOMPARE(list.at("type"), "integers");
    QCOMPARE(list.at("max"), 16);
    QCOMPARE(list.at("longest"), 3);
    QCOMPARE(schema()[3].toJson().at("choices").at(1).dump(),
             R"({"value":"group","label":"Group"})");
}

void TestParameter::givesTypedValues() {
    const ParameterValues values(resolve(Json{{"base", "pq:m=4"}}));
    QCOMPARE(values.integer("bits"), 4);
    QCOMPARE(values.real("ratio"), 0.5);
    QCOMPARE(values.boolean("shared"), false);
    QCOMPARE(values.choice("granularity"), "row");
    QCOMPARE(values.method("base").toText(), "pq:m=4");
    QCOMPARE(values.integers("list"), std::vector<int>());
    QCOMPARE(ParameterValues(resolve(Json{{"list", "10+8"}})).integers("list"),
             (std::vector{10, 8}));
    QCOMPARE(ParameterValues(resolve(Json{{"list", 9}})).integers("list"), std::vector{9});
    QVERIFY_EXCEPTION_THROWN(values.integers("base"), Error);
    QVERIFY_EXCEPTION_THROWN(values.integer("nothing"), Error);
    QVERIFY_EXCEPTION_THROWN(values.integer("granularity"), Error);
    QVERIFY_EXCEPTION_THROWN(values.boolean("bits"), Error);
    QVERIFY_EXCEPTION_THROWN(values.choice("bits"), Error);
    QVERIFY_EXCEPTION_THROWN(values.real("base"), Error);
}

QTEST_APPLESS_MAIN(TestParameter)
#include "tst_parameter.moc"
