// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/sweep_spin_box.h"

#include <QLineEdit>
#include <QStyleOptionSpinBox>
#include <QWheelEvent>
#include <algorithm>

#include "app/forms/field_undo.h"
#include "app/models/parameter_field.h"
#include "core/base/text.h"

namespace quantscope {

SweepSpinBox::SweepSpinBox(const ParameterSpec& spec, QWidget* parent)
    : QAbstractSpinBox(parent),
      m_minimum(spec.minimum),
      m_maximum(spec.maximum),
      m_step(spec.step.value_or(spec.type == ParameterType::Integer ? 1.0 : 0.1)) {
    setKeyboardTracking(true);
    // The wheel scrolls the form; it turns a number only where the focus is.
    setFocusPolicy(Qt::StrongFocus);
    lineEdit()->setAlignment(Qt::AlignRight);
    lineEdit()->setPlaceholderText(parameterText(spec, spec.defaultValue));
    connect(lineEdit(), &QLineEdit::textEdited, this, &SweepSpinBox::typed);
}

void SweepSpinBox::setText(const QString& text) {
    if (lineEdit()->text() == text) return;
    lineEdit()->setText(text);
    update();
}

void SweepSpinBox::setNumber(double value) {
    // Twelve digits: repeated steps of 0.1 should not end at 0.30000000000000004.
    double clean = value;
    parseNumber(formatSignificant(value, 12), clean);
    setText(QString::fromStdString(formatNumber(clean)));
}

void SweepSpinBox::finish() {
    if (text().trimmed().isEmpty()) {
        setText(lineEdit()->placeholderText());
    } else if (lineEdit()->isUndoAvailable()) {
        lineEdit()->setText(text());  // Forgets the keys.
    }
}

std::optional<double> SweepSpinBox::number() const {
    const QString written = text().trimmed();
    double value = 0.0;
    if (!parseNumber((written.isEmpty() ? lineEdit()->placeholderText() : written).toStdString(),
                     value)) {
        return std::nullopt;
    }
    return value;
}

void SweepSpinBox::stepBy(int steps) {
    const std::optional<double> value = number();
    if (!value) return;
    double next = *value + steps * m_step;
    if (m_minimum) next = std::max(next, *m_minimum);
    if (m_maximum) next = std::min(next, *m_maximum);
    setNumber(next);
    selectAll();
    Q_EMIT typed(lineEdit()->text());
}

QValidator::State SweepSpinBox::validate(QString&, int&) const {
    return QValidator::Acceptable;
}

QSize SweepSpinBox::sizeHint() const {
    QStyleOptionSpinBox option;
    initStyleOption(&option);
    const QSize text(fontMetrics().horizontalAdvance(QStringLiteral("00..00..00")),
                     lineEdit()->sizeHint().height());
    return style()->sizeFromContents(QStyle::CT_SpinBox, &option, text, this);
}

QSize SweepSpinBox::minimumSizeHint() const {
    QSize size = sizeHint();
    size.setWidth(fontMetrics().horizontalAdvance(QStringLiteral("00..00")) + 24);
    return size;
}

QAbstractSpinBox::StepEnabled SweepSpinBox::stepEnabled() const {
    const std::optional<double> value = number();
    StepEnabled enabled = StepNone;
    if (!value) return enabled;
    if (!m_maximum || *value < *m_maximum) enabled |= StepUpEnabled;
    if (!m_minimum || *value > *m_minimum) enabled |= StepDownEnabled;
    return enabled;
}

bool SweepSpinBox::event(QEvent* event) {
    return leavesToWindow(*event, *lineEdit()) || QAbstractSpinBox::event(event);
}

void SweepSpinBox::wheelEvent(QWheelEvent* event) {
    if (hasFocus()) {
        QAbstractSpinBox::wheelEvent(event);
    } else {
        event->ignore();
    }
}

}  // namespace quantscope
