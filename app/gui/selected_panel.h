// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/models/result_set.h"

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;
class QTableWidget;
class QVBoxLayout;

namespace quantscope {

class EmptyState;
class LedgerBar;
class ValueList;
class Workbench;

/// Everything about the current trial (figures, rate ledger, codebooks, warnings, the command line
/// that repeats it); the totals while one method is selected on several tensors; without a trial,
/// everything about the current tensor.
class SelectedPanel : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the panel.
    explicit SelectedPanel(Workbench& bench, QWidget* parent = nullptr);

    /// The command line of the current trial; empty without one.
    QString commandLine() const;

public Q_SLOTS:
    void copyCommandLine();
    /// Adds the current trial's method, with these settings, to the experiment.
    void useSettings();

Q_SIGNALS:
    void copied();
    void detailsRequested(const QString& tensor);

private:
    QWidget* makeTrialPage();
    QWidget* makeTensorPage();
    void follow();
    void showTrial(const TrialRecord& record);
    /// The selected trials, if they are one method on several tensors; otherwise empty.
    RecordList methodOverTensors() const;
    void showTotals(const RecordList& records);
    void showLedger(const RateLedger& rate, Index weights);
    QString others() const;
    void showCodebooks(const std::vector<Codebook>& codebooks);
    void showTensor(const QString& name);

    Workbench& m_bench;
    QStackedWidget* m_pages;
    EmptyState* m_empty;
    QLabel* m_trialMethod;
    QLabel* m_trialTensor;
    QLabel* m_error;
    ValueList* m_figures;
    QLabel* m_ledgerTitle;
    LedgerBar* m_ledger;
    QLabel* m_codebookTitle;
    QTableWidget* m_codebooks;
    QLabel* m_warnings;
    QPlainTextEdit* m_command;
    QPushButton* m_copyCommand;
    QLabel* m_tensorName;
    QLabel* m_tensorRemark;
    ValueList* m_tensorFigures;
};

}  // namespace quantscope
