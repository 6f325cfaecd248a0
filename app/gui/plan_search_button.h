// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>

namespace quantscope {

class Workbench;

/// Opens the dialog that starts a search on the model's own loss; while one runs, cancels it.
class PlanSearchButton : public QPushButton {
    Q_OBJECT

public:
    /// `bench` outlives the button.
    explicit PlanSearchButton(Workbench& bench, QWidget* parent = nullptr);

private:
    void act();
    void followState();

    Workbench& m_bench;
};

}  // namespace quantscope
