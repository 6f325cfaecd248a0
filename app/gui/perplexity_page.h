// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/gui/plot_page.h"

class QPushButton;
class QToolButton;

namespace quantscope {

class PerplexityPlot;
class Workbench;

/// The perplexity plot with what fills it: the choice of tokens, and a button that evaluates.
class PerplexityPage : public PlotPage {
    Q_OBJECT

public:
    /// `bench` outlives the page.
    explicit PerplexityPage(Workbench& bench, QWidget* parent = nullptr);

    PerplexityPlot& perplexityPlot() const;

private:
    void chooseTokens();
    void evaluate();
    void followState();

    Workbench& m_bench;
    QToolButton* m_tokens;
    QPushButton* m_evaluate;
};

}  // namespace quantscope
