// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/trial_selection.h"

#include <utility>

namespace quantscope {

void TrialSelection::selectTrials(const QSet<QString>& trials, const QString& current) {
    QString chosen = current;
    if (!trials.contains(chosen)) chosen = trials.isEmpty() ? QString() : *trials.begin();
    const bool otherTrials = std::exchange(m_trials, trials) != trials;
    const bool otherCurrent = std::exchange(m_currentTrial, chosen) != chosen;
    if (otherTrials) Q_EMIT trialsChanged();
    if (otherCurrent) Q_EMIT currentTrialChanged(m_currentTrial);
}

void TrialSelection::selectTrial(const QString& trial) {
    selectTrials(trial.isEmpty() ? QSet<QString>() : QSet<QString>{trial}, trial);
}

void TrialSelection::toggleTrial(const QString& trial) {
    QSet<QString> trials = m_trials;
    if (trials.remove(trial)) {
        selectTrials(trials, m_currentTrial);
    } else {
        trials.insert(trial);
        selectTrials(trials, trial);
    }
}

void TrialSelection::clear() {
    selectTrials({});
    hoverTrial({});
}

void TrialSelection::hoverTrial(const QString& trial) {
    if (std::exchange(m_hoveredTrial, trial) != trial) Q_EMIT hoveredTrialChanged(trial);
}

void TrialSelection::setCurrentTensor(const QString& tensor) {
    if (std::exchange(m_currentTensor, tensor) != tensor) Q_EMIT currentTensorChanged(tensor);
}

void TrialSelection::keepOnly(const QSet<QString>& known) {
    selectTrials(QSet<QString>(m_trials).intersect(known), m_currentTrial);
    if (!known.contains(m_hoveredTrial)) hoverTrial({});
}

}  // namespace quantscope
