// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/forms/parameter_editor.h"

namespace quantscope {

class ParameterForm;
class SweepComboBox;
class TypedValue;

/// A nested method: a combo box of the methods, and the form of the chosen one below the row.
class MethodEditor final : public ParameterEditor {
    Q_OBJECT

public:
    MethodEditor(const ParameterSpec& spec, const MethodRegistry& registry, QWidget* parent);

    void setField(const ParameterField& field) override;
    QWidget* extension() override;

private:
    void showField();
    void finish();
    void setParameter(const QString& id, const Json& value);

    const MethodRegistry& m_registry;
    ParameterSpec m_spec;
    SweepComboBox* m_box;
    TypedValue* m_typed;
    ParameterForm* m_form;
    ParameterField m_field;
    bool m_isOne = false;  ///< Not a sweep over several methods.
};

}  // namespace quantscope
