// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

namespace quantscope {

/// Ticks at nice numbers, as many as the axis has room for; labels of one axis all have the same
/// number of decimals, in the C locale.
class LinearTicker : public QCPAxisTicker {
public:
    enum class Values {
        Real,
        Whole,    ///< No ticks between whole numbers.
        Percent,  ///< The axis holds shares; labels are percentages without the sign.
    };
    LinearTicker(const QCPAxis* axis, Values values);

protected:
    double getTickStep(const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar formatChar,
                         int precision) override;

private:
    const QCPAxis* m_axis;
    Values m_values;
    int m_decimals = 0;
};

/// Ticks of a logarithmic axis: decades where many are seen, 1-2-5 steps where few are, and nice
/// numbers within less than a decade.
class LogTicker : public LinearTicker {
public:
    explicit LogTicker(const QCPAxis* axis, Values values = Values::Real);

protected:
    int getSubTickCount(double tickStep) override;
    QVector<double> createTickVector(double tickStep, const QCPRange& range) override;
    QVector<double> createSubTickVector(int subTickCount, const QVector<double>& ticks) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar formatChar,
                         int precision) override;

private:
    enum class Steps { Decades, OneTwoFive, Linear };

    const QCPAxis* m_axis;
    Values m_values;
    Steps m_steps = Steps::Decades;
    int m_decadeStep = 1;
};

/// Names bars, numbered from 0, where they are; leaves out names where bars are thinner than text.
class BarTicker : public QCPAxisTicker {
public:
    BarTicker(const QCPAxis* axis, QStringList names);

protected:
    int getSubTickCount(double tickStep) override;
    QVector<double> createTickVector(double tickStep, const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar formatChar,
                         int precision) override;

private:
    const QCPAxis* m_axis;
    QStringList m_names;
};

/// Names the bars of a vertical axis with a BarTicker; names wider than `room` pixels lose their
/// middle, which says least.
void nameBars(QCPAxis* axis, const QStringList& names, double room);

}  // namespace quantscope
