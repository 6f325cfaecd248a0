// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/jobs_panel.h"

#include <QHeaderView>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "app/gui/empty_state.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"

namespace quantscope {

namespace {

// A bar in the progress column, as wide as the cell.
class ProgressDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        item.text.clear();
        const QStyle* style = option.widget->style();
        style->drawControl(QStyle::CE_ItemViewItem, &item, painter, option.widget);
        QStyleOptionProgressBar bar;
        bar.palette = option.palette;
        bar.state = option.state;
        bar.rect = option.rect.adjusted(4, 0, -4, 0);
        bar.minimum = 0;
        bar.maximum = 1000;
        bar.progress = static_cast<int>(index.data(JobListModel::FractionRole).toDouble() * 1000);
        style->drawControl(QStyle::CE_ProgressBarGroove, &bar, painter, option.widget);
        style->drawControl(QStyle::CE_ProgressBarContents, &bar, painter, option.widget);
    }
};

QToolButton* toolButton(const QString& icon, const QString& text, QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setIcon(themedIcon(icon));
    button->setText(text);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

}  // namespace

JobsPanel::JobsPanel(Workbench& bench, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_view(new QTreeView(this)),
      m_cancel(toolButton(QStringLiteral("cancel"), tr("Cancel"), this)),
      m_retry(toolButton(QStringLiteral("retry"), tr("Retry"), this)),
      m_clear(toolButton(QStringLiteral("remove"), tr("Clear ended"), this)) {
    m_view->setObjectName(QStringLiteral("jobView"));
    m_view->setAccessibleName(tr("Jobs"));
    m_view->setModel(&bench.jobList);
    m_view->setItemDelegateForColumn(JobListModel::Progress, new ProgressDelegate(m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setUniformRowHeights(true);
    m_view->setAllColumnsShowFocus(true);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    QHeaderView* header = m_view->header();
    header->setStretchLastSection(false);
    header->setSectionResizeMode(JobListModel::Title, QHeaderView::Stretch);
    header->setSectionResizeMode(JobListModel::State, QHeaderView::Stretch);
    header->resizeSection(JobListModel::Progress, fontMetrics().averageCharWidth() * 24);

    auto* page = new QWidget(this);
    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(8, 4, 8, 4);
    tools->setSpacing(4);
    tools->addWidget(m_cancel);
    tools->addWidget(m_retry);
    tools->addStretch(1);
    tools->addWidget(m_clear);
    auto* pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->setSpacing(0);
    pageLayout->addLayout(tools);
    pageLayout->addWidget(m_view, 1);
    m_content = new ContentOrEmpty(page, this);
    m_content->emptyState().setContent(
        tr("Nothing is running"),
        tr("Runs, and everything else that takes a while, appear here with their progress."));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_content);

    connect(m_cancel, &QToolButton::clicked, this, [this] {
        m_bench.jobs.cancel(currentJob().data(JobListModel::JobIdRole).toULongLong());
    });
    connect(m_retry, &QToolButton::clicked, this, [this] {
        m_bench.jobs.retry(currentJob().data(JobListModel::JobIdRole).toULongLong());
    });
    connect(m_clear, &QToolButton::clicked, &bench.jobs, &JobQueue::removeEnded);
    connect(m_view, &QTreeView::customContextMenuRequested, this, &JobsPanel::showContextMenu);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &JobsPanel::followButtons);
    connect(&bench.jobList, &QAbstractItemModel::dataChanged, this, &JobsPanel::followButtons);
    const auto followRows = [this](const QModelIndex& parentIndex) {
        m_content->showEmpty(m_bench.jobList.rowCount() == 0);
        if (parentIndex.isValid()) m_view->expand(parentIndex);
        followButtons();
    };
    connect(&bench.jobList, &QAbstractItemModel::rowsInserted, this, followRows);
    connect(&bench.jobList, &QAbstractItemModel::rowsRemoved, this, followRows);
    followRows({});
}

QModelIndex JobsPanel::currentJob() const {
    const QModelIndex current = m_view->currentIndex();
    return current.parent().isValid() ? current.parent().siblingAtColumn(0)
                                      : current.siblingAtColumn(0);
}

void JobsPanel::followButtons() {
    const QModelIndex job = currentJob();
    m_cancel->setEnabled(job.data(JobListModel::CancellableRole).toBool());
    m_retry->setEnabled(job.data(JobListModel::RetryableRole).toBool());
}

void JobsPanel::showContextMenu(const QPoint& position) {
    QMenu menu(this);
    for (QToolButton* button : {m_cancel, m_retry, m_clear}) {
        QAction* action = menu.addAction(button->icon(), button->text());
        action->setEnabled(button->isEnabled());
        connect(action, &QAction::triggered, button, &QToolButton::click);
    }
    menu.exec(m_view->viewport()->mapToGlobal(position));
}

}  // namespace quantscope
