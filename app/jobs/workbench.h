// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSettings>
#include <filesystem>

#include "app/jobs/data_loader.h"
#include "app/jobs/job_list_model.h"
#include "app/jobs/job_queue.h"
#include "app/jobs/live_preview.h"
#include "app/jobs/perplexity_feed.h"
#include "app/jobs/plan_feed.h"
#include "app/jobs/plan_preview.h"
#include "app/jobs/plan_search_feed.h"
#include "app/jobs/plot_feed.h"
#include "app/jobs/run_controller.h"
#include "app/jobs/statistics_loader.h"
#include "app/models/experiment_document.h"
#include "app/models/message_model.h"
#include "app/models/method_list_model.h"
#include "app/models/pace_book.h"
#include "app/models/plugin_list_model.h"
#include "app/models/recent_files.h"
#include "app/models/result_filter_model.h"
#include "app/models/result_set.h"
#include "app/models/result_table_model.h"
#include "app/models/tensor_filter_model.h"
#include "app/models/tensor_tree_model.h"
#include "app/models/trial_selection.h"

namespace quantscope {

/// Everything behind the window, made in the right order and connected; no logic of its own.
class Workbench : public QObject {
    Q_OBJECT
public:
    /// `prober` as in OpenOptions. `settings` outlives the workbench.
    Workbench(PluginSet plugins, std::filesystem::path prober, QSettings* settings,
              QObject* parent = nullptr);
    /// Stops what is running before anything that it uses goes.
    ~Workbench() override;

    // In the order of construction: later ones use earlier ones.
    const MethodRegistry registry;
    JobQueue jobs;
    ExperimentDocument document;
    MessageModel messages;
    RecentFiles recentFiles;
    PaceBook pace;
    PluginListModel plugins;
    DataLoader data;
    TensorTreeModel tensors;
    TensorFilterModel filteredTensors;
    MethodListModel methods;
    ResultSet results;
    ResultTableModel resultTable;
    ResultFilterModel filteredResults;
    TrialSelection selection;
    JobListModel jobList;
    StatisticsLoader statistics;
    PlanPreview plan;
    RunController run;
    LivePreview preview;      ///< Of what Explore shows.
    LivePreview formPreview;  ///< Of the method whose form is open, for the picture in it.
    PlotFeed plots;
    PlanFeed allocation;
    PlanSearchFeed planSearch;
    PerplexityFeed perplexity;
};

}  // namespace quantscope
