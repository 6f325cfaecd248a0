// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>

#include "core/run/plan_export.h"

namespace quantscope {

class Workbench;

/// Writes the plan on show for other programs, one entry of its menu each.
class PlanExportButton : public QPushButton {
    Q_OBJECT

public:
    /// `bench` outlives the button.
    explicit PlanExportButton(Workbench& bench, QWidget* parent = nullptr);

private:
    void addFormat(PlanFormat format, const QString& name, const QString& file);
    void write(PlanFormat format, const QString& name, const QString& file);

    Workbench& m_bench;
};

}  // namespace quantscope
