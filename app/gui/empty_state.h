// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedWidget>

class QAction;
class QLabel;
class QPushButton;

namespace quantscope {

/// What a panel shows while it has nothing: what will be here, and the one click that fills it.
class EmptyState : public QWidget {
    Q_OBJECT

public:
    explicit EmptyState(QWidget* parent = nullptr);

    /// `action` may be null for no button.
    void setContent(const QString& headline, const QString& text, QAction* action = nullptr);

private:
    QLabel* m_headline;
    QLabel* m_text;
    QPushButton* m_button;
    QAction* m_action = nullptr;
    QMetaObject::Connection m_connection;
};

/// Either a panel's content or its empty state.
class ContentOrEmpty : public QStackedWidget {
    Q_OBJECT

public:
    ContentOrEmpty(QWidget* content, QWidget* parent = nullptr);

    EmptyState& emptyState() { return *m_empty; }
    void showEmpty(bool empty);

private:
    EmptyState* m_empty;
};

}  // namespace quantscope
