// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"
#include "app/models/result_set.h"
#include "app/plots/plot_widget.h"
#include "core/io/tensor_file.h"
#include "core/store/result_store.h"

namespace quantscope {

/// A kind of figure that `plot` draws.
struct FigureKind {
    std::string_view name;   ///< As after --figure.
    std::string_view shows;  ///< In a few words.
    bool ofOneTrial;         ///< Otherwise of any number of trials.
};
std::span<const FigureKind> figureKinds();

/// What one point of the trade-off or one bar stands for.
enum class FigureMarks {
    Automatic,  ///< Trials while they are of one tensor, otherwise methods.
    Trials,
    Methods,  ///< All tensors together.
};

struct FigureRequest {
    std::string figure;  ///< Name of a FigureKind.
    RecordList records;  ///< Finished trials to choose from, in the order of the plan.
    std::string metric = "sqnr_db";
    FigureMarks marks = FigureMarks::Automatic;
    bool logValues = false;          ///< Of errors and densities.
    std::filesystem::path dataFile;  ///< Empty: where the run says.
};

struct Figure {
    std::unique_ptr<PlotWidget> plot;  ///< Never empty.
    RecordList drawn;                  ///< The trials in it.
    std::vector<std::string> choices;  ///< What was chosen for the user, in whole sentences.
};

/// Draws from a result folder what the window draws from its results. `context` and `store` outlive
/// it. Throws Error when there is nothing to draw, or the data file or an artifact that a figure
/// needs is missing or not what it was.
Figure makeFigure(const FigureRequest& request, const ResultStore& store,
                  const CommandContext& context);

/// Of the records, those that could be drawn as this kind of figure.
RecordList drawableRecords(std::string_view figure, const RecordList& records,
                           const ResultStore& store);

}  // namespace quantscope
