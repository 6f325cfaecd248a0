// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/quant/rate.h"

namespace quantscope {

/// The rate ledger of a trial as one bar: what each part takes of the bits per weight, and the
/// figures in a table below it.
class LedgerBar : public QWidget {
    Q_OBJECT

public:
    explicit LedgerBar(QWidget* parent = nullptr);

    void setLedger(const RateLedger& ledger, Index weights);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Part {
        RatePart part;
        double bitsPerWeight;
    };
    int lineHeight() const;

    std::vector<Part> m_parts;
    double m_total = 0.0;
};

}  // namespace quantscope
