// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/tensor_delegate.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>

#include "app/gui/style_painting.h"
#include "app/models/tensor_tree_model.h"

namespace quantscope {

namespace {

constexpr int sparklineWidth = 40;
constexpr int sparklineMargin = 8;

void drawSparkline(QPainter& painter, const QRect& area, const QList<double>& shares,
                   const QColor& color) {
    const double tallest = *std::ranges::max_element(shares);
    if (!(tallest > 0.0)) return;
    const double width = static_cast<double>(area.width()) / static_cast<double>(shares.size());
    painter.save();
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    for (qsizetype i = 0; i < shares.size(); ++i) {
        const double height = area.height() * shares[i] / tallest;
        painter.drawRect(QRectF(area.left() + static_cast<double>(i) * width,
                                area.bottom() + 1 - height, width, height));
    }
    painter.restore();
}

}  // namespace

void TensorDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    if (!index.data(TensorTreeModel::QuantizableRole).toBool()) {
        option->palette.setColor(QPalette::Text,
                                 option->palette.color(QPalette::Disabled, QPalette::Text));
    } else if (index.column() != TensorTreeModel::Name) {
        option->palette.setColor(QPalette::Text, option->palette.color(QPalette::PlaceholderText));
    }
}

void TensorDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                           const QModelIndex& index) const {
    const bool leaf = !index.data(TensorTreeModel::TensorNameRole).toString().isEmpty();
    if (index.column() != TensorTreeModel::Name || !leaf) {
        QStyledItemDelegate::paint(painter, option, index);
        return;
    }
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QWidget* widget = option.widget;
    const QStyle* style = widget ? widget->style() : QApplication::style();
    // The row's tint spans the whole cell, the text only what the picture leaves.
    style->drawPrimitive(QStyle::PE_PanelItemViewRow, &item, painter, widget);
    if (item.state & QStyle::State_Selected) {
        painter->fillRect(item.rect, selectionTint(item.palette));
    }
    item.textElideMode = Qt::ElideRight;
    item.rect.setRight(item.rect.right() - sparklineWidth - sparklineMargin);
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);

    const auto shares = index.data(TensorTreeModel::HistogramRole).value<QList<double>>();
    if (shares.isEmpty()) return;
    const QRect area(option.rect.right() - sparklineWidth - sparklineMargin / 2,
                     option.rect.top() + 4, sparklineWidth, option.rect.height() - 8);
    drawSparkline(*painter, area, shares,
                  blend(item.palette.color(QPalette::Active, QPalette::WindowText),
                        item.palette.color(QPalette::Base), 0.45));
}

QSize TensorDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.setHeight(std::max(size.height(), option.fontMetrics.height() + 8));
    if (index.column() == TensorTreeModel::Name) {
        size.setWidth(size.width() + sparklineWidth + sparklineMargin);
    }
    return size;
}

}  // namespace quantscope
