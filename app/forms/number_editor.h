// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/forms/parameter_editor.h"

class QSlider;

namespace quantscope {

class SweepSpinBox;
class TypedValue;

/// A spin box, its unit, and a slider where the range is short enough to be one.
class NumberEditor final : public ParameterEditor {
    Q_OBJECT

public:
    NumberEditor(const ParameterSpec& spec, const MethodRegistry& registry, QWidget* parent);

    void setField(const ParameterField& field) override;

private:
    void slide(int position);
    void followText();

    ParameterSpec m_spec;
    SweepSpinBox* m_box;
    QSlider* m_slider = nullptr;
    TypedValue* m_typed;
};

}  // namespace quantscope
