// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/plot_text.h"

#include <QLocale>

#include "core/base/text.h"

namespace quantscope {

namespace {

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace

QString countText(std::uint64_t count) {
    static const QLocale grouped(QLocale::English, QLocale::UnitedStates);
    return grouped.toString(static_cast<qulonglong>(count));
}

QString countText(std::uint64_t count, const QString& singular, const QString& plural) {
    return countText(count) + u' ' + (count == 1 ? singular : plural);
}

QString numberText(double value) {
    return QString::fromStdString(formatSignificant(value));
}

QString percentText(double share) {
    return numberText(100.0 * share) + QStringLiteral(" %");
}

QString axisTitle(std::string_view name, std::string_view unit) {
    QString title = fromView(name);
    // Names such as "Entropy-coded bits per weight" end with their unit.
    if (!unit.empty() && !title.endsWith(fromView(unit))) {
        title += QStringLiteral(" (%1)").arg(fromView(unit));
    }
    return title;
}

}  // namespace quantscope
