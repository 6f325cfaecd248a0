// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/figure_maker.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "app/models/error_map_builder.h"
#include "app/models/perplexity_builder.h"
#include "app/models/plan_builders.h"
#include "app/models/plot_builders.h"
#include "app/models/trade_off_builder.h"
#include "app/plots/error_map_plot.h"
#include "app/plots/gain_plot.h"
#include "app/plots/levels_plot.h"
#include "app/plots/perplexity_plot.h"
#include "app/plots/rate_bars_plot.h"
#include "app/plots/sensitivity_plot.h"
#include "app/plots/shares_plot.h"
#include "app/plots/trade_off_plot.h"
#include "app/plots/training_plot.h"
#include "app/plots/utilization_plot.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/io/artifact_file.h"
#include "core/quant/decoded_source.h"
#include "core/run/experiment_spec.h"
#include "core/run/planner.h"
#include "core/store/evaluation_records.h"

namespace quantscope {

namespace {

constexpr std::array kinds = {
    FigureKind{"rate-distortion", "error against bits per weight, with the Pareto front", false},
    FigureKind{"utilization", "how evenly a trial uses its codebooks", true},
    FigureKind{"shares", "variance by slice before and after a rotation, or what stages leave",
               true},
    FigureKind{"training", "how the error falls while a trial trains its codebooks", true},
    FigureKind{"bits", "what the bits per weight are spent on", false},
    FigureKind{"perplexity", "the model's perplexity by bits per weight, as `judge` measured it",
               false},
    FigureKind{"sensitivity", "what each tensor loses with one method alone", false},
    FigureKind{"gain", "what error feedback gained, against what the Hessians let expect", false},
    FigureKind{"histogram", "distribution of the weights, before and after, with the levels", true},
    FigureKind{"error-map", "where in the matrix the error is", true},
};
constexpr int errorMapCells = 256;

std::set<std::string> tensorsOf(const RecordList& records) {
    std::set<std::string> tensors;
    for (const RecordPointer& record : records)
        tensors.insert(record->tensor);
    return tensors;
}

bool hasArtifact(const TrialRecord& record, const ResultStore& store) {
    return std::filesystem::exists(store.artifactPath(record.trialId));
}

bool hasVectors(const TrialRecord& record) {
    return std::ranges::any_of(record.codebooks, [](const Codebook& c) { return c.dim > 1; });
}

template <typename Plot, typename Data>
std::unique_ptr<PlotWidget> plotOf(Data data) {
    auto plot = std::make_unique<Plot>();
    plot->setData(std::move(data));
    return plot;
}

class Maker {
public:
    Maker(const FigureRequest& request, const ResultStore& store, const CommandContext& context)
        : m_request(request), m_store(store), m_context(context) {}

    Figure make() {
        Figure figure = draw();
        const bool hasValueAxis =
            m_request.figure == "rate-distortion" || m_request.figure == "histogram";
        if (m_request.logValues && !hasValueAxis) {
            figure.choices.push_back("--log has no effect on the figure '" + m_request.figure +
                                     "'.");
        }
        return figure;
    }

private:
    Figure draw() {
        if (m_request.figure == "rate-distortion") return tradeOff();
        if (m_request.figure == "utilization") return utilization();
        if (m_request.figure == "shares") return shares();
        if (m_request.figure == "training") return training();
        if (m_request.figure == "bits") return bits();
        if (m_request.figure == "histogram") return histogram();
        if (m_request.figure == "perplexity") return perplexity();
        if (m_request.figure == "sensitivity") return sensitivity();
        if (m_request.figure == "gain") return gain();
        return errorMap();
    }

    bool together(Figure& figure) const {
        const std::size_t tensors = tensorsOf(m_request.records).size();
        if (m_request.marks != FigureMarks::Automatic) {
            return m_request.marks == FigureMarks::Methods && tensors > 1;
        }
        if (tensors <= 1) return false;
        figure.choices.push_back("Each mark is a method over all " + std::to_string(tensors) +
                                 " tensors together; with --marks trials, each is one trial.");
        return true;
    }

    Figure tradeOff() const {
        Figure figure;
        TradeOffOptions options;
        options.metric = QString::fromStdString(m_request.metric);
        options.aggregate = together(figure);
        const TradeOffData data = buildTradeOff(m_request.records, options);
        if (data.points.empty()) {
            std::string remarks;
            for (const QString& remark : data.remarks)
                remarks += " (" + remark.toStdString() + ")";
            throw Error("None of the trials has a value to draw" + remarks + ".",
                        "Choose another --metric, other trials, or --marks trials.");
        }
        std::set<QString> members;
        for (const TradeOffPoint& point : data.points)
            members.insert(point.members.begin(), point.members.end());
        for (const RecordPointer& record : m_request.records) {
            if (members.contains(QString::fromStdString(record->trialId))) {
                figure.drawn.push_back(record);
            }
        }
        const std::set<std::string> tensors = tensorsOf(figure.drawn);
        auto plot = std::make_unique<TradeOffPlot>();
        plot->setData(data);
        if (m_request.logValues) plot->setLogValues(true);
        if (options.aggregate) {
            plot->setTitle(QStringLiteral("%1 tensors together").arg(tensors.size()));
        } else if (tensors.size() == 1) {
            plot->setTitle(QString::fromStdString(*tensors.begin()));
        }
        figure.plot = std::move(plot);
        return figure;
    }

    Figure bits() const {
        Figure figure;
        const RateBarsData data = together(figure) ? buildMethodRateBars(m_request.records)
                                                   : buildRateBars(m_request.records);
        if (data.bars.empty()) {
            throw Error("No method has a result on every one of the chosen tensors.",
                        "Choose fewer tensors, or --marks trials.");
        }
        figure.drawn = m_request.records;
        figure.plot = plotOf<RateBarsPlot>(data);
        return figure;
    }

    Figure perplexity() const {
        Figure figure;
        const PerplexityData data = buildPerplexity(readEvaluations(m_store.folder()));
        if (data.points.empty()) {
            throw Error("The run keeps no perplexities to draw.",
                        "Measure them: quantscope-cli judge DIR --tokens FILE.");
        }
        figure.drawn = m_request.records;
        figure.plot = plotOf<PerplexityPlot>(data);
        return figure;
    }

    // Of the method named, or one from the middle.
    Figure sensitivity() const {
        Figure figure;
        std::vector<TrialRecord> records;
        for (const RecordPointer& record : m_request.records)
            records.push_back(*record);
        const auto choices = measuredChoices(records, LossMeasure::Weight, {});
        SensitivityData data = buildSensitivity(choices, {}, budgetRange(choices).middle());
        if (data.bars.empty()) {
            throw Error("No method has a result on every one of the chosen tensors.",
                        "Choose fewer tensors.");
        }
        data.lossName = QStringLiteral("Squared error of the weights");
        if (data.methods.size() > 1) {
            figure.choices.push_back("Of " + std::to_string(data.methods.size()) +
                                     " methods one from the middle is drawn: " +
                                     data.method.toStdString() + ". Name another with --method.");
        }
        for (const RecordPointer& record : m_request.records) {
            if (QString::fromStdString(record->methodText) != data.method) continue;
            data.family = QString::fromStdString(record->method.id);
            figure.drawn.push_back(record);
        }
        figure.plot = plotOf<SensitivityPlot>(std::move(data));
        return figure;
    }

    Figure gain() const {
        Figure figure;
        figure.drawn = drawableRecords("gain", m_request.records, m_store);
        if (figure.drawn.empty()) {
            throw Error("None of the trials tells what error feedback gained.",
                        "Run the method gptq with Hessians.");
        }
        figure.plot = plotOf<GainPlot>(buildGains(figure.drawn));
        return figure;
    }

    Figure utilization() const {
        Figure figure;
        RecordList drawable = drawableRecords(m_request.figure, m_request.records, m_store);
        if (const std::optional<UtilizationData> compared = compareUtilization(drawable)) {
            figure.plot = plotOf<UtilizationPlot>(*compared);
            figure.drawn = std::move(drawable);
            return figure;
        }
        const RecordPointer record = oneTrial(figure, "no codebook", "a codebook");
        figure.plot = plotOf<UtilizationPlot>(buildUtilization(*record));
        return figure;
    }

    Figure shares() const {
        Figure figure;
        const RecordPointer record = oneTrial(figure, "no slices or stages", "slices or stages");
        figure.plot = plotOf<SharesPlot>(buildShares(*record));
        return figure;
    }

    Figure training() const {
        Figure figure;
        const RecordPointer record =
            oneTrial(figure, "no codebook that was trained", "a trained codebook");
        figure.plot = plotOf<TrainingPlot>(buildTraining(*record));
        return figure;
    }

    Figure histogram() {
        Figure figure;
        const RecordPointer record = oneTrial(figure, "no weights", "weights");
        const auto source = trialSource(*dataFile(), *record);
        std::optional<QuantizedTensor> tensor;
        std::optional<DecodedSource> decoded;
        if (hasArtifact(*record, m_store)) {
            tensor.emplace(quantized(*record, *source));
            decoded.emplace(*tensor);
        }
        auto plot = std::make_unique<LevelsPlot>();
        plot->setData(
            buildTrialLevels(*record, *source, decoded ? &*decoded : nullptr, m_context.stop));
        plot->setLogDensity(m_request.logValues);
        figure.plot = std::move(plot);
        return figure;
    }

    Figure errorMap() {
        Figure figure;
        const RecordPointer record = oneTrial(figure, "no artifact", "an artifact");
        const auto source = trialSource(*dataFile(), *record);
        const QuantizedTensor tensor = quantized(*record, *source);
        figure.plot = plotOf<ErrorMapPlot>(
            buildErrorMap(*source, tensor, trialTitle(*record), errorMapCells, m_context.stop));
        return figure;
    }

    // Of those that have what the figure shows, one from the middle of the Pareto front; codebooks
    // of vectors say more than tables of levels.
    RecordPointer oneTrial(Figure& figure, const std::string& lack,
                           const std::string& having) const {
        RecordList drawable = drawableRecords(m_request.figure, m_request.records, m_store);
        if (drawable.empty()) {
            const std::size_t count = m_request.records.size();
            throw Error((count == 1 ? "The trial has " : "The trials have ") + lack + " to draw.",
                        "Choose other trials; --list says what can be drawn of this run.");
        }
        const std::size_t count = drawable.size();
        const bool wantsVectors =
            m_request.figure == "utilization" &&
            std::ranges::any_of(drawable, [](const RecordPointer& r) { return hasVectors(*r); });
        if (wantsVectors) {
            std::erase_if(drawable, [](const RecordPointer& r) { return !hasVectors(*r); });
        }
        const RecordPointer record = tellingRecord(drawable);
        if (count > 1) {
            figure.choices.push_back(
                "Of " + std::to_string(count) + " trials with " + having +
                ", one from the middle of the Pareto front is drawn: " + record->methodText +
                " on " + record->tensor + ". Name another with --tensor, --method or --trial.");
        }
        figure.drawn = {record};
        return record;
    }

    std::shared_ptr<const TensorFile> dataFile() {
        const InputFile& known = m_store.run().data;
        const std::filesystem::path path =
            m_request.dataFile.empty() ? std::filesystem::path(known.path) : m_request.dataFile;
        const std::string name = "'" + printableText(path.string()) + "'";
        if (!std::filesystem::exists(path)) {
            if (!m_request.dataFile.empty()) {
                throw Error("There is no file " + name + ".", "Name the data file of the run.");
            }
            throw Error("The data of the run are not at " + name + " any more.",
                        "Say with --data where the file is.");
        }
        OpenOptions options;
        options.prober = m_context.prober;
        options.followExternalLinks =
            ExperimentSpec::fromJson(m_store.spec()).data.followExternalLinks;
        auto file = TensorFile::open(path, options);
        if (file->fingerprint(m_context.stop) != known.fingerprint) {
            throw Error(name + " is not the file that the run quantized: its content differs.",
                        "Say with --data where the file is, or run the experiment again.");
        }
        return file;
    }

    QuantizedTensor quantized(const TrialRecord& record, const TensorSource& source) const {
        QuantizedTensor tensor(
            readArtifact(m_store.artifactPath(record.trialId), m_context.prober).tensor,
            m_context.plugins.registry);
        if (tensor.rows() != source.rows() || tensor.cols() != source.cols()) {
            throw Error("The artifact of " + record.tensor + " has another shape than the tensor.",
                        "Run the trial again into a new folder.");
        }
        return tensor;
    }

    const FigureRequest& m_request;
    const ResultStore& m_store;
    const CommandContext& m_context;
};

}  // namespace

std::span<const FigureKind> figureKinds() {
    return kinds;
}

RecordList drawableRecords(std::string_view figure, const RecordList& records,
                           const ResultStore& store) {
    RecordList drawable;
    const bool isJudged =
        figure == "perplexity" && !buildPerplexity(readEvaluations(store.folder())).points.empty();
    for (const RecordPointer& record : records) {
        const bool can = figure == "utilization"  ? !record->codebooks.empty()
                         : figure == "shares"     ? !buildShares(*record).series.empty()
                         : figure == "training"   ? !record->training.empty()
                         : figure == "perplexity" ? isJudged
                         : figure == "gain"       ? !buildGains({record}).points.empty()
                         : figure == "error-map"
                             ? record->weights() > 0 && hasArtifact(*record, store)
                             : record->weights() > 0;
        if (can) drawable.push_back(record);
    }
    return drawable;
}

Figure makeFigure(const FigureRequest& request, const ResultStore& store,
                  const CommandContext& context) {
    return Maker(request, store, context).make();
}

}  // namespace quantscope
