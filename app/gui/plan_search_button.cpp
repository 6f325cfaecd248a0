// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/plan_search_button.h"

#include "app/gui/plan_search_dialog.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"

namespace quantscope {

PlanSearchButton::PlanSearchButton(Workbench& bench, QWidget* parent)
    : QPushButton(parent), m_bench(bench) {
    setObjectName(QStringLiteral("searchPlan"));
    connect(this, &QPushButton::clicked, this, &PlanSearchButton::act);
    connect(&bench.planSearch, &PlanSearchFeed::stateChanged, this, &PlanSearchButton::followState);
    followState();
}

void PlanSearchButton::act() {
    if (m_bench.planSearch.isRunning()) {
        m_bench.planSearch.cancel();
        return;
    }
    auto* dialog = new PlanSearchDialog(m_bench, this);
    dialog->open();
}

void PlanSearchButton::followState() {
    const bool isRunning = m_bench.planSearch.isRunning();
    setText(isRunning ? tr("Cancel search") : tr("Search..."));
    setIcon(themedIcon(isRunning ? QStringLiteral("cancel") : QStringLiteral("run")));
    setToolTip(isRunning ? tr("Stop searching; the plan on show stays")
                         : tr("Let this plan evolve on the model's own loss, within the same "
                              "budget, locks and ties"));
    setEnabled(isRunning || m_bench.planSearch.canStart());
}

}  // namespace quantscope
