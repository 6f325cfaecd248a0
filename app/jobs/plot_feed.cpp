// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/plot_feed.h"

#include <algorithm>

#include "app/jobs/data_loader.h"
#include "app/jobs/run_controller.h"
#include "app/models/error_map_builder.h"
#include "app/models/plot_builders.h"
#include "app/models/tensor_tree_model.h"
#include "app/models/trial_selection.h"
#include "core/base/error.h"
#include "core/base/natural_order.h"
#include "core/io/artifact_file.h"
#include "core/quant/decoded_source.h"
#include "core/run/planner.h"

namespace quantscope {

namespace {

constexpr int throttleMs = 33;  // 30 Hz.
constexpr int errorMapCells = 256;

// In an order that does not depend on which trial ended first.
RecordList selectedRecords(RecordList records, const QSet<QString>& trials) {
    std::erase_if(records, [&](const RecordPointer& record) {
        return !trials.contains(QString::fromStdString(record->trialId));
    });
    std::ranges::stable_sort(records, [](const RecordPointer& a, const RecordPointer& b) {
        return a->methodText == b->methodText ? naturalLess(a->tensor, b->tensor)
                                              : naturalLess(a->methodText, b->methodText);
    });
    return records;
}

// What the selection is to be compared with: several trials with one another, a single one with
// the others on its tensor.
RecordList comparedRecords(const RecordList& records, const QSet<QString>& trials) {
    RecordList selected = selectedRecords(records, trials);
    if (selected.size() > 1) return selected;
    QSet<QString> others;
    for (const RecordPointer& record : records) {
        if (selected.empty() || record->tensor == selected.front()->tensor)
            others.insert(QString::fromStdString(record->trialId));
    }
    return selectedRecords(records, others);
}

PlotFeed::Decoded decodedOf(const TrialRecord& record, const TensorFile& file,
                            const std::filesystem::path& artifact, const MethodRegistry& registry,
                            JobContext& context) {
    context.progress(0.0, "reading the artifact");
    const QuantizedTensor tensor(readArtifact(artifact).tensor, registry);
    const auto weights = trialSource(file, record);
    if (weights->rows() != tensor.rows() || weights->cols() != tensor.cols()) {
        throw Error("The result is of another tensor than the open file holds.",
                    "Open the data file that the experiment was run on.");
    }
    ErrorMapData map =
        buildErrorMap(*weights, tensor, trialTitle(record), errorMapCells, context.stop(),
                      [&](double done) { context.progress(done, "comparing"); });
    const DecodedSource decoded(tensor);
    return {std::move(map), buildTrialLevels(record, *weights, &decoded, context.stop())};
}

}  // namespace

// Of one trial.
struct PlotFeed::Pictures {
    UtilizationData utilization;
    SharesData shares;
    TrainingData training;
    LevelsData levels;
};

struct PlotFeed::Reduced {
    TradeOffData tradeOff;
    RateBarsData rateBars;
};

PlotFeed::PlotFeed(const Sources& sources, QObject* parent) : QObject(parent), m_sources(sources) {
    m_throttle.setSingleShot(true);
    m_throttle.setInterval(throttleMs);
    connect(&m_throttle, &QTimer::timeout, this, &PlotFeed::reduceRecords);
    connect(sources.results, &ResultSet::changed, this, &PlotFeed::scheduleRecords);
    connect(sources.selection, &TrialSelection::trialsChanged, this, &PlotFeed::scheduleRecords);
    connect(sources.results, &ResultSet::changed, this, &PlotFeed::reduceTrial);
    connect(sources.selection, &TrialSelection::currentTrialChanged, this, &PlotFeed::reduceTrial);
    connect(sources.selection, &TrialSelection::currentTensorChanged, this, &PlotFeed::reduceTrial);
    connect(sources.selection, &TrialSelection::trialsChanged, this, &PlotFeed::reduceTrial);
    // What could not be read of another file, or of none, may be read now.
    connect(sources.data, &DataLoader::opened, this, [this] {
        forgetDecoded();
        decodeTrial();
    });
    connect(sources.run, &RunController::runFolderChanged, this, &PlotFeed::decodeTrial);
    connect(sources.run, &RunController::trainingChanged, this, &PlotFeed::followTraining);
    connect(sources.run, &RunController::runningChanged, this, [this](bool running) {
        if (!running) followTraining({});
    });
    connect(
        sources.tensors, &QAbstractItemModel::dataChanged, this,
        [this](const QModelIndex& /*from*/, const QModelIndex& /*to*/, const QList<int>& roles) {
            if (roles.contains(TensorTreeModel::StatisticsRole)) reduceTrial();
        });
}

void PlotFeed::setTradeOffOptions(const TradeOffOptions& options) {
    m_options = options;
    scheduleRecords();
}

void PlotFeed::setDecodedWanted(bool wanted) {
    m_decodedWanted = wanted;
    if (wanted) decodeTrial();
}

void PlotFeed::scheduleRecords() {
    if (!m_throttle.isActive()) m_throttle.start();
}

// Results may come faster than they can be reduced; the reduction under way is finished and then
// done anew, or nothing would ever show.
void PlotFeed::reduceRecords() {
    if (m_recordWorker.isBusy()) {
        m_recordsStale = true;
        return;
    }
    m_recordsStale = false;
    m_recordWorker.submit(
        [records = m_sources.results->records(), options = m_options,
         selected = m_sources.selection->trials()](const std::stop_token& /*stop*/) {
            return Reduced{buildTradeOff(records, options),
                           buildRateBars(comparedRecords(records, selected))};
        },
        [this](Reduced reduced) {
            m_tradeOff = std::move(reduced.tradeOff);
            m_rateBars = std::move(reduced.rateBars);
            Q_EMIT tradeOffChanged(m_tradeOff);
            Q_EMIT rateBarsChanged(m_rateBars);
            if (m_recordsStale) scheduleRecords();
        });
}

void PlotFeed::reduceTrial() {
    const TrialSelection& selection = *m_sources.selection;
    const RecordPointer record = m_sources.results->find(selection.currentTrial());
    const QString tensor =
        record ? QString::fromStdString(record->tensor) : selection.currentTensor();
    const QModelIndex index = m_sources.tensors->indexOf(tensor);
    // Asking the model makes it fetch what is not there yet; then this is called again.
    const auto statistics = index.data(TensorTreeModel::StatisticsRole).value<StatisticsPointer>();
    m_trialWorker.submit(
        [record, statistics, tensor, records = m_sources.results->records(),
         trials = selection.trials()](const std::stop_token& /*stop*/) -> Pictures {
            Pictures pictures;
            if (record) {
                pictures.utilization = compareUtilization(selectedRecords(records, trials))
                                           .value_or(buildUtilization(*record));
                pictures.shares = buildShares(*record);
                pictures.training = buildTraining(*record);
            }
            // The statistics are of the file's rows; a trial on rows of unit length saw others, and
            // is shown when it has been decoded.
            if (statistics && !(record && record->normalized)) {
                pictures.levels = buildLevels(*statistics, record.get());
            }
            pictures.levels.title = record ? trialTitle(*record) : tensor;
            return pictures;
        },
        [this](Pictures pictures) {
            m_utilization = std::move(pictures.utilization);
            m_levels = std::move(pictures.levels);
            m_shares = std::move(pictures.shares);
            m_trained = std::move(pictures.training);
            if (m_levels.title == m_decoded.levels.title) m_levels = m_decoded.levels;
            Q_EMIT utilizationChanged(m_utilization);
            Q_EMIT sharesChanged(m_shares);
            Q_EMIT levelsChanged(m_levels);
            showTraining();
        });
    decodeTrial();
}

void PlotFeed::setTrainingFollowed(bool followed) {
    m_trainingFollowed = followed;
    showTraining();
}

void PlotFeed::followTraining(const TrainingData& running) {
    m_running = running;
    if (!m_running.series.empty()) m_running.note = tr("still running");
    if (m_trainingFollowed) showTraining();
}

void PlotFeed::showTraining() {
    m_training = m_trainingFollowed && !m_running.series.empty() ? m_running : m_trained;
    Q_EMIT trainingChanged(m_training);
}

void PlotFeed::forgetDecoded() {
    m_decodedTrial.clear();
    m_sources.jobs->cancel(std::exchange(m_decodedJob, 0));
    if (m_decoded.errorMap.title.isEmpty()) return;
    m_decoded = {};
    Q_EMIT errorMapChanged(m_decoded.errorMap);
}

void PlotFeed::decodeTrial() {
    const QString trial = m_sources.selection->currentTrial();
    if (!m_decodedWanted || (!trial.isEmpty() && trial == m_decodedTrial)) return;
    forgetDecoded();
    const RecordPointer record = m_sources.results->find(trial);
    const std::filesystem::path artifact = m_sources.run->artifact(trial);
    const std::shared_ptr<const TensorFile> file = m_sources.data->file();
    // When there is something to read later, this is called again.
    if (!record || record->failed() || artifact.empty() || !file) return;
    m_decodedTrial = trial;
    JobOptions options;
    options.title = tr("Error map of %1").arg(trialTitle(*record));
    options.failureHeadline = tr("There is no error map.");
    m_decodedJob = m_sources.jobs->start(
        options, this,
        [record, artifact, file, registry = m_sources.registry](JobContext& context) {
            return decodedOf(*record, *file, artifact, *registry, context);
        },
        [this](Decoded decoded) {
            m_decoded = std::move(decoded);
            m_levels = m_decoded.levels;
            Q_EMIT errorMapChanged(m_decoded.errorMap);
            Q_EMIT levelsChanged(m_levels);
        });
}

}  // namespace quantscope
