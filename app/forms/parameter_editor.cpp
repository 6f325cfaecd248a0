// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/parameter_editor.h"

#include "app/forms/boolean_editor.h"
#include "app/forms/choice_editor.h"
#include "app/forms/list_editor.h"
#include "app/forms/method_editor.h"
#include "app/forms/number_editor.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

QString number(double value) {
    return QString::fromStdString(formatNumber(value));
}

QString rangeSentence(const ParameterSpec& spec) {
    const QString unit =
        spec.unit.empty() ? QString() : QStringLiteral(" ") + QString::fromStdString(spec.unit);
    if (spec.minimum && spec.maximum) {
        return QStringLiteral("%1 to %2%3.")
            .arg(number(*spec.minimum), number(*spec.maximum), unit);
    }
    if (spec.minimum) return QStringLiteral("At least %1%2.").arg(number(*spec.minimum), unit);
    if (spec.maximum) return QStringLiteral("At most %1%2.").arg(number(*spec.maximum), unit);
    return {};
}

QString sweepSentence(const ParameterSpec& spec) {
    switch (spec.type) {
        case ParameterType::Integer:
        case ParameterType::Real:
            return QStringLiteral("Type 2..8, 2..8..2 or 2, 4, 8 to try several values.");
        case ParameterType::Choice:
            return QStringLiteral("Choose the last entry or type a list to try several values.");
        case ParameterType::Boolean:
            return QStringLiteral("Right-click to try both values.");
        case ParameterType::IntegerList:
            return QStringLiteral(
                "Type numbers with plus signs, 8+6+4; several such lists, 8+6, 8+4, are tried one "
                "after the other.");
        case ParameterType::Method:
            return {};
    }
    return {};
}

}  // namespace

ParameterEditor* makeParameterEditor(const ParameterSpec& spec, const MethodRegistry& registry,
                                     QWidget* parent) {
    switch (spec.type) {
        case ParameterType::Integer:
        case ParameterType::Real:
            return new NumberEditor(spec, registry, parent);
        case ParameterType::Boolean:
            return new BooleanEditor(parent);
        case ParameterType::Choice:
            return new ChoiceEditor(spec, registry, parent);
        case ParameterType::Method:
            return new MethodEditor(spec, registry, parent);
        case ParameterType::IntegerList:
            return new ListEditor(spec, registry, parent);
    }
    return nullptr;
}

QString parameterToolTip(const ParameterSpec& spec) {
    QStringList parts{
        QStringLiteral("<b>%1</b>").arg(QString::fromStdString(spec.label).toHtmlEscaped())};
    for (const QString& part :
         {QString::fromStdString(spec.help), rangeSentence(spec), sweepSentence(spec)}) {
        if (!part.isEmpty()) parts << part.toHtmlEscaped();
    }
    return parts.join(QStringLiteral("<br>"));
}

}  // namespace quantscope
