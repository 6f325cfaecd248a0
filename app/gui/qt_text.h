// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <string_view>

#include "core/base/text.h"
#include "core/metrics/metric_info.h"

namespace quantscope {

/// UTF-8 text of the core for widgets.
inline QString qtText(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// The same text with invisible places to break a line after dots, slashes, commas and colons, for
/// labels that wrap: long names have no spaces. Not for labels whose text can be selected, because
/// it would be copied with them.
inline QString breakable(QString text) {
    for (const char separator : {'.', '/', ',', ':'}) {
        text.replace(QLatin1Char(separator), QLatin1Char(separator) + QString(QChar(0x200B)));
    }
    return text;
}

/// A number as every table of the window shows it: three significant digits in the C locale.
inline QString shortNumber(double value) {
    return qtText(formatSignificant(value));
}

/// "SQNR (dB)"; the name alone for metrics without a unit, or with one that ends their name.
inline QString titleWithUnit(std::string_view name, std::string_view unit) {
    if (name.ends_with(unit)) return qtText(name);
    return QStringLiteral("%1 (%2)").arg(qtText(name), qtText(unit));
}

/// What a metric means, for tooltips.
inline QString metricHelp(const MetricInfo& metric) {
    return qtText(metric.formula) + QLatin1Char('\n') + qtText(metric.remark);
}

}  // namespace quantscope
