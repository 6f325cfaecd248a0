// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/plot_page.h"

#include <QHeaderView>
#include <QLabel>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/themed_icon.h"
#include "app/models/trial_selection.h"
#include "app/plots/export_figure_dialog.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

PlotPage::PlotPage(PlotWidget* plot, const QString& name, TrialSelection& selection,
                   QWidget* parent)
    : QWidget(parent),
      m_plot(plot),
      m_selection(selection),
      m_views(new QStackedWidget(this)),
      m_table(new QTableView(this)),
      m_tools(new QHBoxLayout),
      m_tableButton(new QToolButton(this)),
      m_exportButton(new QToolButton(this)) {
    plot->setAccessibleName(name);
    m_table->setAccessibleName(tr("%1 as a table").arg(name));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setShowGrid(false);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_views->addWidget(plot);
    m_views->addWidget(m_table);

    m_tableButton->setObjectName(QStringLiteral("tableToggle"));
    m_tableButton->setIcon(themedIcon(QStringLiteral("table")));
    m_tableButton->setText(tr("Table"));
    m_tableButton->setToolTip(tr("Show the numbers behind the picture"));
    m_tableButton->setCheckable(true);
    m_exportButton->setObjectName(QStringLiteral("exportButton"));
    m_exportButton->setIcon(themedIcon(QStringLiteral("export")));
    m_exportButton->setText(tr("Export"));
    m_exportButton->setToolTip(tr("Write this figure as SVG, PDF or PNG"));
    for (QToolButton* button : {m_tableButton, m_exportButton}) {
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::TabFocus);
    }
    connect(m_tableButton, &QToolButton::toggled, this, &PlotPage::setTableShown);
    connect(m_exportButton, &QToolButton::clicked, this, &PlotPage::exportFigure);

    m_tools->setContentsMargins(8, 4, 8, 4);
    m_tools->setSpacing(8);
    m_tools->addStretch(1);
    m_tools->addWidget(m_tableButton);
    m_tools->addWidget(m_exportButton);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(m_tools);
    layout->addWidget(m_views, 1);

    connect(plot, &PlotWidget::selectionRequested, &selection, &TrialSelection::selectTrials);
    connect(plot, &PlotWidget::trialHovered, &selection, &TrialSelection::hoverTrial);
    connect(&selection, &TrialSelection::hoveredTrialChanged, plot, &PlotWidget::setHoveredTrial);
    connect(&selection, &TrialSelection::trialsChanged, this, &PlotPage::followSelection);
    refresh();
}

PlotPage::~PlotPage() = default;

void PlotPage::addTool(QWidget* tool) {
    // In order of addition, before the stretch.
    m_tools->insertWidget(m_tools->count() - 3, tool);
}

bool PlotPage::showsTable() const {
    return m_views->currentWidget() == m_table;
}

void PlotPage::setTableShown(bool shown) {
    if (shown == showsTable()) return;
    if (shown) fillTable();
    m_views->setCurrentIndex(shown ? 1 : 0);
    m_tableButton->setChecked(shown);
    Q_EMIT tableShownChanged(shown);
}

void PlotPage::refresh() {
    m_tableButton->setEnabled(!m_plot->isEmpty());
    m_exportButton->setEnabled(!m_plot->isEmpty());
    if (m_plot->isEmpty()) setTableShown(false);
    if (showsTable()) fillTable();
    followSelection();
}

void PlotPage::fillTable() {
    std::unique_ptr<TableTwin> twin = m_plot->makeTable();
    m_following = true;
    m_table->setModel(twin.get());
    m_following = false;
    m_twin = std::move(twin);
    m_table->resizeColumnsToContents();
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &PlotPage::announceTableSelection);
    followSelection();
}

void PlotPage::followSelection() {
    m_plot->setSelection(m_selection.trials());
    if (m_following || !m_twin || !showsTable()) return;
    QItemSelection rows;
    for (int mark = 0; mark < m_plot->markCount(); ++mark) {
        const QStringList trials = m_plot->markTrials(mark);
        const bool selected = std::ranges::any_of(
            trials, [this](const QString& trial) { return m_selection.trials().contains(trial); });
        if (!selected) continue;
        rows.select(m_twin->index(mark, 0), m_twin->index(mark, 0));
    }
    m_following = true;
    m_table->selectionModel()->select(
        rows, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    m_following = false;
}

void PlotPage::announceTableSelection() {
    if (m_following) return;
    QSet<QString> trials;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows()) {
        for (const QString& trial : m_plot->markTrials(index.row()))
            trials << trial;
    }
    // Tables of a single trial have rows that stand for no trial.
    if (trials.isEmpty()) return;
    m_following = true;
    m_selection.selectTrials(trials, m_plot->markTrial(m_table->currentIndex().row()));
    m_following = false;
}

void PlotPage::showHeading(const QString& toolTip) {
    auto* heading = new QLabel(m_plot->accessibleName(), this);
    heading->setForegroundRole(QPalette::PlaceholderText);
    heading->setToolTip(toolTip);
    m_tools->insertWidget(0, heading);
    m_tools->setContentsMargins(16, 4, 8, 4);
    // Beside other plots there is room for the signs only.
    for (QToolButton* button : {m_tableButton, m_exportButton}) {
        button->setToolButtonStyle(Qt::ToolButtonIconOnly);
        button->setAccessibleName(
            QStringLiteral("%1: %2").arg(heading->text(), button->text().toLower()));
    }
}

void PlotPage::exportFigure() {
    if (!m_plot->isEmpty()) ExportFigureDialog::open(*m_plot);
}

}  // namespace quantscope
