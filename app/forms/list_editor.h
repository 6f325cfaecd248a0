// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/forms/parameter_editor.h"

class QLineEdit;

namespace quantscope {

class TypedValue;

/// A field for a list of integers, "8+6+4", or a sweep over several lists.
class ListEditor final : public ParameterEditor {
    Q_OBJECT

public:
    ListEditor(const ParameterSpec& spec, const MethodRegistry& registry, QWidget* parent);

    void setField(const ParameterField& field) override;

private:
    QLineEdit* m_field;
    TypedValue* m_typed;
};

}  // namespace quantscope
