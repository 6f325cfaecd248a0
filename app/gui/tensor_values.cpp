// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/tensor_values.h"

#include <QCoreApplication>

#include "app/gui/qt_text.h"

namespace quantscope {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("TensorValues", text);
}

NamedValue number(const QString& name, double value, const QString& help = {}) {
    return {
        name, shortNumber(value),
        help + (help.isEmpty() ? QString() : QStringLiteral("\n")) + qtText(formatNumber(value))};
}

NamedValue count(const QString& name, std::uint64_t value, const QString& help = {}) {
    return {name, QString::number(value), help};
}

}  // namespace

std::vector<NamedValue> statisticValues(const TensorStatistics* statistics) {
    if (!statistics) return {};
    std::vector<NamedValue> values = {
        number(tr("Minimum"), statistics->min),
        number(tr("Maximum"), statistics->max),
        number(tr("Mean"), statistics->mean),
        number(tr("Standard deviation"), statistics->standardDeviation),
        number(tr("Kurtosis"), statistics->kurtosis,
               tr("Fourth standardised moment; 3 for a Gaussian. Large values mean heavy tails.")),
        count(tr("Zeros"), statistics->zeros),
        count(tr("Outliers"), statistics->outliers,
              tr("Elements farther than 6 standard deviations from the mean.")),
    };
    if (statistics->nan > 0) values.push_back(count(tr("NaN"), statistics->nan));
    if (statistics->inf > 0) values.push_back(count(tr("Infinite"), statistics->inf));
    return values;
}

}  // namespace quantscope
