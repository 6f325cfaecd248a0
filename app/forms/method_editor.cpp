// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/method_editor.h"

#include <QHBoxLayout>
#include <QLineEdit>

#include "app/forms/parameter_form.h"
#include "app/forms/sweep_combo_box.h"
#include "app/forms/typed_value.h"

namespace quantscope {

namespace {

bool isOneMethod(const Json& value) {
    return (value.is_object() && value.contains("id")) || value.is_string();
}

}  // namespace

MethodEditor::MethodEditor(const ParameterSpec& spec, const MethodRegistry& registry,
                           QWidget* parent)
    : ParameterEditor(parent),
      m_registry(registry),
      m_spec(spec),
      m_box(new SweepComboBox(this)),
      m_form(new ParameterForm(registry, this)) {
    m_typed = new TypedValue(
        [this](const QString& text) { return parseParameter(m_spec, text, m_registry); }, this);
    for (const auto& method : registry.methods()) {
        m_box->addItem(QString::fromStdString(method->name()),
                       QString::fromStdString(method->id()));
    }
    m_box->setObjectName(QString::fromStdString(spec.id));
    m_box->setAccessibleName(QString::fromStdString(spec.label));
    m_box->setAccessibleDescription(QString::fromStdString(spec.help));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_box, 1);
    setFocusProxy(m_box);

    connect(m_box, &SweepComboBox::typed, m_typed, &TypedValue::type);
    connect(m_box->lineEdit(), &QLineEdit::editingFinished, this, &MethodEditor::finish);
    connect(m_typed, &TypedValue::accepted, this, &ParameterEditor::edited);
    connect(m_typed, &TypedValue::problemChanged, this, &ParameterEditor::problemChanged);
    connect(m_form, &ParameterForm::edited, this, &MethodEditor::setParameter);
}

void MethodEditor::setField(const ParameterField& field) {
    m_field = field;
    m_isOne = isOneMethod(field.value);
    if (m_isOne) m_form->setMethod(nestedMethod(field.value));
    m_form->setVisible(m_isOne);
    const bool typing = m_box->hasFocus() && m_typed->means(m_box->standingFor(), field.value);
    if (!typing) showField();
    m_typed->reset(field.value);
}

void MethodEditor::showField() {
    // The parameters of one method stand in the form below.
    m_box->showText(m_isOne ? QString::fromStdString(m_form->method().method.id) : m_field.text);
}

void MethodEditor::finish() {
    m_typed->finish();
    if (m_typed->means(m_box->standingFor(), m_field.value)) showField();
}

QWidget* MethodEditor::extension() {
    return m_form;
}

void MethodEditor::setParameter(const QString& id, const Json& value) {
    const SweptMethod& method = m_form->method();
    for (const ParameterSpec& spec : m_registry.method(method.method.id).parameters()) {
        if (spec.id != id.toStdString()) continue;
        const SweptMethod changed = withParameter(method, spec, value);
        m_form->setMethod(changed);
        Q_EMIT edited(nestedValue(changed));
        return;
    }
}

}  // namespace quantscope
