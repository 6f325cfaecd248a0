// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/forms/parameter_editor.h"

class QCheckBox;

namespace quantscope {

/// A check box; partly checked while the sweep tries both values.
class BooleanEditor final : public ParameterEditor {
    Q_OBJECT

public:
    explicit BooleanEditor(QWidget* parent);

    void setField(const ParameterField& field) override;

private:
    void showState(Qt::CheckState state);
    void choose(const Json& value);

    QCheckBox* m_box;
};

}  // namespace quantscope
