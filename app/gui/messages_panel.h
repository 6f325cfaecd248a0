// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/models/message_model.h"

class QListView;

namespace quantscope {

class ContentOrEmpty;

/// Everything that the bar above the centre has said, dismissed or not, newest first.
class MessagesPanel : public QWidget {
    Q_OBJECT

public:
    /// `messages` (what the bar shows) outlives the panel.
    explicit MessagesPanel(MessageModel* messages, QWidget* parent = nullptr);

    /// Keeps a remark that is not worth a place in the bar.
    void add(const Message& message);

private:
    void follow();

    MessageModel m_log;
    QListView* m_view;
    ContentOrEmpty* m_content;
};

}  // namespace quantscope
