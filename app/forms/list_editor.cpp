// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/list_editor.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>

#include "app/forms/field_undo.h"
#include "app/forms/typed_value.h"

namespace quantscope {

namespace {

class ListField final : public QLineEdit {
public:
    using QLineEdit::QLineEdit;

protected:
    bool event(QEvent* event) override {
        return leavesToWindow(*event, *this) || QLineEdit::event(event);
    }
};

}  // namespace

ListEditor::ListEditor(const ParameterSpec& spec, const MethodRegistry& registry, QWidget* parent)
    : ParameterEditor(parent), m_field(new ListField(this)) {
    m_typed = new TypedValue(
        [spec, &registry](const QString& text) { return parseParameter(spec, text, registry); },
        this);
    m_field->setObjectName(QString::fromStdString(spec.id));
    m_field->setAccessibleName(QString::fromStdString(spec.label));
    m_field->setAccessibleDescription(QString::fromStdString(spec.help));
    const QString standard = parameterText(spec, spec.defaultValue);
    m_field->setPlaceholderText(standard.isEmpty() ? tr("none") : standard);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_field, 1);
    if (!spec.unit.empty()) {
        auto* unit = new QLabel(QString::fromStdString(spec.unit), this);
        unit->setForegroundRole(QPalette::PlaceholderText);
        layout->addWidget(unit);
    }
    setFocusProxy(m_field);

    connect(m_field, &QLineEdit::textEdited, m_typed, &TypedValue::type);
    connect(m_field, &QLineEdit::editingFinished, this, [this] {
        m_typed->finish();
        // From now on undoing means the spec and no longer the keys.
        if (m_field->isUndoAvailable()) m_field->setText(m_field->text());
    });
    connect(m_typed, &TypedValue::accepted, this, &ParameterEditor::edited);
    connect(m_typed, &TypedValue::problemChanged, this, [this](const QString& problem) {
        m_field->setProperty("invalid", !problem.isEmpty());
        m_field->update();
        Q_EMIT problemChanged(problem);
    });
}

void ListEditor::setField(const ParameterField& field) {
    if (!m_typed->means(m_field->text(), field.value)) m_field->setText(field.text);
    m_typed->reset(field.value);
}

}  // namespace quantscope
