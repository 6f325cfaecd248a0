// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/tensor/fold_rule.h"

namespace quantscope {

/// Draws what a folding makes of a tensor: a matrix in proportion, with the axes that make its rows
/// and its columns, and what a row and a group along the columns are.
class FoldPicture : public QWidget {
    Q_OBJECT

public:
    explicit FoldPicture(QWidget* parent = nullptr);

    void setFold(const Shape& shape, const FoldRule& fold);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Shape m_shape;
    FoldRule m_fold;
};

/// "axis 0 (64)", "axes 0, 1 (8 x 8)": the axes with their lengths.
QString axesText(const Shape& shape, const std::vector<int>& axes);

}  // namespace quantscope
