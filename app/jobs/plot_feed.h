// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>
#include <memory>

#include "app/jobs/job_queue.h"
#include "app/jobs/latest_worker.h"
#include "app/models/plot_data.h"
#include "app/models/trade_off_builder.h"
#include "core/tensor/statistics.h"

namespace quantscope {

class DataLoader;
class RunController;
class TensorTreeModel;
class TrialSelection;

/// Feeds the plots: reduces records, statistics and artifacts to plot data off the UI thread
/// whenever results, selection or options change, at most 30 times a second.
class PlotFeed : public QObject {
    Q_OBJECT
public:
    /// What it reads from; all outlive the feed.
    struct Sources {
        ResultSet* results = nullptr;
        TrialSelection* selection = nullptr;
        TensorTreeModel* tensors = nullptr;
        DataLoader* data = nullptr;
        RunController* run = nullptr;
        JobQueue* jobs = nullptr;
        const MethodRegistry* registry = nullptr;
    };
    explicit PlotFeed(const Sources& sources, QObject* parent = nullptr);

    const TradeOffOptions& tradeOffOptions() const { return m_options; }
    const TradeOffData& tradeOff() const { return m_tradeOff; }
    const RateBarsData& rateBars() const { return m_rateBars; }
    const UtilizationData& utilization() const { return m_utilization; }
    const SharesData& shares() const { return m_shares; }
    const TrainingData& training() const { return m_training; }
    const LevelsData& levels() const { return m_levels; }
    const ErrorMapData& errorMap() const { return m_decoded.errorMap; }

    /// What is known of a trial only from its artifact and the data.
    struct Decoded {
        ErrorMapData errorMap;
        LevelsData levels;
    };

public Q_SLOTS:
    void setTradeOffOptions(const quantscope::TradeOffOptions& options);
    /// The error map and the distribution of decoded values cost a pass over the tensor, so they
    /// are only made while somebody looks at them.
    void setDecodedWanted(bool wanted);
    /// Whether a trial that trains now goes before the one that is selected.
    void setTrainingFollowed(bool followed);

Q_SIGNALS:
    /// Points of the chosen tensors.
    void tradeOffChanged(const quantscope::TradeOffData& data);
    /// Of the selected trials; of all on its tensor when one is selected; of all when none is.
    void rateBarsChanged(const quantscope::RateBarsData& data);
    /// Of the selected trials, when they are few and of one tensor, else of the current one; empty
    /// data when there is none.
    void utilizationChanged(const quantscope::UtilizationData& data);
    /// Of the current trial.
    void sharesChanged(const quantscope::SharesData& data);
    /// Of a trial that trains now, if that is wanted; otherwise of the current trial.
    void trainingChanged(const quantscope::TrainingData& data);
    void levelsChanged(const quantscope::LevelsData& data);
    void errorMapChanged(const quantscope::ErrorMapData& data);

private:
    struct Reduced;
    struct Pictures;

    void scheduleRecords();
    void reduceRecords();
    void reduceTrial();
    void decodeTrial();
    void followTraining(const TrainingData& running);
    void showTraining();
    /// Drops what was read of an artifact, and what is being read.
    void forgetDecoded();

    Sources m_sources;
    TradeOffOptions m_options;
    TradeOffData m_tradeOff;
    RateBarsData m_rateBars;
    UtilizationData m_utilization;
    SharesData m_shares;
    TrainingData m_trained;   ///< Of the current trial.
    TrainingData m_running;   ///< Of the trial that trains now.
    TrainingData m_training;  ///< The one of the two that is on show.
    bool m_trainingFollowed = true;
    LevelsData m_levels;
    Decoded m_decoded;
    bool m_decodedWanted = false;
    QString m_decodedTrial;  ///< Whose artifact is or was read last; empty for none.
    JobId m_decodedJob = 0;
    bool m_recordsStale = false;
    QTimer m_throttle;
    LatestWorker m_recordWorker;
    LatestWorker m_trialWorker;
};

}  // namespace quantscope
