// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLineEdit;
class QMenu;
class QTableView;
class QToolButton;

namespace quantscope {

class ContentOrEmpty;
class Workbench;

/// The result table: sorted and filtered, with the columns that the user chose. Its selected rows
/// are the selected trials.
class ResultsPanel : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the panel. `run` is what the empty state offers.
    ResultsPanel(Workbench& bench, QAction* run, QWidget* parent = nullptr);

    QTableView* table() const { return m_table; }
    /// Ids of the columns that are shown; for settings.
    QStringList shownColumns() const;
    /// Offers actions on the current trial in the context menu of rows.
    void setTrialActions(const QList<QAction*>& actions) { m_trialActions = actions; }
    void setShownColumns(const QStringList& ids);
    /// All rows that are shown, with the shown columns.
    QString csv() const;

public Q_SLOTS:
    /// To the clipboard: all rows that are shown, or those that are selected.
    void copyAll();
    void copySelected();

Q_SIGNALS:
    void columnsChanged();
    void copied(int rows);

private:
    QLayout* makeTools();
    QToolButton* makeButton(const QString& name, const QString& icon, const QString& text,
                            const QString& about);
    void setUpTable();
    void connectBench();
    void followResults();
    void fillColumnMenu();
    void followHessians();
    void fitColumns();
    void followSelection();
    void announceSelection();
    QString csvOf(QList<int> rows) const;
    void showContextMenu(const QPoint& position);

    Workbench& m_bench;
    QLineEdit* m_filter;
    QTableView* m_table;
    QMenu* m_columnMenu;
    ContentOrEmpty* m_content;
    QList<QAction*> m_trialActions;
    QStringList m_shown;         ///< Ids of the columns that are wanted.
    bool m_hasHessians = false;  ///< A result has an error weighted by a Hessian.
    bool m_following = false;
    bool m_fitted = false;
};

}  // namespace quantscope
