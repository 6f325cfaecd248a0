// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractSpinBox>
#include <optional>

#include "core/quant/parameter.h"

namespace quantscope {

/// A spin box for a number that also takes the text of a sweep ("2..8", "2, 4, 8"). Numbers are
/// written and read in the C locale, as in every file and command line of the program. Whether a
/// text is allowed is for the owner to say. An empty text stands for the default, which shows in
/// its place.
class SweepSpinBox : public QAbstractSpinBox {
    Q_OBJECT

public:
    SweepSpinBox(const ParameterSpec& spec, QWidget* parent);

    void setText(const QString& text);
    /// Shows a number without the rounding noise of sums.
    void setNumber(double value);
    /// The user is done with the text: one left empty becomes the default, and from now on undoing
    /// means the spec and no longer the keys.
    void finish();
    /// The text as one number, the default when there is none; nothing while it is a sweep or no
    /// number.
    std::optional<double> number() const;

    void stepBy(int steps) override;
    QValidator::State validate(QString& input, int& position) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// By keys or by steps, not by setText().
    void typed(const QString& text);

protected:
    bool event(QEvent* event) override;
    StepEnabled stepEnabled() const override;
    void wheelEvent(QWheelEvent* event) override;

private:
    std::optional<double> m_minimum;
    std::optional<double> m_maximum;
    double m_step;
};

}  // namespace quantscope
