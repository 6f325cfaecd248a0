// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSettings>

#include "core/run/run_pace.h"

namespace quantscope {

/// How fast methods ran on this machine, remembered in the settings.
class PaceBook : public QObject {
    Q_OBJECT
public:
    /// `settings` outlives it.
    explicit PaceBook(QSettings* settings, QObject* parent = nullptr);

    const RunPace& pace() const { return m_pace; }

public Q_SLOTS:
    void learn(const quantscope::RunPace& measured);

Q_SIGNALS:
    void changed();

private:
    QSettings* m_settings;
    RunPace m_pace;
};

}  // namespace quantscope
