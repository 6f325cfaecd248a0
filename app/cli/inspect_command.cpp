// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/text_table.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/io/tensor_statistics.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

// Figures by tensor name; a tensor that cannot be read has an error instead.
struct Measured {
    std::map<std::string, TensorFigures> figures;
    std::map<std::string, std::string> errors;
};

Measured measureAll(const TensorFile& file, const std::vector<const TensorInfo*>& tensors,
                    const std::stop_token& stop) {
    Measured measured;
    for (const TensorInfo* tensor : tensors) {
        if (!tensor->quantizable) continue;
        try {
            measured.figures.emplace(tensor->name, tensorStatistics(file, *tensor, stop));
        } catch (const Error& error) {
            measured.errors.emplace(tensor->name, error.fullText());
        }
    }
    return measured;
}

// Where no value is finite there is nothing to describe.
Json figuresJson(const TensorFigures& figures) {
    const auto described = [&](double value) {
        return figures.hasFinite() ? Json(value) : Json(nullptr);
    };
    return {{"min", described(figures.min)},
            {"max", described(figures.max)},
            {"mean", described(figures.mean)},
            {"std", described(figures.standardDeviation)},
            {"kurtosis", described(figures.kurtosis)},
            {"zeros", figures.zeros},
            {"nan", figures.nan},
            {"inf", figures.inf},
            {"outliers", figures.outliers}};
}

Json storageJson(const StorageInfo& storage) {
    return {{"layout", storage.layout},
            {"chunk", storage.chunk},
            {"filters", storage.filters},
            {"bytes", storage.storedBytes}};
}

Json tensorJson(const TensorInfo& tensor, const Measured& measured) {
    Json json = {{"name", tensor.name},
                 {"shape", tensor.shape},
                 {"dtype", tensor.dtype},
                 {"bytes", tensor.bytes},
                 {"storage", storageJson(tensor.storage)},
                 {"quantizable", tensor.quantizable},
                 {"reason", tensor.reason},
                 {"orientation", tensor.orientation},
                 {"fold", tensor.fold.toText()},
                 {"link", tensor.link}};
    if (const auto found = measured.figures.find(tensor.name); found != measured.figures.end()) {
        json["stats"] = figuresJson(found->second);
    }
    if (const auto found = measured.errors.find(tensor.name); found != measured.errors.end()) {
        json["error"] = found->second;
    }
    return json;
}

std::string remark(const TensorInfo& tensor, const Measured& measured) {
    if (const auto found = measured.errors.find(tensor.name); found != measured.errors.end()) {
        return found->second;
    }
    std::string text = tensor.quantizable ? tensor.orientation : "not quantizable";
    if (!tensor.reason.empty()) text += (text.empty() ? "" : ": ") + tensor.reason;
    if (tensor.link.empty()) return text;
    // Reasons are sentences; what follows one in the same line is not.
    if (text.ends_with('.')) text.pop_back();
    return text + (text.empty() ? "" : "; ") + tensor.link;
}

void printTable(const std::vector<const TensorInfo*>& tensors, const Measured& measured,
                bool withStatistics) {
    using Align = TextTable::Align;
    TextTable table;
    table.addColumn("tensor", Align::Left, TextTable::widestName);
    table.addColumn("shape", Align::Right);
    table.addColumn("dtype", Align::Left);
    table.addColumn("size", Align::Right);
    if (withStatistics) {
        for (const char* title :
             {"min", "max", "mean", "std", "kurtosis", "zeros", "NaN", "inf", "outliers"}) {
            table.addColumn(title, Align::Right);
        }
    }
    table.addColumn("rows and columns", Align::Left);
    for (const TensorInfo* tensor : tensors) {
        std::vector<std::string> cells = {tensor->name, formatShape(tensor->shape), tensor->dtype,
                                          formatBytes(tensor->bytes)};
        if (withStatistics) {
            const auto found = measured.figures.find(tensor->name);
            if (found == measured.figures.end()) {
                cells.insert(cells.end(), 9, "");
            } else {
                const TensorFigures& s = found->second;
                for (const double value : {s.min, s.max, s.mean, s.standardDeviation, s.kurtosis}) {
                    cells.push_back(s.hasFinite() ? formatSignificant(value) : "none");
                }
                for (const std::uint64_t count : {s.zeros, s.nan, s.inf, s.outliers}) {
                    cells.push_back(std::to_string(count));
                }
            }
        }
        cells.push_back(remark(*tensor, measured));
        table.addRow(std::move(cells));
    }
    table.print(std::cout);
}

class InspectCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand("inspect", "List what an HDF5 file holds.");
        app->add_option("FILE", m_file, "The file")->required();
        declareList(*app, "--tensor", m_patterns, "Only names that match one of these globs");
        app->add_flag("--stats", m_statistics, "Read the values and describe their distribution");
        app->add_flag("--follow-external-links", m_followExternalLinks,
                      "Open the other files that links point to");
        app->add_flag("--json", m_json, "Print {file, layout, tensors: [...]}");
        app->footer(exampleFooter("quantscope-cli inspect model.h5 --stats --tensor '*.weight'"));
        return app;
    }

    int run(const CommandContext& context) override {
        const auto file = TensorFile::open(m_file, {context.prober, m_followExternalLinks});
        const std::vector<const TensorInfo*> tensors = chosenTensors(*file);
        const Measured measured =
            m_statistics ? measureAll(*file, tensors, context.stop) : Measured{};
        if (m_json) {
            Json list = Json::array();
            for (const TensorInfo* tensor : tensors)
                list.push_back(tensorJson(*tensor, measured));
            const Json document = {{"file", m_file}, {"layout", file->layout()}, {"tensors", list}};
            // Names from damaged files may hold bytes that are no UTF-8.
            std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
            return Success;
        }
        printTable(tensors, measured, m_statistics);
        const auto quantizable =
            std::ranges::count_if(tensors, [](const TensorInfo* t) { return t->quantizable; });
        std::cout << '\n'
                  << tensors.size() << (tensors.size() == 1 ? " entry, " : " entries, ")
                  << quantizable << " quantizable, layout " << file->layout() << '\n';
        return Success;
    }

private:
    std::vector<const TensorInfo*> chosenTensors(const TensorFile& file) const {
        const TensorPatterns patterns(m_patterns, file.tensors());
        std::vector<const TensorInfo*> chosen;
        for (const TensorInfo& tensor : file.tensors()) {
            if (m_patterns.empty() || patterns.mean(tensor.name)) chosen.push_back(&tensor);
        }
        if (chosen.empty() && !m_patterns.empty()) {
            throw Error("No entry of " + m_file + " matches '" + m_patterns.front() + "'.",
                        "Leave out --tensor to see all names.");
        }
        return chosen;
    }

    std::string m_file;
    std::vector<std::string> m_patterns;
    bool m_statistics = false;
    bool m_followExternalLinks = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeInspectCommand() {
    return std::make_unique<InspectCommand>();
}

}  // namespace quantscope
