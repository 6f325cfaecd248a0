// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/fold_picture.h"

#include <QPainter>
#include <algorithm>

#include "app/gui/style_painting.h"

namespace quantscope {

namespace {

constexpr double longestSide = 140.0;
constexpr double shortestSide = 36.0;

// Sides of the matrix on the screen: in proportion, but never a mere line.
QSizeF matrixSize(double rows, double cols) {
    const double scale = longestSide / std::max(rows, cols);
    return {std::max(cols * scale, shortestSide), std::max(rows * scale, shortestSide)};
}

}  // namespace

QString axesText(const Shape& shape, const std::vector<int>& axes) {
    if (axes.empty()) return QObject::tr("no axis (1)");
    QStringList numbers;
    QStringList lengths;
    for (const int axis : axes) {
        numbers << QString::number(axis);
        lengths << QString::number(shape[static_cast<std::size_t>(axis)]);
    }
    return QObject::tr("%1 %2 (%3)")
        .arg(axes.size() == 1 ? QObject::tr("axis") : QObject::tr("axes"),
             numbers.join(QStringLiteral(", ")), lengths.join(QStringLiteral(" × ")));
}

FoldPicture::FoldPicture(QWidget* parent) : QWidget(parent) {
    setMinimumSize(sizeHint());
}

void FoldPicture::setFold(const Shape& shape, const FoldRule& fold) {
    m_shape = shape;
    m_fold = fold;
    setAccessibleDescription(
        tr("Rows are %1, columns are %2")
            .arg(axesText(shape, fold.rowAxes), axesText(shape, fold.columnAxes(shape))));
    update();
}

QSize FoldPicture::sizeHint() const {
    return {fontMetrics().averageCharWidth() * 60, 220};
}

void FoldPicture::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor text = palette().color(QPalette::WindowText);
    const QColor quiet = palette().color(QPalette::PlaceholderText);
    const auto rows = static_cast<double>(m_fold.rows(m_shape));
    const auto cols = static_cast<double>(m_fold.cols(m_shape));
    const QSizeF size = matrixSize(rows, cols);
    const int line = fontMetrics().height();
    const QRectF matrix(QPointF(16.0, line * 2.0 + 8.0), size);

    // The matrix, one row of it, and one group along that row.
    const QColor accent = palette().color(QPalette::Highlight);
    painter.setPen(QPen(palette().color(QPalette::Dark), 1.0));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRect(matrix);
    const double rowHeight = std::max(8.0, matrix.height() / 10.0);
    const QRectF row(matrix.left(), matrix.top() + rowHeight, matrix.width(), rowHeight);
    painter.setPen(Qt::NoPen);
    painter.setBrush(blend(accent, palette().color(QPalette::Base), 0.3));
    painter.drawRect(row.adjusted(0.5, 0.0, -0.5, 0.0));
    painter.setBrush(accent);
    painter.drawRect(
        QRectF(row.left() + 0.5, row.top(), std::max(8.0, row.width() / 4.0), row.height()));

    painter.setPen(text);
    painter.drawText(QRectF(matrix.left(), 0.0, width() - matrix.left(), line),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     tr("%1 columns = input channels, dimensions").arg(m_fold.cols(m_shape)));
    painter.setPen(quiet);
    painter.drawText(QRectF(matrix.left(), line, width() - matrix.left(), line),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     axesText(m_shape, m_fold.columnAxes(m_shape)));
    const double left = matrix.right() + 16.0;
    const auto note = [&](double top, const QString& words, const QColor& color) {
        painter.setPen(color);
        painter.drawText(QRectF(left, top, width() - left, line), Qt::AlignLeft | Qt::AlignVCenter,
                         words);
    };
    note(matrix.top(), tr("%1 rows = output channels, vectors").arg(m_fold.rows(m_shape)), text);
    note(matrix.top() + line, axesText(m_shape, m_fold.rowAxes), quiet);
    note(matrix.top() + line * 2.5, tr("A row scale covers one tinted row,"), quiet);
    note(matrix.top() + line * 3.5, tr("a group the dark part of it."), quiet);
    if (!m_fold.keepsFileOrder(m_shape)) {
        note(matrix.top() + line * 5.0, tr("Transposed against the file."), quiet);
    }
}

}  // namespace quantscope
