// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/choice_editor.h"

#include <QHBoxLayout>
#include <QLineEdit>

#include "app/forms/sweep_combo_box.h"
#include "app/forms/typed_value.h"

namespace quantscope {

ChoiceEditor::ChoiceEditor(const ParameterSpec& spec, const MethodRegistry& registry,
                           QWidget* parent)
    : ParameterEditor(parent), m_box(new SweepComboBox(this)) {
    m_typed = new TypedValue(
        [spec, &registry](const QString& text) { return parseParameter(spec, text, registry); },
        this);
    Json all = Json::array();
    for (const ParameterChoice& choice : spec.choices) {
        m_box->addItem(QString::fromStdString(choice.label), QString::fromStdString(choice.value));
        all.push_back(choice.value);
    }
    if (spec.choices.size() > 1) {
        m_box->insertSeparator(m_box->count());
        m_box->addItem(tr("All %1, as a sweep").arg(spec.choices.size()), parameterText(spec, all));
    }
    m_box->setObjectName(QString::fromStdString(spec.id));
    m_box->setAccessibleName(QString::fromStdString(spec.label));
    m_box->lineEdit()->setAccessibleName(m_box->accessibleName());
    m_box->setAccessibleDescription(QString::fromStdString(spec.help));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_box, 1);
    setFocusProxy(m_box);

    connect(m_box, &SweepComboBox::typed, m_typed, &TypedValue::type);
    connect(m_box->lineEdit(), &QLineEdit::editingFinished, this, [this, spec] {
        m_typed->finish();
        m_box->finish(parameterText(spec, spec.defaultValue));
    });
    connect(m_typed, &TypedValue::accepted, this, &ParameterEditor::edited);
    connect(m_typed, &TypedValue::problemChanged, this, [this](const QString& problem) {
        m_box->setProperty("invalid", !problem.isEmpty());
        m_box->update();
        Q_EMIT problemChanged(problem);
    });
}

void ChoiceEditor::setField(const ParameterField& field) {
    if (!m_typed->means(m_box->standingFor(), field.value)) m_box->showText(field.text);
    m_typed->reset(field.value);
}

}  // namespace quantscope
