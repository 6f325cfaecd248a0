// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <optional>
#include <utility>
#include <vector>

#include "app/jobs/live_preview.h"
#include "app/models/result_set.h"

class QAction;
class QComboBox;
class QLabel;
class QSplitter;
class QStackedWidget;

namespace quantscope {

class EmptyState;
class ErrorMapPlot;
class FigureStrip;
class LevelsPlot;
class PlotPage;
class UtilizationPlot;
class Workbench;

/// The centre of the Explore perspective: what one method does to one tensor, answered from a row
/// sample while a knob moves, and from the exact record once there is one.
class ExploreView : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the view. `open` and `addMethod` are what its empty states offer.
    ExploreView(Workbench& bench, QAction* open, QAction* addMethod, QWidget* parent = nullptr);

    /// Works on row `row` of the methods; -1 for none.
    void setMethod(int row);
    /// Whether the figures on show are those of a finished trial.
    bool isExact() const { return m_exact; }
    LevelsPlot* levelsPlot() const { return m_levels; }
    const FigureStrip& figures() const { return *m_figures; }
    bool decodedWanted() const;
    /// The plot that has the focus, or the levels; null while there is nothing to show.
    PlotPage* currentPage() const;

Q_SIGNALS:
    void decodedWantedChanged();
    /// The trial that was selected elsewhere came from this row of the methods.
    void methodRequested(int row);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void makePlots();
    void schedule();
    void answer();
    /// The settings of the current method's sweep, into the combo box.
    void listSettings(const SweptMethod& method);
    /// Throws Error when the method cannot run.
    PreviewRequest makeRequest(const std::string& tensor);
    void followFeed();
    /// Goes to the tensor and setting of the trial that is selected.
    void followTrial();
    /// Row and setting of the method that a trial came from; nothing when it is not there any more.
    std::optional<std::pair<int, int>> settingOf(const TrialRecord& record) const;
    /// The finished trial that the request asks about; null when there is none.
    RecordPointer exactRecord(const PreviewRequest& request) const;
    void showExact(const TrialRecord& record);
    void showPreview(const PreviewResult& result);
    void showFailure(const Message& message);
    void showNothing(const QString& headline, const QString& text, QAction* remedy = nullptr);
    void setStale(bool stale);
    void refreshPages();

    Workbench& m_bench;
    QAction* m_open;
    QAction* m_addMethod;
    int m_row = -1;
    bool m_exact = false;
    bool m_scheduled = false;
    QString m_shownTrial;
    std::vector<MethodSpec> m_settingList;
    QStackedWidget* m_pages;
    EmptyState* m_empty;
    QLabel* m_tensorName;
    QComboBox* m_settings;
    FigureStrip* m_figures;
    QLabel* m_remark;
    QSplitter* m_splitter;
    LevelsPlot* m_levels;
    ErrorMapPlot* m_errorMap;
    UtilizationPlot* m_utilization;
    std::vector<PlotPage*> m_plotPages;
};

}  // namespace quantscope
