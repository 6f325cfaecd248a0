// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractSpinBox>
#include <optional>

#include "core/quant/parameter.h"

namespace quantscope {

/// A spin box for a number that also takes the text of a sweep ("2..8", "2, 4, 8"). Numbers are
/// written and read in the C locale, as in every file and command line of the program. Whether a
/// text is allowed is for the owner to say.
class SweepSpinBox : public QAbstractSpinBox {
    Q_OBJECT

public:
    SweepSpinBox(const ParameterSpec& spec, QWidget* parent);

    void setText(const QString& text);
    /// The text as one number; nothing while it is a sweep or no number.
    std::optional<double> number() const;

    void stepBy(int steps) override;
    QValidator::State validate(QString& input, int& position) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// By keys or by steps, not by setText().
    void typed(const QString& text);

protected:
    StepEnabled stepEnabled() const override;
    void wheelEvent(QWheelEvent* event) override;

private:
    std::optional<double> m_minimum;
    std::optional<double> m_maximum;
    double m_step;
};

}  // namespace quantscope
