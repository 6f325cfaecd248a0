// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/messages_panel.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QListView>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "app/gui/empty_state.h"
#include "app/gui/themed_icon.h"

namespace quantscope {

namespace {

class MessageDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        const auto severity =
            static_cast<Message::Severity>(index.data(MessageModel::SeverityRole).toInt());
        option->features |= QStyleOptionViewItem::HasDecoration | QStyleOptionViewItem::WrapText;
        option->icon = severity == Message::Severity::Note
                           ? themedIcon(QStringLiteral("info"), QPalette::Highlight)
                           : themedIcon(QStringLiteral("warning"), QPalette::BrightText);
        option->decorationSize = QSize(16, 16);
        const int count = index.data(MessageModel::CountRole).toInt();
        if (count > 1) option->text += tr(" (%1 times)").arg(count);
    }
};

}  // namespace

MessagesPanel::MessagesPanel(MessageModel* messages, QWidget* parent)
    : QWidget(parent), m_view(new QListView(this)) {
    m_view->setObjectName(QStringLiteral("messageView"));
    m_view->setAccessibleName(tr("Messages"));
    m_view->setModel(&m_log);
    m_view->setItemDelegate(new MessageDelegate(m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setWordWrap(true);
    m_view->setResizeMode(QListView::Adjust);
    auto* copy = new QAction(tr("Copy"), m_view);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    connect(copy, &QAction::triggered, this, [this] {
        QGuiApplication::clipboard()->setText(m_view->currentIndex().data().toString());
    });
    auto* clear = new QAction(tr("Clear"), m_view);
    connect(clear, &QAction::triggered, &m_log, &MessageModel::clear);
    m_view->addActions({copy, clear});
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_content = new ContentOrEmpty(m_view, this);
    m_content->emptyState().setContent(
        tr("No messages"), tr("What went wrong, why, and what to do about it stays listed here."));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_content);

    // The bar's model puts the newest message first, also when it repeats an older one.
    connect(messages, &QAbstractItemModel::rowsInserted, this,
            [this, messages](const QModelIndex&, int first, int) {
                m_log.add(messages->message(first));
            });
    for (const auto signal :
         {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved}) {
        connect(&m_log, signal, this, &MessagesPanel::follow);
    }
    connect(&m_log, &QAbstractItemModel::modelReset, this, &MessagesPanel::follow);
    follow();
}

void MessagesPanel::add(const Message& message) {
    m_log.add(message);
}

void MessagesPanel::follow() {
    m_content->showEmpty(m_log.rowCount() == 0);
}

}  // namespace quantscope
