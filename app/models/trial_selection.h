// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSet>
#include <QString>

namespace quantscope {

/// The one selection that all views share: trials, the trial whose details are shown, the trial
/// under the mouse, and the tensor that Explore works on.
class TrialSelection : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    const QSet<QString>& trials() const { return m_trials; }
    const QString& currentTrial() const { return m_currentTrial; }  ///< Among trials(), or empty.
    const QString& hoveredTrial() const { return m_hoveredTrial; }
    const QString& currentTensor() const { return m_currentTensor; }

public Q_SLOTS:
    /// Selects these; `current` becomes the current trial (any of them when it is not among them).
    void selectTrials(const QSet<QString>& trials, const QString& current = {});
    void selectTrial(const QString& trial);  ///< This one alone; empty for none.
    void toggleTrial(const QString& trial);
    void clear();
    void hoverTrial(const QString& trial);  ///< Empty when the mouse left.
    void setCurrentTensor(const QString& tensor);
    /// Forgets trials that are gone.
    void keepOnly(const QSet<QString>& known);

Q_SIGNALS:
    void trialsChanged();
    void currentTrialChanged(const QString& trial);
    void hoveredTrialChanged(const QString& trial);
    void currentTensorChanged(const QString& tensor);

private:
    QSet<QString> m_trials;
    QString m_currentTrial;
    QString m_hoveredTrial;
    QString m_currentTensor;
};

}  // namespace quantscope
