// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/empty_state.h"

#include <QAction>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace quantscope {

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent),
      m_headline(new QLabel(this)),
      m_text(new QLabel(this)),
      m_button(new QPushButton(this)) {
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_headline->setFont(strong);
    for (QLabel* label : {m_headline, m_text}) {
        label->setWordWrap(true);
        label->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
        label->setTextFormat(Qt::PlainText);
    }
    m_text->setForegroundRole(QPalette::PlaceholderText);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(8);
    layout->addStretch(1);
    layout->addWidget(m_headline);
    layout->addWidget(m_text);
    layout->addWidget(m_button, 0, Qt::AlignHCenter);
    layout->addStretch(1);
    m_button->hide();
}

void EmptyState::setContent(const QString& headline, const QString& text, QAction* action) {
    m_headline->setText(headline);
    m_headline->setVisible(!headline.isEmpty());
    m_text->setText(text);
    m_button->setVisible(action != nullptr);
    if (action == m_action) return;
    disconnect(m_connection);
    m_action = action;
    if (!action) return;
    m_button->setText(action->text());
    m_button->setIcon(action->icon());
    m_connection = connect(m_button, &QPushButton::clicked, action, &QAction::trigger);
}

ContentOrEmpty::ContentOrEmpty(QWidget* content, QWidget* parent)
    : QStackedWidget(parent), m_empty(new EmptyState(this)) {
    addWidget(content);
    addWidget(m_empty);
}

void ContentOrEmpty::showEmpty(bool empty) {
    setCurrentIndex(empty ? 1 : 0);
}

}  // namespace quantscope
