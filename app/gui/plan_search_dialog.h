// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <filesystem>

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace quantscope {

class Workbench;

/// How a plan is searched for on the model's loss: which tokens, which objective, how long.
class PlanSearchDialog : public QDialog {
    Q_OBJECT

public:
    /// `bench` outlives the dialog, which deletes itself when it is closed.
    explicit PlanSearchDialog(Workbench& bench, QWidget* parent = nullptr);

private:
    void chooseTokens();
    void followTokens();
    void start();

    Workbench& m_bench;
    std::filesystem::path m_tokens;
    QPushButton* m_choose;
    QLabel* m_note;
    QComboBox* m_objective;
    QSpinBox* m_generations;
    QSpinBox* m_offspring;
    QSpinBox* m_seed;
    QPushButton* m_start;
};

}  // namespace quantscope
