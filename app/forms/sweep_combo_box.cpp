// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/sweep_combo_box.h"

#include <QLineEdit>
#include <QPainter>
#include <QSignalBlocker>
#include <QStyleOptionFrame>
#include <QWheelEvent>

#include "app/forms/field_undo.h"

namespace quantscope {

namespace {

// Shows by an ellipsis that there is more than fits, until it is edited.
class ElidingLineEdit final : public QLineEdit {
public:
    using QLineEdit::QLineEdit;

protected:
    void paintEvent(QPaintEvent* event) override {
        QStyleOptionFrame option;
        initStyleOption(&option);
        constexpr int textMargin = 2;  // What QLineEdit leaves on both sides.
        const QRect room = style()
                               ->subElementRect(QStyle::SE_LineEditContents, &option, this)
                               .marginsRemoved(textMargins())
                               .adjusted(textMargin, 0, -textMargin, 0);
        const QFontMetrics metrics = fontMetrics();
        if (hasFocus() || metrics.horizontalAdvance(text()) <= room.width()) {
            QLineEdit::paintEvent(event);
            return;
        }
        QPainter painter(this);
        style()->drawPrimitive(QStyle::PE_PanelLineEdit, &option, &painter, this);
        style()->drawItemText(&painter, room, Qt::AlignVCenter | Qt::AlignLeft, palette(),
                              isEnabled(), metrics.elidedText(text(), Qt::ElideRight, room.width()),
                              QPalette::Text);
    }
};

}  // namespace

SweepComboBox::SweepComboBox(QWidget* parent) : QComboBox(parent) {
    setEditable(true);
    setLineEdit(new ElidingLineEdit(this));
    setInsertPolicy(QComboBox::NoInsert);
    // Completing a list as if it were one entry would only be in the way.
    setCompleter(nullptr);
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(8);
    setFocusPolicy(Qt::StrongFocus);
    connect(this, &QComboBox::activated, this, [this](int index) {
        lineEdit()->setCursorPosition(0);
        Q_EMIT typed(itemData(index).toString());
    });
    connect(lineEdit(), &QLineEdit::textEdited, this,
            [this](const QString& text) { Q_EMIT typed(meaning(text)); });
}

void SweepComboBox::showText(const QString& text) {
    const QSignalBlocker blocker(this);
    const int entry = findData(text);
    setCurrentIndex(entry);
    const QString shown = entry >= 0 ? itemText(entry) : text;
    if (lineEdit()->text() != shown) lineEdit()->setText(shown);
    // Of what is too long, its beginning shows.
    if (!lineEdit()->hasFocus()) lineEdit()->setCursorPosition(0);
}

void SweepComboBox::finish(const QString& whenEmpty) {
    const QString left = currentText().trimmed().isEmpty() ? whenEmpty : standingFor();
    showText(left);
    if (lineEdit()->isUndoAvailable()) lineEdit()->setText(currentText());  // Forgets the keys.
}

QString SweepComboBox::standingFor() const {
    return meaning(currentText());
}

QString SweepComboBox::meaning(const QString& typed) const {
    const QString wanted = typed.trimmed();
    for (int i = 0; i < count(); ++i) {
        const QString text = itemData(i).toString();
        if (text.isEmpty()) continue;
        if (wanted.compare(itemText(i), Qt::CaseInsensitive) == 0 ||
            wanted.compare(text, Qt::CaseInsensitive) == 0) {
            return text;
        }
    }
    return typed;
}

bool SweepComboBox::event(QEvent* event) {
    return (lineEdit() && leavesToWindow(*event, *lineEdit())) || QComboBox::event(event);
}

void SweepComboBox::wheelEvent(QWheelEvent* event) {
    if (hasFocus()) {
        QComboBox::wheelEvent(event);
    } else {
        event->ignore();
    }
}

}  // namespace quantscope
