// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <memory>

#include "app/models/parameter_field.h"

namespace quantscope {

/// Edits the value of one parameter, or a sweep over several values of it. Knows nothing of any
/// method but what the parameter's schema says.
class ParameterEditor : public QWidget {
    Q_OBJECT

public:
    using QWidget::QWidget;

    /// Shows a value without announcing it. A text that the user is typing and that means this
    /// value already stays as it is.
    virtual void setField(const ParameterField& field) = 0;

    /// What belongs below the row, over the whole width of the form; null for nothing.
    virtual QWidget* extension() { return nullptr; }

Q_SIGNALS:
    /// The user chose a value, in the JSON form that SweptMethod holds.
    void edited(const quantscope::Json& value);
    /// Why the text that stands in the editor is not allowed; empty when it is.
    void problemChanged(const QString& problem);
};

/// The editor for a parameter of this schema. `registry` outlives it.
ParameterEditor* makeParameterEditor(const ParameterSpec& spec, const MethodRegistry& registry,
                                     QWidget* parent);

/// What a parameter means and which texts it takes, as rich text for a tooltip.
QString parameterToolTip(const ParameterSpec& spec);

}  // namespace quantscope
