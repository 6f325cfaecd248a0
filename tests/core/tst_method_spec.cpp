// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/quant/method_parser.h"
#include "core/quant/method_spec.h"

using namespace quantscope;

namespace {

Json json(const char* text) {
    return Json::parse(text);
}

QString texts(const std::vector<MethodSpec>& specs) {
    QStringList list;
    for (const MethodSpec& spec : specs)
        list << QString::fromStdString(spec.toText());
    return list.join(' ');
}

}  // namespace

class TestMethodSpec : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parses_data();
    void parses();
    void namesThePlaceOfAMistake_data();
    void namesThePlaceOfAMistake();
    void expands_data();
    void expands();
    void refusesToExpand_data();
    void refusesToExpand();
    void readsJson();
    void refusesJson_data();
    void refusesJson();
    void writesTextThatReadsBack();
    void survivesAnyText();
};

void TestMethodSpec::parses_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("parameters");
    QTest::addColumn<QString>("canonical");
    const auto row = [](const char* text, const char* id, const char* parameters,
                        const char* canonical = nullptr) {
        QTest::newRow(text) << text << id << parameters << (canonical ? canonical : text);
    };
    row("scalar", "scalar", "{}");
    row("scalar:bits=4", "scalar", R"({"bits": 4})");
    row("rvq:stages=4,bits=8,dim=8", "rvq", R"({"stages": 4, "bits": 8, "dim": 8})");
    row("scalar:scheme=asym,levels=uniform", "scalar",
        R"({"scheme": "asym", "levels": "uniform"})");
    row("mixed:bits=2.5", "mixed", R"({"bits": 2.5})");
    row("pq:shared=true,x=false", "pq", R"({"shared": true, "x": false})");
    row("a:x=-3,y=1e-3,z=+4", "a", R"({"x": -3, "y": 0.001, "z": 4})", "a:x=-3,y=0.001,z=4");
    row(" rvq : stages = 4 , bits = 8 ", "rvq", R"({"stages": 4, "bits": 8})",
        "rvq:stages=4,bits=8");
    row("scalar:bits=2..8", "scalar", R"({"bits": {"from": 2, "to": 8}})");
    row("scalar:bits=2..8..2", "scalar", R"({"bits": {"from": 2, "to": 8, "step": 2}})");
    row("mixed:bits=2..3..0.25", "mixed", R"({"bits": {"from": 2, "to": 3, "step": 0.25}})");
    row("a:x=-1.5..1.5", "a", R"({"x": {"from": -1.5, "to": 1.5}})");
    row("scalar:bits=[2,4,8]", "scalar", R"({"bits": [2, 4, 8]})");
    row("scalar:bits=[2..4,8]", "scalar", R"({"bits": [{"from": 2, "to": 4}, 8]})");
    row("scalar:scheme=[sym, asym]", "scalar", R"({"scheme": ["sym", "asym"]})",
        "scalar:scheme=[sym,asym]");
    row("mixed:bits=3,base=scalar", "mixed", R"({"bits": 3, "base": "scalar"})");
    row("mixed:base=(scalar)", "mixed", R"({"base": "scalar"})", "mixed:base=scalar");
    row("mixed:bits=3,base=(scalar:scheme=asym)", "mixed",
        R"({"bits": 3, "base": {"id": "scalar", "parameters": {"scheme": "asym"}}})");
    row("mixed|scalar", "mixed", R"({"base": "scalar"})", "mixed:base=scalar");
    row("hadamard:side=both | e8:bits=[2,3]", "hadamard",
        R"({"side": "both", "base": {"id": "e8", "parameters": {"bits": [2, 3]}}})",
        "hadamard:side=both,base=(e8:bits=[2,3])");
    row("a:x=1 | b | c:y=2", "a",
        R"({"x": 1, "base": {"id": "b", "parameters": {"base": {"id": "c", "parameters": {"y": 2}}}}})",
        "a:x=1,base=(b:base=(c:y=2))");
    row("a:inner=(b|c:y=2)", "a",
        R"({"inner": {"id": "b", "parameters": {"base": {"id": "c", "parameters": {"y": 2}}}}})",
        "a:inner=(b:base=(c:y=2))");
    row("a:base=(b:base=(c:x=1,y=[1,2]),z=2)", "a",
        R"({"base": {"id": "b", "parameters": {"base": {"id": "c", "parameters":
            {"x": 1, "y": [1, 2]}}, "z": 2}}})");
    row("a:base=[scalar,(pq:m=4)]", "a",
        R"({"base": ["scalar", {"id": "pq", "parameters": {"m": 4}}]})");
    row("a:file=../x/y.h5", "a", R"({"file": "../x/y.h5"})");
    row(R"(a:x="4",y="a, b",z="tr\"ue")", "a", R"({"x": "4", "y": "a, b", "z": "tr\"ue"})",
        R"(a:x="4",y="a, b",z="tr\"ue")");
    row("a:x=inf,y=nan", "a", R"({"x": "inf", "y": "nan"})");
    row("a:x=99999999999999999999", "a", R"({"x": 1e20})", "a:x=1e+20");
}

void TestMethodSpec::parses() {
    QFETCH(QString, text);
    QFETCH(QString, id);
    QFETCH(QString, parameters);
    QFETCH(QString, canonical);
    const SweptMethod parsed = SweptMethod::parse(text.toStdString());
    QCOMPARE(QString::fromStdString(parsed.method.id), id);
    QCOMPARE(parsed.method.parameters, Json::parse(parameters.toStdString()));
    QCOMPARE(QString::fromStdString(parsed.toText()), canonical);
    QVERIFY(SweptMethod::parse(parsed.toText()) == parsed);
}

void TestMethodSpec::namesThePlaceOfAMistake_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* text, const char* expected) {
        QTest::newRow(text) << text << expected;
    };
    row("", "at character 1: expected the id of a method.");
    row(":bits=4", "at character 1: expected the id of a method, not ':'.");
    row("scalar:", "at character 8: expected the name of a parameter.");
    row("scalar:bits", "at character 12: expected '=' after 'bits'.");
    row("scalar:bits=", "at character 13: expected a value after 'bits='.");
    row("rvq:stages=,bits=8", "at character 12: expected a value after 'stages='.");
    row("scalar:bits=4,", "at character 15: expected the name of a parameter.");
    row("scalar:bits=4,bits=5", "at character 15: 'bits' is given twice.");
    row("scalar bits=4", "at character 8: unexpected 'b', expected ',' or the end of the method.");
    row("scalar:bits=4 8",
        "at character 15: unexpected '8', expected ',' or the end of the method.");
    row("scalar:bits=4)",
        "at character 14: unexpected ')', expected ',' or the end of the method.");
    row("scalar:bits=8..2",
        "at character 13: the range 8..2 is empty; write the smaller value first.");
    row("scalar:bits=2..", "at character 16: expected a number after '..'.");
    row("scalar:bits=2..x", "at character 16: expected a number after '..'.");
    row("scalar:bits=2..8..0", "at character 19: expected a positive step after the second '..'.");
    row("scalar:bits=2..8..-1", "at character 19: expected a positive step after the second '..'.");
    row("scalar:bits=[2,4", "at character 17: unexpected end, expected ',' or ']'.");
    row("scalar:bits=[]", "at character 14: expected a value after 'bits='.");
    row("scalar:bits=[[2]]", "at character 14: lists cannot stand in lists.");
    row("mixed:base=pq | scalar",
        "at character 15: the base of mixed is given twice, with base= and with '|'.");
    row("mixed |", "at character 8: expected the id of a method.");
    row("mixed:base=(scalar:bits=4", "at character 26: unexpected end, expected ')'.");
    row("mixed:base=()", "at character 13: expected the id of a method, not ')'.");
    row("mixed:base=scalar:bits=4",
        "at character 18: a method with parameters stands in parentheses as a value: "
        "base=(scalar:...).");
    row("a:x=\"b", "at character 5: the quoted text has no end.");
    row("a:x=\"\\q\"", "at character 5: the quoted text is not a JSON string.");
    row("\xC3\xA9:x", "at character 1: expected the id of a method, not '\xC3\xA9'.");
    row("a:\xC3\xA9=1", "at character 3: expected the name of a parameter, not '\xC3\xA9'.");
    row("a:x=\xC3\xA9 \xC3\xA9",
        "at character 7: unexpected '\xC3\xA9', expected ',' or the end of the method.");
}

void TestMethodSpec::namesThePlaceOfAMistake() {
    QFETCH(QString, text);
    QFETCH(QString, expected);
    try {
        SweptMethod::parse(text.toStdString());
        QFAIL("no error");
    } catch (const Error& error) {
        QCOMPARE(QString::fromUtf8(error.what()),
                 "The method '" + text + "' is not understood " + expected);
        QVERIFY(!error.remedy().empty());
    }
}

void TestMethodSpec::expands_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* text, const char* expected) {
        QTest::newRow(text) << text << expected;
    };
    row("a", "a");
    row("a:x=1", "a:x=1");
    row("a:x=2..4", "a:x=2 a:x=3 a:x=4");
    row("a:x=2..7..2", "a:x=2 a:x=4 a:x=6");
    row("a:x=3..3", "a:x=3");
    row("a:x=0.1..0.5..0.1", "a:x=0.1 a:x=0.2 a:x=0.3 a:x=0.4 a:x=0.5");
    row("a:x=2..3..0.25", "a:x=2 a:x=2.25 a:x=2.5 a:x=2.75 a:x=3");
    row("a:x=[4,1]", "a:x=4 a:x=1");
    row("a:x=[1..3,8]", "a:x=1 a:x=2 a:x=3 a:x=8");
    row("a:x=[1,2],y=[u,v]", "a:x=1,y=u a:x=1,y=v a:x=2,y=u a:x=2,y=v");
    row("a:base=(b:x=1..2),y=[3,4]",
        "a:base=(b:x=1),y=3 a:base=(b:x=1),y=4 a:base=(b:x=2),y=3 a:base=(b:x=2),y=4");
    row("a:base=[b,(c:x=1..2)]", "a:base=b a:base=(c:x=1) a:base=(c:x=2)");
}

void TestMethodSpec::expands() {
    QFETCH(QString, text);
    QFETCH(QString, expected);
    QCOMPARE(texts(SweptMethod::parse(text.toStdString()).expand()), expected);
}

void TestMethodSpec::refusesToExpand_data() {
    QTest::addColumn<QString>("parameters");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* parameters, const char* part) {
        QTest::newRow(parameters) << parameters << part;
    };
    row(R"({"x": {"from": 3, "to": 2}})", "is empty");
    row(R"({"x": {"from": 3}})", "no number 'to'");
    row(R"({"x": {"from": "3", "to": 4}})", "no number 'from'");
    row(R"({"x": {"from": 1, "to": 4, "step": 0}})", "not positive");
    row(R"({"x": {"from": 1, "to": 4, "by": 1}})", "unknown entry 'by'");
    row(R"({"x": {"from": 0, "to": 1, "step": 1e-300}})", "more than 10000 values");
    row(R"({"x": {"from": -1e308, "to": 1e308}})", "more than 10000 values");
    row(R"({"x": []})", "is empty");
    row(R"({"x": [1, 2, 1]})", "names 1 twice");
    row(R"({"x": {"from": 1, "to": 200}, "y": {"from": 1, "to": 51}})", "more than 10000 combin");
}

void TestMethodSpec::refusesToExpand() {
    QFETCH(QString, parameters);
    QFETCH(QString, part);
    const SweptMethod swept{{"a", Json::parse(parameters.toStdString())}};
    try {
        swept.expand();
        QFAIL("no error");
    } catch (const Error& error) {
        QVERIFY2(QString(error.what()).contains(part), error.what());
    }
}

void TestMethodSpec::readsJson() {
    const Json object = json(R"({"id": "rvq", "parameters": {"stages": 4, "bits": 8}})");
    const MethodSpec spec = MethodSpec::fromJson(object);
    QCOMPARE(spec.toText(), "rvq:stages=4,bits=8");
    QCOMPARE(spec.toJson(), object);
    QVERIFY(MethodSpec::fromJson(json(R"("rvq:stages=4,bits=8")")) == spec);
    QVERIFY(MethodSpec::fromJson(json(R"({"id": "rvq"})")) == (MethodSpec{"rvq", Json::object()}));
    // Text inside JSON may be a nested method, swept or not.
    const SweptMethod nested{MethodSpec::fromJson(
        json(R"({"id": "mixed", "parameters": {"base": "scalar:bits=2..3"}})"))};
    QCOMPARE(texts(nested.expand()), "mixed:base=(scalar:bits=2) mixed:base=(scalar:bits=3)");
}

void TestMethodSpec::refusesJson_data() {
    QTest::addColumn<QString>("text");
    for (const char* text : {"4", "null", "[]", "{}", R"({"id": ""})", R"({"id": 4})", R"("")",
                             R"({"id": "a", "parameters": []})", R"({"id": "a", "bits": 4})"}) {
        QTest::newRow(text) << text;
    }
}

void TestMethodSpec::refusesJson() {
    QFETCH(QString, text);
    QVERIFY_EXCEPTION_THROWN(MethodSpec::fromJson(Json::parse(text.toStdString())), Error);
}

// Random methods, written and read back.
void TestMethodSpec::writesTextThatReadsBack() {
    Random random(7);
    const auto name = [&] { return std::string(1, static_cast<char>('a' + random.below(26))); };
    const auto leaf = [&]() -> Json {
        static const std::vector<Json> values = {0,     -17,  3.5,        1e-7,  true,   false,
                                                 "sym", "12", "a=b",      "1..", "true", "x y",
                                                 "",    "\n", "\xC3\xBC", 1e300, "-",    "\""};
        return values[static_cast<std::size_t>(random.below(static_cast<Index>(values.size())))];
    };
    const std::function<MethodSpec(int)> method = [&](int depth) {
        MethodSpec spec{name() + "-" + name(), Json::object()};
        for (Index i = 1 + random.below(4); i > 0; --i) {
            Json& value = spec.parameters[name()];
            switch (random.below(4)) {
                case 0:
                    value = Json::array({leaf(), leaf()});
                    break;
                case 1:
                    value = depth > 0 ? method(depth - 1).toJson() : leaf();
                    break;
                case 2:
                    value = Json{{"from", 1}, {"to", 2.5}, {"step", 0.5}};
                    break;
                default:
                    value = leaf();
            }
        }
        return spec;
    };
    for (int i = 0; i < 500; ++i) {
        const SweptMethod original{method(3)};
        const std::string text = original.toText();
        QVERIFY2(SweptMethod::parse(text) == original, text.c_str());
    }
}

// Whatever people type is either read or refused with an Error; nothing else happens.
void TestMethodSpec::survivesAnyText() {
    static constexpr std::string_view alphabet = "ab1.,:=()[]\"\\ -e\xC3\xA9";
    Random random(11);
    int understood = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text = random.below(2) == 0 ? "a:b=" : "";
        for (Index n = random.below(14); n > 0; --n) {
            text += alphabet[static_cast<std::size_t>(
                random.below(static_cast<Index>(alphabet.size())))];
        }
        try {
            const SweptMethod parsed = SweptMethod::parse(text);
            QVERIFY2(SweptMethod::parse(parsed.toText()) == parsed, text.c_str());
            ++understood;
        } catch (const Error&) {
        }
    }
    QVERIFY(understood > 500);
    const std::string deep(100000, '(');
    QVERIFY_EXCEPTION_THROWN(SweptMethod::parse("a:b=" + deep), Error);
    std::string nested;
    for (int i = 0; i < 100000; ++i)
        nested += "(a:b=";
    QVERIFY_EXCEPTION_THROWN(SweptMethod::parse("a:b=" + nested), Error);
}

QTEST_APPLESS_MAIN(TestMethodSpec)
#include "tst_method_spec.moc"
