// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QTreeView;

namespace quantscope {

class ContentOrEmpty;
class Workbench;

/// The tensors of the open file: a tree with check marks for what a run takes, a filter, and for
/// each tensor its folding and statistics.
class DataPanel : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the panel. `open` is what the empty state offers.
    DataPanel(Workbench& bench, QAction* open, QWidget* parent = nullptr);

    void focusFilter();
    QTreeView* tree() const { return m_tree; }

Q_SIGNALS:
    /// The user wants to see how a tensor is folded and what its values are like.
    void detailsRequested(const QString& tensor);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void setUpFilter();
    void setUpTree();
    void followData();
    void followModel();
    void showCounts();
    void followCurrentTensor(const QString& tensor);
    void showContextMenu(const QPoint& position);
    void chooseShown(bool chosen);

    Workbench& m_bench;
    QAction* m_open;
    QLineEdit* m_filter;
    QTreeView* m_tree;
    QLabel* m_counts;
    ContentOrEmpty* m_content;
};

}  // namespace quantscope
