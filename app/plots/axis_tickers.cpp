// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/axis_tickers.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quantscope {

namespace {

// How many tick labels fit beside one another.
int roomForTicks(const QCPAxis* axis) {
    const bool horizontal = axis->orientation() == Qt::Horizontal;
    const QRect viewport = axis->parentPlot()->viewport();
    const double em = QFontInfo(axis->tickLabelFont()).pixelSize();
    const double room = horizontal ? viewport.width() / (7.0 * em) : viewport.height() / (6.0 * em);
    return std::clamp(static_cast<int>(room), 2, 9);
}

constexpr std::array decadeSteps = {1, 2, 3, 5, 10, 20, 50, 100};

bool isPowerOfTen(double value) {
    const double exponent = std::log10(value);
    return std::abs(exponent - std::round(exponent)) < 1e-9;
}

}  // namespace

LinearTicker::LinearTicker(const QCPAxis* axis, Values values) : m_axis(axis), m_values(values) {}

double LinearTicker::getTickStep(const QCPRange& range) {
    setTickCount(roomForTicks(m_axis));
    const double scale = m_values == Values::Percent ? 100.0 : 1.0;
    double step = QCPAxisTicker::getTickStep({range.lower * scale, range.upper * scale});
    if (m_values == Values::Whole) step = std::max(1.0, std::round(step));
    // A step of 2.5 needs one decimal more than its magnitude says.
    const double magnitude = std::floor(std::log10(step) + 1e-9);
    const double digits = step / std::pow(10.0, magnitude);
    const bool half = std::abs(digits - std::round(digits)) > 1e-6;
    m_decimals = std::max(0, static_cast<int>(-magnitude) + (half ? 1 : 0));
    return step / scale;
}

QString LinearTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    const double value = m_values == Values::Percent ? 100.0 * tick : tick;
    const double step = std::pow(10.0, -m_decimals);
    if (std::abs(value) < 0.01 * step) return QStringLiteral("0");
    if (std::abs(value) >= 1e6 || m_decimals > 5) {
        return QLocale::c().toString(value, 'g', 4);
    }
    return QLocale::c().toString(value, 'f', m_decimals);
}

LogTicker::LogTicker(const QCPAxis* axis, Values values)
    : LinearTicker(axis, values), m_axis(axis), m_values(values) {}

int LogTicker::getSubTickCount(double tickStep) {
    return m_steps == Steps::Linear ? LinearTicker::getSubTickCount(tickStep) : 8;
}

QVector<double> LogTicker::createTickVector(double tickStep, const QCPRange& range) {
    const double decades = std::log10(range.upper / range.lower);
    const int room = roomForTicks(m_axis);
    QVector<double> ticks;
    if (decades < 1.0) {
        m_steps = Steps::Linear;
        return LinearTicker::createTickVector(tickStep, range);
    }
    m_steps = decades < 2.5 && 3.0 * decades <= room + 2 ? Steps::OneTwoFive : Steps::Decades;
    const auto fits = [&](int step) { return decades <= step * room; };
    const auto step = std::ranges::find_if(decadeSteps, fits);
    m_decadeStep = step == decadeSteps.end() ? decadeSteps.back() : *step;
    const int first = static_cast<int>(std::floor(std::log10(range.lower)));
    const int last = static_cast<int>(std::ceil(std::log10(range.upper)));
    for (int exponent = first; exponent <= last; ++exponent) {
        if (exponent % m_decadeStep != 0) continue;
        const double decade = std::pow(10.0, exponent);
        ticks.append(decade);
        if (m_steps == Steps::OneTwoFive) {
            ticks.append(2.0 * decade);
            ticks.append(5.0 * decade);
        }
    }
    return ticks;
}

QVector<double> LogTicker::createSubTickVector(int subTickCount, const QVector<double>& ticks) {
    if (m_steps == Steps::Linear) return QCPAxisTicker::createSubTickVector(subTickCount, ticks);
    QVector<double> subTicks;
    if (m_decadeStep > 1) return subTicks;
    const int first = static_cast<int>(std::floor(std::log10(ticks.first()) + 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(ticks.last()) + 1e-9));
    for (int exponent = first; exponent <= last; ++exponent) {
        for (int digit = 2; digit <= 9; ++digit) {
            if (m_steps == Steps::OneTwoFive && (digit == 2 || digit == 5)) continue;
            subTicks.append(digit * std::pow(10.0, exponent));
        }
    }
    return subTicks;
}

QString LogTicker::getTickLabel(double tick, const QLocale& locale, QChar formatChar,
                                int precision) {
    const double value = m_values == Values::Percent ? 100.0 * tick : tick;
    if (m_steps == Steps::Linear) {
        return LinearTicker::getTickLabel(tick, locale, formatChar, precision);
    }
    const int exponent = static_cast<int>(std::floor(std::log10(value) + 1e-9));
    // Plain numbers read faster; powers where they would be long.
    if (exponent >= -3 && exponent <= 3) {
        return QLocale::c().toString(value, 'f', std::max(0, -exponent));
    }
    const int digit =
        isPowerOfTen(value) ? 1 : static_cast<int>(std::lround(value / std::pow(10.0, exponent)));
    return QStringLiteral("%1e%2").arg(digit).arg(exponent);
}

BarTicker::BarTicker(const QCPAxis* axis, QStringList names)
    : m_axis(axis), m_names(std::move(names)) {}

int BarTicker::getSubTickCount(double /*tickStep*/) {
    return 0;
}

QVector<double> BarTicker::createTickVector(double /*tickStep*/, const QCPRange& range) {
    const double pixels = m_axis->axisRect()->height() / range.size();
    const double lineHeight = QFontMetricsF(m_axis->tickLabelFont()).height();
    const int step = std::max(1, static_cast<int>(std::ceil(lineHeight / pixels)));
    QVector<double> ticks;
    for (int i = 0; i < m_names.size(); i += step)
        ticks.append(i);
    return ticks;
}

QString BarTicker::getTickLabel(double tick, const QLocale& /*locale*/, QChar /*formatChar*/,
                                int /*precision*/) {
    return m_names.value(static_cast<int>(std::lround(tick)));
}

void nameBars(QCPAxis* axis, const QStringList& names, double room) {
    const QFontMetricsF metrics(axis->tickLabelFont());
    QStringList shown;
    for (const QString& name : names)
        shown.append(metrics.elidedText(name, Qt::ElideMiddle, room));
    axis->setTicker(QSharedPointer<BarTicker>::create(axis, shown));
}

}  // namespace quantscope
