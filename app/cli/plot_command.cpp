// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QFileInfo>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "app/cli/commands.h"
#include "app/cli/figure_maker.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "app/cli/text_table.h"
#include "app/plots/figure_export.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/run/tensor_selection.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

// Room for the title, the axis and the key of a bar chart, and for each of its bars.
constexpr double barFrameCm = 2.6;
constexpr double barCm = 0.5;
constexpr double tallestCm = 60.0;

bool isTable(const std::string& path) {
    return QFileInfo(QString::fromStdString(path)).suffix().toLower() == QLatin1String("csv");
}

// Ends files with a table or in a format of figures; told before anything is computed.
void checkEnding(const std::string& path) {
    if (isTable(path)) return;
    try {
        figureFormat(QString::fromStdString(path));
    } catch (const Error& error) {
        throw Error(error.what(),
                    "End the file name with .svg, .pdf, .png, or .csv for the numbers.");
    }
}

// "12x8" in cm.
void parseSize(const std::string& text, FigureOptions& options) {
    const std::size_t times = text.find('x');
    if (times == std::string::npos || !parseNumber(text.substr(0, times), options.widthCm) ||
        !parseNumber(text.substr(times + 1), options.heightCm)) {
        throw Error("The size '" + text + "' is not understood.",
                    "Write width x height in cm, for example --size 12x8.");
    }
}

// A method is meant by its id, by its whole text or by a glob over that.
bool meansMethod(const std::string& pattern, const TrialRecord& record) {
    return pattern == record.method.id || pattern == record.methodText ||
           matchesGlob(pattern, record.methodText);
}

template <typename Means>
bool isChosen(const std::vector<std::string>& patterns, Means&& means) {
    return patterns.empty() || std::ranges::any_of(patterns, means);
}

class PlotCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "plot", "Draw a figure of a result folder, as the window does, or write its numbers.");
        app->add_option("DIR", m_folder, "Result folder of a run")->required();
        std::vector<std::string> names;
        for (const FigureKind& kind : figureKinds())
            names.emplace_back(kind.name);
        app->add_option("--figure", m_request.figure, "What to draw")->check(CLI::IsMember(names));
        declareRepeatable(*app, "-o,--out", m_out,
                          "File to write: .svg, .pdf, .png, or .csv for the numbers");
        declareForce(*app, m_force);
        app->add_flag("--list", m_list, "Only say which figures the run can give");
        declareChoice(*app);
        declareLook(*app);
        app->add_flag("--json", m_json, "Print {figure, files, trials, notes}, or the list");
        app->footer(
            exampleFooter("quantscope-cli plot results --figure rate-distortion "
                          "--metric nmse --out trade-off.pdf --out trade-off.csv"));
        return app;
    }

    bool drawsFigures() const override { return true; }

    int run(const CommandContext& context) override {
        if (!m_list && (m_request.figure.empty() || m_out.empty())) {
            std::cerr << "error: "
                      << (m_request.figure.empty()
                              ? "Nothing says which figure to draw. Name it with --figure"
                              : "Nothing says which file to write. Name it with --out")
                      << ", or see --list.\n";
            return UsageError;
        }
        for (const std::string& path : m_out) {
            checkEnding(path);
            checkOutput(path, m_force, ResultStore::filesOf(m_folder));
        }
        const FigureOptions options = figureOptions();
        metricInfo(m_request.metric);
        const auto store = ResultStore::open(m_folder);
        m_request.records = chosenRecords(*store);
        if (m_list) {
            list(*store);
            return Success;
        }
        const Figure figure = makeFigure(m_request, *store, context);
        if (!m_title.empty()) figure.plot->setTitle(QString::fromStdString(m_title));
        for (const std::string& path : m_out)
            write(*figure.plot, path, options);
        report(figure);
        return Success;
    }

private:
    void declareChoice(CLI::App& app) {
        declareRepeatable(app, "--tensor", m_tensors,
                          "Only trials on the tensor with this name, or that match this glob");
        declareRepeatable(
            app, "--method", m_methods,
            "Only methods with this id, or whose text matches this glob, as 'pq:*bits=4*'");
        declareRepeatable(app, "--trial", m_trials, "Only trials whose id begins so");
        app.add_option("--metric", m_request.metric,
                       "What the trade-off shows: sqnr_db (default), nmse, recall_at_10, ...");
        app.add_option("--marks", m_marks,
                       "What a point or bar stands for: trials, methods (all tensors together), or "
                       "auto (trials while they are of one tensor)")
            ->check(CLI::IsMember({"auto", "trials", "methods"}));
        app.add_flag("--log", m_request.logValues, "Logarithmic value axis");
        app.add_option("--data", m_data, "The quantized file, if it is not where it was");
    }

    void declareLook(CLI::App& app) {
        app.add_option("--size", m_size,
                       "Width x height in cm (default 12x8; bars: by their number)");
        app.add_option("--dpi", m_options.dpi, "Pixels per inch of PNG files (default 300)");
        app.add_option("--font-size", m_options.fontPoints, "In points (default 9)");
        app.add_option("--theme", m_theme, "light (default) or dark")
            ->check(CLI::IsMember({"light", "dark"}));
        CLI::Option* title = app.add_option("--title", m_title, "Title instead of the usual one");
        app.add_flag("!--no-title", m_options.title, "Leave out the title")->excludes(title);
        app.add_flag("!--no-notes", m_options.notes, "Leave out the remarks below the figure");
    }

    FigureOptions figureOptions() {
        m_request.dataFile = m_data;
        m_request.marks = m_marks == "trials"    ? FigureMarks::Trials
                          : m_marks == "methods" ? FigureMarks::Methods
                                                 : FigureMarks::Automatic;
        m_options.dark = m_theme == "dark";
        m_options.widthCm = 12.0;
        m_options.heightCm = 8.0;
        if (!m_size.empty()) parseSize(m_size, m_options);
        figurePixels(m_options);  // Refuses what is out of range.
        return m_options;
    }

    RecordList chosenRecords(const ResultStore& store) {
        std::vector<TrialRecord> records = inPlanOrder(store.records(), store.run());
        if (records.empty()) {
            throw Error("The run in " + m_folder + " has no results yet.",
                        "Go on with it: run the experiment with --resume.");
        }
        std::erase_if(records, [&](const TrialRecord& record) {
            const auto tensorMeant = [&](const std::string& p) {
                return meansTensor(p, record.tensor);
            };
            const auto methodMeant = [&](const std::string& p) { return meansMethod(p, record); };
            const auto trialMeant = [&](const std::string& p) {
                return record.trialId.starts_with(p);
            };
            return !isChosen(m_tensors, tensorMeant) || !isChosen(m_methods, methodMeant) ||
                   !isChosen(m_trials, trialMeant);
        });
        if (records.empty()) {
            throw Error("No trial of " + m_folder + " is on such a tensor with such a method.",
                        "See the names with: quantscope-cli export " + m_folder + " --format csv");
        }
        m_failed = std::erase_if(records, [](const TrialRecord& r) { return r.failed(); });
        if (records.empty()) {
            throw Error(
                "All of the chosen trials failed, so there is nothing to draw.",
                "See the reasons with: quantscope-cli export " + m_folder + " --format csv");
        }
        return recordList(std::move(records));
    }

    void list(const ResultStore& store) const {
        Json figures = Json::array();
        TextTable table;
        table.addColumn("figure", TextTable::Align::Left);
        table.addColumn("trials", TextTable::Align::Right);
        table.addColumn("shows", TextTable::Align::Left);
        for (const FigureKind& kind : figureKinds()) {
            const std::size_t trials = drawableRecords(kind.name, m_request.records, store).size();
            figures.push_back({{"figure", kind.name},
                               {"shows", kind.shows},
                               {"of_one_trial", kind.ofOneTrial},
                               {"trials", trials}});
            table.addRow({std::string(kind.name), std::to_string(trials), std::string(kind.shows)});
        }
        if (m_json) {
            std::cout << figures.dump(2) << '\n';
        } else {
            table.print(std::cout);
        }
    }

    // Bars take the height that all of them need.
    FigureOptions sized(const PlotWidget& plot, FigureOptions options) const {
        const bool hasRows = m_request.figure == "bits" || m_request.figure == "sensitivity";
        if (hasRows && m_size.empty()) {
            options.widthCm = 16.0;
            options.heightCm = std::clamp(barFrameCm + barCm * plot.markCount(), 6.0, tallestCm);
        }
        return options;
    }

    void write(const PlotWidget& plot, const std::string& path, const FigureOptions& options) {
        if (isTable(path)) {
            writeTextFile(path, plot.makeTable()->toCsv().toStdString());
        } else {
            for (const QString& part :
                 exportFigure(plot, QString::fromStdString(path), sized(plot, options))) {
                m_leftOut.insert(part.toStdString());
            }
        }
    }

    void report(const Figure& figure) const {
        std::vector<std::string> notes = figure.choices;
        if (m_failed > 0) {
            notes.push_back(std::to_string(m_failed) + (m_failed == 1 ? " trial" : " trials") +
                            " failed and cannot be drawn.");
        }
        for (const std::string& part : m_leftOut) {
            notes.push_back("There was no room for " + part +
                            "; a larger --size or a smaller --font-size has it.");
        }
        for (const std::string& note : notes)
            std::cerr << "note: " << printableText(note) << '\n';
        if (!m_json) {
            for (const std::string& path : m_out)
                std::cout << "Wrote " << path << '\n';
            return;
        }
        Json trials = Json::array();
        for (const RecordPointer& record : figure.drawn) {
            trials.push_back({{"id", record->trialId},
                              {"tensor", record->tensor},
                              {"method", record->methodText}});
        }
        const Json document = {{"figure", m_request.figure},
                               {"files", m_out},
                               {"marks", figure.plot->markCount()},
                               {"trials", trials},
                               {"notes", notes}};
        std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    }

    std::string m_folder;
    std::vector<std::string> m_out;
    bool m_list = false;
    std::vector<std::string> m_tensors;
    std::vector<std::string> m_methods;
    std::vector<std::string> m_trials;
    std::string m_marks = "auto";
    std::string m_data;
    std::string m_size;
    std::string m_theme = "light";
    std::string m_title;
    bool m_force = false;
    bool m_json = false;
    FigureRequest m_request;
    FigureOptions m_options;
    std::size_t m_failed = 0;
    std::set<std::string> m_leftOut;
};

}  // namespace

std::unique_ptr<Command> makePlotCommand() {
    return std::make_unique<PlotCommand>();
}

}  // namespace quantscope
