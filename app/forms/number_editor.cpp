// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/number_editor.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSlider>
#include <cmath>
#include <optional>

#include "app/forms/sweep_spin_box.h"
#include "app/forms/typed_value.h"

namespace quantscope {

namespace {

// More positions than this are not distinguishable with a mouse on a short slider.
constexpr double longestSlider = 128;

double stepOf(const ParameterSpec& spec) {
    return spec.step.value_or(spec.type == ParameterType::Integer ? 1.0 : 0.0);
}

// The last position of a slider for this parameter; nothing where a slider would not help.
std::optional<int> lastPosition(const ParameterSpec& spec) {
    const double step = stepOf(spec);
    if (!spec.minimum || !spec.maximum || step <= 0.0) return std::nullopt;
    const double positions = std::floor((*spec.maximum - *spec.minimum) / step + 1e-9);
    if (positions < 1.0 || positions > longestSlider) return std::nullopt;
    return static_cast<int>(positions);
}

}  // namespace

NumberEditor::NumberEditor(const ParameterSpec& spec, const MethodRegistry& registry,
                           QWidget* parent)
    : ParameterEditor(parent), m_spec(spec), m_box(new SweepSpinBox(spec, this)) {
    m_typed = new TypedValue(
        [this, &registry](const QString& text) { return parseParameter(m_spec, text, registry); },
        this);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_box);
    setFocusProxy(m_box);
    m_box->setObjectName(QString::fromStdString(spec.id));
    m_box->setAccessibleName(QString::fromStdString(spec.label));
    // The keyboard is in the field inside.
    m_box->findChild<QLineEdit*>()->setAccessibleName(m_box->accessibleName());
    m_box->setAccessibleDescription(QString::fromStdString(spec.help));
    if (const std::optional<int> last = lastPosition(spec)) {
        m_slider = new QSlider(Qt::Horizontal, this);
        m_slider->setRange(0, *last);
        m_slider->setMinimumWidth(48);
        m_slider->setFocusPolicy(Qt::TabFocus);
        m_slider->setAccessibleName(tr("%1, slider").arg(QString::fromStdString(spec.label)));
        layout->addWidget(m_slider, 1);
        connect(m_slider, &QSlider::valueChanged, this, &NumberEditor::slide);
    }
    if (!spec.unit.empty()) {
        auto* unit = new QLabel(QString::fromStdString(spec.unit), this);
        unit->setForegroundRole(QPalette::PlaceholderText);
        layout->addWidget(unit);
    }
    if (!m_slider) layout->addStretch(1);

    connect(m_box, &SweepSpinBox::typed, this, [this](const QString& text) {
        m_typed->type(text);
        followText();
    });
    connect(m_box, &QAbstractSpinBox::editingFinished, this, [this] {
        m_typed->finish();
        m_box->finish();
    });
    connect(m_typed, &TypedValue::accepted, this, &ParameterEditor::edited);
    connect(m_typed, &TypedValue::problemChanged, this, [this](const QString& problem) {
        m_box->setProperty("invalid", !problem.isEmpty());
        m_box->update();
        Q_EMIT problemChanged(problem);
    });
}

void NumberEditor::setField(const ParameterField& field) {
    // An empty field means the default as well, but only who is typing into it wants to see that.
    const bool blank = m_box->text().isEmpty() && !m_box->hasFocus();
    if (blank || !m_typed->means(m_box->text(), field.value)) m_box->setText(field.text);
    m_typed->reset(field.value);
    followText();
}

void NumberEditor::slide(int position) {
    const double value = *m_spec.minimum + position * stepOf(m_spec);
    m_box->setNumber(value);
    m_typed->type(m_box->text());
}

void NumberEditor::followText() {
    if (!m_slider) return;
    const QSignalBlocker blocker(m_slider);
    const std::optional<double> value = m_box->number();
    m_slider->setEnabled(value.has_value());
    if (value) {
        m_slider->setValue(
            static_cast<int>(std::lround((*value - *m_spec.minimum) / stepOf(m_spec))));
    }
}

}  // namespace quantscope
