// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;
class QToolButton;

namespace quantscope {

class MessageModel;

/// The bar above the centre: the newest message (what, why, what to do, one button) until it is
/// dismissed; then the one before it. Hidden while there is none. Never modal.
class ErrorBar : public QFrame {
    Q_OBJECT

public:
    /// `messages` outlives the bar.
    explicit ErrorBar(MessageModel* messages, QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void follow();

    MessageModel* m_messages;
    QLabel* m_icon;
    QLabel* m_what;
    QLabel* m_details;
    QLabel* m_more;
    QPushButton* m_action;
    QToolButton* m_dismiss;
};

}  // namespace quantscope
