// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/results_panel.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <numeric>
#include <utility>

#include "app/gui/empty_state.h"
#include "app/gui/family_icon.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"
#include "app/models/result_columns.h"

namespace quantscope {

namespace {

constexpr int widestText = 320;
const QString hessianColumn = QStringLiteral("hessian_error");
// Room for any number that a column shows, so that later rows are not cut off.
const QString widestNumber = QStringLiteral("0.00000000");

// Adds the mark of the method's family to the method column, and dims failed trials.
class ResultDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        if (index.data(ResultTableModel::FailedRole).toBool()) {
            option->palette.setColor(QPalette::Text,
                                     option->palette.color(QPalette::PlaceholderText));
        }
        if (index.column() == resultColumn(QStringLiteral("method"))) {
            option->features |= QStyleOptionViewItem::HasDecoration;
            option->icon =
                familyIcon(index.data(ResultTableModel::FamilyRole).toString(), option->palette);
            option->decorationSize = QSize(16, 16);
        }
    }
};

}  // namespace

ResultsPanel::ResultsPanel(Workbench& bench, QAction* run, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_filter(new QLineEdit(this)),
      m_table(new QTableView(this)),
      m_columnMenu(new QMenu(this)) {
    setUpTable();
    auto* page = new QWidget(this);
    auto* pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->setSpacing(0);
    pageLayout->addLayout(makeTools());
    pageLayout->addWidget(m_table, 1);
    m_content = new ContentOrEmpty(page, this);
    m_content->emptyState().setContent(
        tr("No results yet"),
        tr("A run adds one row per method and tensor: bits per weight, errors, codebook use and "
           "times."),
        run);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_content);

    QStringList shown;
    for (const ResultColumn& column : resultColumns()) {
        if (column.shownAtFirst) shown << column.id;
    }
    setShownColumns(shown);
    connectBench();
    followResults();
}

QLayout* ResultsPanel::makeTools() {
    m_filter->setObjectName(QStringLiteral("resultFilter"));
    m_filter->setPlaceholderText(tr("Filter results"));
    m_filter->setToolTip(tr("Words that the tensor, the method or the error contains"));
    m_filter->setAccessibleName(tr("Filter results"));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(themedIcon(QStringLiteral("search"), QPalette::PlaceholderText),
                        QLineEdit::LeadingPosition);
    m_filter->setMaximumWidth(m_filter->fontMetrics().averageCharWidth() * 48);
    connect(m_filter, &QLineEdit::textChanged, &m_bench.filteredResults,
            &ResultFilterModel::setFilterText);

    QToolButton* columns = makeButton(QStringLiteral("columnsButton"), QStringLiteral("columns"),
                                      tr("Columns"), tr("Choose the columns of the table"));
    columns->setPopupMode(QToolButton::InstantPopup);
    columns->setMenu(m_columnMenu);
    connect(m_columnMenu, &QMenu::aboutToShow, this, &ResultsPanel::fillColumnMenu);
    QToolButton* copy =
        makeButton(QStringLiteral("copyCsvButton"), QStringLiteral("copy"), tr("Copy as CSV"),
                   tr("Copy all rows and columns that are shown, with every digit"));
    connect(copy, &QToolButton::clicked, this, &ResultsPanel::copyAll);

    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(8, 4, 8, 4);
    tools->setSpacing(4);
    tools->addWidget(m_filter, 1);
    tools->addStretch(0);
    tools->addWidget(columns);
    tools->addWidget(copy);
    return tools;
}

QToolButton* ResultsPanel::makeButton(const QString& name, const QString& icon, const QString& text,
                                      const QString& about) {
    auto* button = new QToolButton(this);
    button->setObjectName(name);
    button->setIcon(themedIcon(icon));
    button->setText(text);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setAutoRaise(true);
    button->setToolTip(about);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

void ResultsPanel::setUpTable() {
    m_table->setObjectName(QStringLiteral("resultTable"));
    m_table->setAccessibleName(tr("Results"));
    m_table->setModel(&m_bench.filteredResults);
    m_table->setItemDelegate(new ResultDelegate(m_table));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setTextElideMode(Qt::ElideMiddle);
    m_table->setSortingEnabled(true);
    m_table->setTabKeyNavigation(false);
    m_table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(m_table->fontMetrics().height() + 8);
    QHeaderView* header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionsMovable(true);
    header->setSortIndicator(-1, Qt::AscendingOrder);
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(header, &QHeaderView::customContextMenuRequested, this,
            [this, header](const QPoint& position) {
                m_columnMenu->popup(header->mapToGlobal(position));
            });
    connect(m_table, &QTableView::customContextMenuRequested, this, &ResultsPanel::showContextMenu);
    auto* copyRows = new QAction(m_table);
    copyRows->setShortcut(QKeySequence::Copy);
    copyRows->setShortcutContext(Qt::WidgetShortcut);
    connect(copyRows, &QAction::triggered, this, &ResultsPanel::copySelected);
    m_table->addAction(copyRows);
}

void ResultsPanel::connectBench() {
    connect(&m_bench.results, &ResultSet::changed, this, &ResultsPanel::followResults);
    // The first rows need not be the widest.
    connect(&m_bench.run, &RunController::finished, this, &ResultsPanel::fitColumns);
    connect(&m_bench.run, &RunController::runFolderChanged, this, &ResultsPanel::fitColumns);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &ResultsPanel::announceSelection);
    connect(&m_bench.selection, &TrialSelection::trialsChanged, this,
            &ResultsPanel::followSelection);
    connect(&m_bench.selection, &TrialSelection::currentTrialChanged, this,
            &ResultsPanel::followSelection);
}

void ResultsPanel::followResults() {
    followHessians();
    m_content->showEmpty(m_bench.results.count() == 0);
    if (m_bench.results.count() == 0) {
        m_fitted = false;
    } else if (!std::exchange(m_fitted, true)) {
        fitColumns();
    }
}

QStringList ResultsPanel::shownColumns() const {
    return m_shown;
}

void ResultsPanel::setShownColumns(const QStringList& ids) {
    m_shown = ids;
    for (int i = 0; i < static_cast<int>(resultColumns().size()); ++i) {
        const QString& id = resultColumns()[static_cast<std::size_t>(i)].id;
        // Without Hessians this one has nothing to say.
        const bool empty = id == hessianColumn && !m_hasHessians;
        m_table->setColumnHidden(i, empty || !ids.contains(id));
    }
    fitColumns();
}

void ResultsPanel::followHessians() {
    const bool has = std::ranges::any_of(m_bench.results.records(), [](const auto& record) {
        return record->metrics.hessianError.has_value();
    });
    if (std::exchange(m_hasHessians, has) != has) setShownColumns(m_shown);
}

void ResultsPanel::fillColumnMenu() {
    m_columnMenu->clear();
    m_columnMenu->setToolTipsVisible(true);
    for (int i = 0; i < static_cast<int>(resultColumns().size()); ++i) {
        const ResultColumn& column = resultColumns()[static_cast<std::size_t>(i)];
        QAction* action = m_columnMenu->addAction(
            column.unit.isEmpty() ? column.title
                                  : QStringLiteral("%1 (%2)").arg(column.title, column.unit));
        action->setToolTip(column.help);
        action->setCheckable(true);
        action->setChecked(!m_table->isColumnHidden(i));
        connect(action, &QAction::toggled, this, [this, i, id = column.id](bool shown) {
            m_shown.removeAll(id);
            if (shown) m_shown << id;
            m_table->setColumnHidden(i, !shown);
            if (shown) m_table->resizeColumnToContents(i);
            Q_EMIT columnsChanged();
        });
    }
}

void ResultsPanel::fitColumns() {
    for (int i = 0; i < static_cast<int>(resultColumns().size()); ++i) {
        if (m_table->isColumnHidden(i)) continue;
        m_table->resizeColumnToContents(i);
        const int least = resultColumns()[static_cast<std::size_t>(i)].numeric
                              ? m_table->fontMetrics().horizontalAdvance(widestNumber)
                              : 0;
        m_table->setColumnWidth(i, std::clamp(m_table->columnWidth(i), least, widestText));
    }
}

void ResultsPanel::followSelection() {
    if (m_following) return;
    m_following = true;
    QItemSelection rows;
    QModelIndex current;
    for (const QString& trial : m_bench.selection.trials()) {
        const QModelIndex index =
            m_bench.filteredResults.mapFromSource(m_bench.resultTable.indexOf(trial));
        if (!index.isValid()) continue;
        rows.select(index, index);
        if (trial == m_bench.selection.currentTrial()) current = index;
    }
    QItemSelectionModel* model = m_table->selectionModel();
    model->select(rows, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    if (current.isValid()) {
        // The first column may be hidden; the view scrolls only to cells that it shows.
        const int column = m_table->horizontalHeader()->logicalIndexAt(0);
        const QModelIndex cell = current.siblingAtColumn(std::max(column, 0));
        model->setCurrentIndex(cell, QItemSelectionModel::NoUpdate);
        m_table->scrollTo(cell);
    }
    m_following = false;
}

void ResultsPanel::announceSelection() {
    if (m_following) return;
    m_following = true;
    QSet<QString> trials;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows()) {
        trials << index.data(ResultTableModel::TrialIdRole).toString();
    }
    m_bench.selection.selectTrials(
        trials, m_table->currentIndex().data(ResultTableModel::TrialIdRole).toString());
    m_following = false;
}

QString ResultsPanel::csvOf(QList<int> rows) const {
    QList<int> columns;
    const QHeaderView* header = m_table->horizontalHeader();
    for (int position = 0; position < header->count(); ++position) {
        const int column = header->logicalIndex(position);
        if (!m_table->isColumnHidden(column)) columns << column;
    }
    for (int& row : rows) {
        row = m_bench.filteredResults.mapToSource(m_bench.filteredResults.index(row, 0)).row();
    }
    return resultCsv(m_bench.resultTable, rows, columns);
}

QString ResultsPanel::csv() const {
    QList<int> rows(m_bench.filteredResults.rowCount());
    std::iota(rows.begin(), rows.end(), 0);
    return csvOf(rows);
}

void ResultsPanel::copyAll() {
    if (m_bench.filteredResults.rowCount() == 0) return;
    QGuiApplication::clipboard()->setText(csv());
    Q_EMIT copied(m_bench.filteredResults.rowCount());
}

void ResultsPanel::copySelected() {
    QList<int> rows;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
        rows << index.row();
    if (rows.isEmpty()) return;
    std::ranges::sort(rows);
    QGuiApplication::clipboard()->setText(csvOf(rows));
    Q_EMIT copied(static_cast<int>(rows.size()));
}

void ResultsPanel::showContextMenu(const QPoint& position) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const bool selection = m_table->selectionModel()->hasSelection();
    if (selection) {
        menu->addActions(m_trialActions);
        menu->addSeparator();
    }
    QAction* selected =
        menu->addAction(themedIcon(QStringLiteral("copy")), tr("Copy selected rows as CSV"), this,
                        &ResultsPanel::copySelected);
    selected->setEnabled(selection);
    menu->addAction(tr("Copy all rows as CSV"), this, &ResultsPanel::copyAll);
    menu->popup(m_table->viewport()->mapToGlobal(position));
}

}  // namespace quantscope
