// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QRegularExpression>
#include <set>

#include "core/quant/method_label.h"
#include "tests/plugins/conformance/trials.h"

using namespace quantscope;
using test::registry;

namespace {

bool isSentence(const std::string& text) {
    return text.size() > 8 && text.back() == '.' && text.find("  ") == std::string::npos;
}

bool matches(const char* pattern, const std::string& text) {
    const QRegularExpression expression(
        QRegularExpression::anchoredPattern(QLatin1String(pattern)));
    return expression.match(QString::fromStdString(text)).hasMatch();
}

std::string refusalOf(const MethodSpec& spec) {
    try {
        registry().resolve(spec);
    } catch (const Error& error) {
        return error.fullText();
    }
    return {};
}

// What stands outside of parentheses: a method in a parameter may have parameters of the same
// names.
std::string withoutNested(const std::string& text) {
    std::string own;
    int depth = 0;
    for (const char c : text) {
        if (c == '(') ++depth;
        if (depth == 0) own += c;
        if (c == ')') --depth;
    }
    return own;
}

}  // namespace

/// Schemas make forms, options, checks and the manual, so all they say has to hold.
class TestConformanceSchema : public QObject {
    Q_OBJECT

private:
    static void addParameterRows() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<int>("index");
        for (const auto& method : registry().methods()) {
            int index = 0;
            for (const ParameterSpec& parameter : method->parameters()) {
                QTest::newRow((method->id() + " " + parameter.id).c_str())
                    << QString::fromStdString(method->id()) << index++;
            }
        }
    }
    static ParameterSpec currentParameter() {
        const auto* id = static_cast<QString*>(QTest::qData("method", qMetaTypeId<QString>()));
        const auto* index = static_cast<int*>(QTest::qData("index", qMetaTypeId<int>()));
        return registry().method(id->toStdString()).parameters()[static_cast<std::size_t>(*index)];
    }

private Q_SLOTS:
    void everyPluginLoads() {
        const QStringList folders{QStringLiteral(QUANTSCOPE_BUILD_DIR "/lib/quantscope/plugins"),
                                  QStringLiteral(EXAMPLE_PLUGIN_DIR)};
        qsizetype files = 0;
        for (const QString& folder : folders) {
            const qsizetype found =
                QDir(folder).entryList({QStringLiteral("*.so")}, QDir::Files).size();
            QVERIFY2(found > 0, qPrintable(folder));
            files += found;
        }
        QCOMPARE(static_cast<qsizetype>(test::loadedPlugins().plugins.size()), files);
        for (const PluginRecord& record : test::loadedPlugins().plugins) {
            QVERIFY2(record.state == PluginState::Loaded,
                     qPrintable(record.path + QLatin1Char(' ') + record.error));
            const Method& method = registry().method(record.id.toStdString());
            QCOMPARE(QString::fromStdString(method.name()), record.name);
            QCOMPARE(QString::fromStdString(method.version()), record.version);
            QVERIFY2(isSentence(record.help.toStdString()), qPrintable(record.help));
            QVERIFY2(isSentence(method.help()), method.help().c_str());
            QVERIFY2(matches("[a-z][a-z0-9_]*", method.id()), method.id().c_str());
        }
    }

    void wordsAreWhole_data() { addParameterRows(); }
    void wordsAreWhole() {
        const ParameterSpec parameter = currentParameter();
        QVERIFY(matches("[a-z][a-z0-9_]*", parameter.id));
        QVERIFY2(matches("[A-Z][^.]*", parameter.label), parameter.label.c_str());
        QVERIFY2(isSentence(parameter.help), parameter.help.c_str());
        QVERIFY2(matches("([a-z]+)?", parameter.unit), parameter.unit.c_str());
        const Json json = parameter.toJson();
        for (const char* key : {"id", "label", "help", "unit", "type", "default"})
            QVERIFY2(json.contains(key), key);
    }

    void idsAreUnique() {
        for (const auto& method : registry().methods()) {
            std::set<std::string> ids;
            for (const ParameterSpec& parameter : method->parameters()) {
                QVERIFY2(ids.insert(parameter.id).second, parameter.id.c_str());
            }
        }
    }

    void numbersHaveRanges_data() { addParameterRows(); }
    void numbersHaveRanges() {
        QFETCH(QString, method);
        const ParameterSpec parameter = currentParameter();
        const bool isList = parameter.type == ParameterType::IntegerList;
        QCOMPARE(parameter.longest > 0, isList);
        if (!isList && parameter.type != ParameterType::Integer &&
            parameter.type != ParameterType::Real) {
            QVERIFY(!parameter.minimum && !parameter.maximum && !parameter.step);
            return;
        }
        QVERIFY(parameter.minimum && parameter.maximum);
        QVERIFY(*parameter.minimum < *parameter.maximum);
        if (isList) return;
        QVERIFY(!parameter.step || *parameter.step > 0.0);
        const auto resolves = [&](const Json& value) {
            return refusalOf({method.toStdString(), Json{{parameter.id, value}}});
        };
        const auto value = parameter.defaultValue.get<double>();
        QVERIFY(value >= *parameter.minimum && value <= *parameter.maximum);
        QVERIFY(resolves(*parameter.minimum).empty());
        QVERIFY(resolves(*parameter.maximum).empty());
        for (const double outside : {*parameter.minimum - 1.0, *parameter.maximum + 1.0}) {
            const std::string refusal = resolves(outside);
            QVERIFY2(refusal.find("'" + parameter.id + "'") != std::string::npos, refusal.c_str());
        }
        if (parameter.type == ParameterType::Integer) {
            QVERIFY(parameter.defaultValue.is_number_integer());
            QVERIFY(!resolves(*parameter.minimum + 0.5).empty());
        }
    }

    void choicesAreDistinct_data() { addParameterRows(); }
    void choicesAreDistinct() {
        const ParameterSpec parameter = currentParameter();
        if (parameter.type != ParameterType::Choice) {
            QVERIFY(parameter.choices.empty());
            return;
        }
        std::set<std::string> values;
        std::set<std::string> labels;
        for (const ParameterChoice& choice : parameter.choices) {
            QVERIFY2(matches("[a-z0-9][a-z0-9_.-]*", choice.value), choice.value.c_str());
            QVERIFY2(matches("[A-Z0-9].*[^.]", choice.label), choice.label.c_str());
            values.insert(choice.value);
            labels.insert(choice.label);
        }
        QVERIFY(parameter.choices.size() > 1);
        QCOMPARE(values.size(), parameter.choices.size());
        QCOMPARE(labels.size(), parameter.choices.size());
        QVERIFY(values.contains(parameter.defaultValue.get<std::string>()));
    }

    void conditionsCanHold_data() { addParameterRows(); }
    void conditionsCanHold() {
        QFETCH(QString, method);
        for (const EnabledIf& condition : currentParameter().enabledIf) {
            QVERIFY(!condition.values.empty());
            for (const std::string& value : condition.values) {
                const std::string refusal =
                    refusalOf({method.toStdString(), Json{{condition.parameter, value}}});
                QVERIFY2(refusal.empty(), refusal.c_str());
            }
        }
    }

    void wrongValuesAreRefusedByName_data() { addParameterRows(); }
    void wrongValuesAreRefusedByName() {
        QFETCH(QString, method);
        const ParameterSpec parameter = currentParameter();
        const std::vector<Json> wrong{"#", Json::array(), nullptr, Json::array({1, 2})};
        for (const Json& value : wrong) {
            const std::string refusal =
                refusalOf({method.toStdString(), Json{{parameter.id, value}}});
            // A method's own text is judged as a method, and the complaint names that.
            const bool named = refusal.find("'" + parameter.id + "'") != std::string::npos ||
                               (parameter.type == ParameterType::Method && value.is_string() &&
                                refusal.find('#') != std::string::npos);
            QVERIFY2(named, refusal.c_str());
        }
        const std::string misspelt =
            refusalOf({method.toStdString(), Json{{parameter.id + "x", 1}}});
        QVERIFY2(misspelt.find("'" + parameter.id + "'") != std::string::npos, misspelt.c_str());
    }

    // Every setting is the same thing as text, as JSON and without its defaults.
    void settingsHaveTexts_data() { test::addPlainAndRandomRows(20); }
    void settingsHaveTexts() {
        const MethodSpec spec = test::currentMethod();
        QCOMPARE(registry().resolve(spec), spec);
        QCOMPARE(registry().resolve(SweptMethod::parse(spec.toText()).method), spec);
        const MethodSpec brief = test::withoutDefaults(spec);
        QCOMPARE(registry().resolve(SweptMethod::parse(brief.toText()).method), spec);
        QCOMPARE(registry().resolve(MethodSpec::fromJson(spec.toText())), spec);
        // A label leaves out what does not count, and nothing else.
        const std::string label = labelOf(spec, registry()).toText();
        const MethodSpec labelled = registry().resolve(SweptMethod::parse(label).method);
        for (const ParameterSpec& parameter : registry().method(spec.id).parameters()) {
            if (parameter.type == ParameterType::Method) continue;
            const bool counts = isEnabled(parameter, spec.parameters);
            const std::string own = withoutNested(label);
            QCOMPARE(own.find(":" + parameter.id + "=") != std::string::npos ||
                         own.find("," + parameter.id + "=") != std::string::npos,
                     counts);
            if (counts) {
                QCOMPARE(labelled.parameters.at(parameter.id), spec.parameters.at(parameter.id));
            }
        }
        QCOMPARE(SweptMethod::parse(spec.toText()).expand().size(), std::size_t{1});
    }

    void enoughSettingsAreTried() {
        for (const auto& method : registry().methods()) {
            const std::size_t plain = test::plainVariants(*method, {}).size();
            const std::size_t random = test::randomVariants(*method, {}, 20).size();
            QVERIFY2(plain > 1, method->id().c_str());
            QCOMPARE(random, std::size_t{20});
        }
    }
};

QTEST_GUILESS_MAIN(TestConformanceSchema)
#include "tst_conformance_schema.moc"
