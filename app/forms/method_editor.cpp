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
    connect(m_box->lineEdit(), &QLineEdit::editingFinished, m_typed, &TypedValue::finish);
    connect(m_typed, &TypedValue::accepted, this, &ParameterEditor::edited);
    connect(m_typed, &TypedValue::problemChanged, this, &ParameterEditor::problemChanged);
    connect(m_form, &ParameterForm::edited, this, &MethodEditor::setParameter);
}

void MethodEditor::setField(const ParameterField& field) {
    const bool one = isOneMethod(field.value);
    if (one) {
        const SweptMethod method = nestedMethod(field.value);
        m_box->showText(QString::fromStdString(method.method.id));
        m_form->setMethod(method);
    } else if (!m_typed->means(m_box->standingFor(), field.value)) {
        m_box->showText(field.text);
    }
    m_form->setVisible(one);
    m_typed->reset(field.value);
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
