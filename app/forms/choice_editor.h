// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/forms/parameter_editor.h"

namespace quantscope {

class SweepComboBox;
class TypedValue;

/// A combo box of the choices, the last entry being all of them as a sweep.
class ChoiceEditor final : public ParameterEditor {
    Q_OBJECT

public:
    ChoiceEditor(const ParameterSpec& spec, const MethodRegistry& registry, QWidget* parent);

    void setField(const ParameterField& field) override;

private:
    SweepComboBox* m_box;
    TypedValue* m_typed;
};

}  // namespace quantscope
