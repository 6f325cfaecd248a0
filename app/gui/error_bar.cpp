// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/error_bar.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

#include "app/gui/style_painting.h"
#include "app/gui/themed_icon.h"
#include "app/models/message_model.h"

namespace quantscope {

namespace {

QPalette::ColorRole severityRole(Message::Severity severity) {
    return severity == Message::Severity::Note ? QPalette::Highlight : QPalette::BrightText;
}

QString severityIcon(Message::Severity severity) {
    switch (severity) {
        case Message::Severity::Note:
            return QStringLiteral("info");
        case Message::Severity::Warning:
            return QStringLiteral("warning");
        case Message::Severity::Error:
            return QStringLiteral("error");
    }
    return {};
}

QLabel* wrappedLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

}  // namespace

ErrorBar::ErrorBar(MessageModel* messages, QWidget* parent)
    : QFrame(parent),
      m_messages(messages),
      m_icon(new QLabel(this)),
      m_what(wrappedLabel(this)),
      m_details(wrappedLabel(this)),
      m_more(new QLabel(this)),
      m_action(new QPushButton(this)),
      m_dismiss(new QToolButton(this)) {
    setObjectName(QStringLiteral("errorBar"));
    setAccessibleName(tr("Message"));
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_what->setFont(strong);
    m_what->setObjectName(QStringLiteral("errorBarWhat"));
    m_details->setObjectName(QStringLiteral("errorBarDetails"));
    m_action->setObjectName(QStringLiteral("errorBarAction"));
    m_dismiss->setObjectName(QStringLiteral("errorBarDismiss"));
    m_more->setForegroundRole(QPalette::PlaceholderText);
    m_dismiss->setIcon(themedIcon(QStringLiteral("close")));
    m_dismiss->setAutoRaise(true);
    m_dismiss->setToolTip(tr("Dismiss this message"));
    m_dismiss->setAccessibleName(m_dismiss->toolTip());

    auto* texts = new QVBoxLayout;
    texts->setSpacing(0);
    texts->addWidget(m_what);
    texts->addWidget(m_details);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 8, 8, 8);
    layout->setSpacing(8);
    layout->addWidget(m_icon, 0, Qt::AlignTop);
    layout->addLayout(texts, 1);
    layout->addWidget(m_more, 0, Qt::AlignVCenter);
    layout->addWidget(m_action, 0, Qt::AlignVCenter);
    layout->addWidget(m_dismiss, 0, Qt::AlignVCenter);

    connect(m_action, &QPushButton::clicked, this, [this] { m_messages->triggerAction(0); });
    connect(m_dismiss, &QToolButton::clicked, this, [this] { m_messages->dismiss(0); });
    for (const auto signal :
         {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved}) {
        connect(messages, signal, this, &ErrorBar::follow);
    }
    connect(messages, &QAbstractItemModel::rowsMoved, this, &ErrorBar::follow);
    connect(messages, &QAbstractItemModel::modelReset, this, &ErrorBar::follow);
    connect(messages, &QAbstractItemModel::dataChanged, this, &ErrorBar::follow);
    follow();
}

void ErrorBar::follow() {
    const int count = m_messages->rowCount();
    setVisible(count > 0);
    if (count == 0) return;
    const Message& message = m_messages->message(0);
    const int side = m_what->fontMetrics().height();
    m_icon->setPixmap(themedIcon(severityIcon(message.severity), severityRole(message.severity))
                          .pixmap(QSize(side, side), devicePixelRatioF()));
    m_what->setText(message.what);
    QStringList details;
    for (const QString& part : {message.why, message.remedy}) {
        if (!part.isEmpty()) details << part;
    }
    m_details->setText(details.join(QLatin1Char(' ')));
    m_details->setVisible(!details.isEmpty());
    m_more->setText(count > 1 ? tr("1 of %1").arg(count) : QString());
    m_action->setText(message.actionLabel);
    m_action->setVisible(!message.actionLabel.isEmpty());
    setAccessibleDescription(message.text());
    update();
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
}

void ErrorBar::paintEvent(QPaintEvent*) {
    if (m_messages->rowCount() == 0) return;
    const QColor mark = palette().color(severityRole(m_messages->message(0).severity));
    QPainter painter(this);
    painter.fillRect(rect(), blend(mark, palette().color(QPalette::Base), 0.08));
    painter.fillRect(QRect(0, 0, 4, height()), mark);
    painter.fillRect(QRect(0, height() - 1, width(), 1), palette().color(QPalette::Mid));
}

void ErrorBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && m_messages->rowCount() > 0) {
        m_messages->dismiss(0);
        return;
    }
    QFrame::keyPressEvent(event);
}

}  // namespace quantscope
