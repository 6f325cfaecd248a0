// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QToolButton;
class QTreeView;

namespace quantscope {

class ContentOrEmpty;
class Workbench;

/// Every job with its progress, the trials that run now below it, and what can be done about it:
/// cancel, retry, clear.
class JobsPanel : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the panel.
    explicit JobsPanel(Workbench& bench, QWidget* parent = nullptr);

private:
    QModelIndex currentJob() const;
    void followButtons();
    void showContextMenu(const QPoint& position);

    Workbench& m_bench;
    QTreeView* m_view;
    ContentOrEmpty* m_content;
    QToolButton* m_cancel;
    QToolButton* m_retry;
    QToolButton* m_clear;
};

}  // namespace quantscope
