// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <memory>

class QAction;
class QHBoxLayout;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace quantscope {

class PlotWidget;
class TableTwin;
class TrialSelection;

/// A plot with its tools: its own controls at the left; at the right a toggle to the table of the
/// same data, and the export. Takes part in the shared selection.
class PlotPage : public QWidget {
    Q_OBJECT

public:
    /// Owns the plot; `selection` outlives the page. `name` is for people: "Trade-off".
    PlotPage(PlotWidget* plot, const QString& name, TrialSelection& selection,
             QWidget* parent = nullptr);
    ~PlotPage() override;

    PlotWidget& plot() const { return *m_plot; }
    /// Puts a control of this plot into the row of tools.
    void addTool(QWidget* tool);
    /// For a plot that stands beside others: its name at the left, and small tools.
    void showHeading(const QString& toolTip);
    bool showsTable() const;

public Q_SLOTS:
    void setTableShown(bool shown);
    /// The plot has new data.
    void refresh();
    void exportFigure();

Q_SIGNALS:
    void tableShownChanged(bool shown);

private:
    void fillTable();
    void followSelection();
    void announceTableSelection();

    PlotWidget* m_plot;
    TrialSelection& m_selection;
    QStackedWidget* m_views;
    QTableView* m_table;
    QHBoxLayout* m_tools;
    QToolButton* m_tableButton;
    QToolButton* m_exportButton;
    std::unique_ptr<TableTwin> m_twin;
    bool m_following = false;
};

}  // namespace quantscope
