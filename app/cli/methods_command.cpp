// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QFileInfo>
#include <iostream>

#include "app/cli/commands.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

Json describe(const Method& method) {
    Json parameters = Json::array();
    for (const ParameterSpec& parameter : method.parameters()) {
        parameters.push_back(parameter.toJson());
    }
    return {{"id", method.id()},
            {"name", method.name()},
            {"version", method.version()},
            {"help", method.help()},
            {"parameters", parameters}};
}

// "2..8", "sym | asym", "true | false": what may be written for a parameter.
std::string allowedValues(const ParameterSpec& parameter) {
    std::string text;
    for (const ParameterChoice& choice : parameter.choices) {
        text += (text.empty() ? "" : " | ") + choice.value;
    }
    if (parameter.type == ParameterType::Boolean) text = "true | false";
    if (parameter.type == ParameterType::Method) text = "a method";
    if (parameter.minimum && parameter.maximum) {
        text = formatNumber(*parameter.minimum) + ".." + formatNumber(*parameter.maximum);
    } else if (parameter.minimum) {
        text = "at least " + formatNumber(*parameter.minimum);
    }
    if (!parameter.unit.empty()) text += " " + parameter.unit;
    if (parameter.type == ParameterType::IntegerList) {
        text += ", up to " + std::to_string(parameter.longest) + " numbers with +";
    }
    return text;
}

std::string defaultText(const ParameterSpec& parameter) {
    if (parameter.type == ParameterType::Method) {
        return MethodSpec::fromJson(parameter.defaultValue).toText();
    }
    if (parameter.defaultValue.is_string() && parameter.defaultValue != "") {
        return parameter.defaultValue.get<std::string>();
    }
    return parameter.defaultValue.dump();
}

void print(const Method& method, std::ostream& out) {
    out << method.id() << ": " << method.name() << "\n  " << method.help() << "\n";
    for (const ParameterSpec& parameter : method.parameters()) {
        out << "  " << parameter.id << " = " << defaultText(parameter) << "   ("
            << allowedValues(parameter) << ")\n      " << parameter.help << '\n';
    }
}

// Text inside a cell of a Markdown table.
std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
        text.insert(at, 1, '\\');
    }
    return text;
}

// "group (granularity = group)": the parameter, and when it counts.
std::string nameWithCondition(const ParameterSpec& parameter) {
    std::string condition;
    for (const EnabledIf& other : parameter.enabledIf) {
        condition += (condition.empty() ? "" : ", ") + other.parameter;
        for (const std::string& value : other.values) {
            condition += value == other.values.front() ? " = " : " or ";
            condition += value.empty() ? "\"\"" : value;
        }
    }
    return "`" + parameter.id + "`" + (condition.empty() ? "" : " (" + condition + ")");
}

// The manual's chapter on a method.
void printMarkdown(const Method& method, std::ostream& out) {
    out << "## " << method.id() << ": " << method.name() << "\n\n"
        << method.help() << "\n\n| parameter | default | values | meaning |\n"
        << "| --- | --- | --- | --- |\n";
    for (const ParameterSpec& parameter : method.parameters()) {
        out << "| " << cell(nameWithCondition(parameter)) << " | `" << defaultText(parameter)
            << "` | " << cell(allowedValues(parameter)) << " | " << cell(parameter.help) << " |\n";
    }
    for (const ParameterSpec& parameter : method.parameters()) {
        if (parameter.choices.empty()) continue;
        out << "\nValues of `" << parameter.id << "`:\n\n";
        for (const ParameterChoice& choice : parameter.choices) {
            out << "- `" << choice.value << "`: " << choice.label << '\n';
        }
    }
}

class MethodsCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "methods", "List the quantization methods and their parameters.");
        app->add_option("ID", m_id, "Only this method");
        CLI::Option* json = app->add_flag(
            "--json", m_json, "Print an array of {id, name, version, help, parameters}");
        app->add_flag("--markdown", m_markdown, "Print chapters of the manual")->excludes(json);
        app->footer(exampleFooter("quantscope-cli methods rvq"));
        return app;
    }

    int run(const CommandContext& context) override {
        const MethodRegistry& registry = context.plugins.registry;
        std::vector<const Method*> methods;
        if (!m_id.empty()) {
            context.plugins.requireMethod(m_id);
            methods.push_back(&registry.method(m_id));
        } else {
            for (const auto& method : registry.methods())
                methods.push_back(method.get());
        }
        if (m_json) {
            Json list = Json::array();
            for (const Method* method : methods)
                list.push_back(describe(*method));
            std::cout << list.dump(2) << '\n';
        } else {
            for (const Method* method : methods) {
                if (method != methods.front()) std::cout << '\n';
                (m_markdown ? printMarkdown : print)(*method, std::cout);
            }
        }
        for (const PluginRecord& plugin : context.plugins.plugins) {
            // Folders that are missing have been named before.
            if (plugin.state == PluginState::Loaded || !QFileInfo::exists(plugin.path)) continue;
            std::cerr << "warning: the plugin " << plugin.path.toStdString() << " was not loaded. "
                      << plugin.error.toStdString() << '\n';
        }
        return Success;
    }

private:
    std::string m_id;
    bool m_json = false;
    bool m_markdown = false;
};

}  // namespace

std::unique_ptr<Command> makeMethodsCommand() {
    return std::make_unique<MethodsCommand>();
}

}  // namespace quantscope
