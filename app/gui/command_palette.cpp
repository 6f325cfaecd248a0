// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/command_palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/style_painting.h"
#include "app/gui/themed_icon.h"

namespace quantscope {

namespace {

constexpr std::size_t mostShown = 100;
constexpr int hintRole = Qt::UserRole;
constexpr int groupRole = Qt::UserRole + 1;

// Title at the left, group and shortcut in quiet text at the right.
class CommandDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        const QString hint = index.data(hintRole).toString();
        const QString group = index.data(groupRole).toString();
        const QString tail = hint.isEmpty() ? group : group + QStringLiteral("   ") + hint;
        const int tailWidth = item.fontMetrics.horizontalAdvance(tail) + 16;
        item.text = item.fontMetrics.elidedText(item.text, Qt::ElideMiddle,
                                                item.rect.width() - tailWidth - 40);
        const QWidget* widget = item.widget;
        widget->style()->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);
        painter->save();
        painter->setPen(item.palette.color(QPalette::PlaceholderText));
        painter->drawText(item.rect.adjusted(0, 0, -8, 0), Qt::AlignRight | Qt::AlignVCenter, tail);
        painter->restore();
    }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QSize size = QStyledItemDelegate::sizeHint(option, index);
        size.setHeight(option.fontMetrics.height() + 12);
        return size;
    }
};

// Score of one typed word; -1 when its letters do not occur in order.
int wordScore(const QString& title, const QString& word) {
    const auto at = title.indexOf(word);
    if (at >= 0) {
        const bool startsWord = at == 0 || !title.at(at - 1).isLetterOrNumber();
        return (startsWord ? 200 : 100) - static_cast<int>(std::min<qsizetype>(at, 50));
    }
    qsizetype from = 0;
    for (const QChar letter : word) {
        from = title.indexOf(letter, from);
        if (from < 0) return -1;
        ++from;
    }
    return 10;
}

}  // namespace

int commandScore(const QString& title, const QString& typed) {
    const QString lower = title.toLower();
    int total = 0;
    for (const QString& word : typed.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const int score = wordScore(lower, word);
        if (score < 0) return -1;
        total += score;
    }
    return total;
}

CommandPalette::CommandPalette(std::function<std::vector<Command>()> commands, QWidget* window)
    : QFrame(window),
      m_source(std::move(commands)),
      m_field(new QLineEdit(this)),
      m_list(new QListView(this)),
      m_nothing(new QLabel(tr("Nothing has this name."), this)),
      m_model(new QStandardItemModel(this)) {
    setObjectName(QStringLiteral("commandPalette"));
    setAccessibleName(tr("Find an action, tensor or method"));
    m_field->setPlaceholderText(tr("Find an action, tensor or method"));
    m_field->setAccessibleName(accessibleName());
    m_field->addAction(themedIcon(QStringLiteral("search"), QPalette::PlaceholderText),
                       QLineEdit::LeadingPosition);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new CommandDelegate(m_list));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setAccessibleName(tr("Matches"));
    m_nothing->setForegroundRole(QPalette::PlaceholderText);
    m_nothing->setContentsMargins(8, 8, 8, 8);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->setSpacing(8);
    layout->addWidget(m_field);
    layout->addWidget(m_nothing);
    layout->addWidget(m_list);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::fill);
    connect(m_list, &QListView::clicked, this,
            [this](const QModelIndex& index) { run(index.row()); });
    m_field->installEventFilter(this);
    window->installEventFilter(this);
    hide();
}

void CommandPalette::open() {
    m_commands = m_source();
    m_previousFocus = QApplication::focusWidget();
    m_field->clear();
    fill({});
    show();
    raise();
    m_field->setFocus(Qt::ShortcutFocusReason);
}

void CommandPalette::fill(const QString& typed) {
    std::vector<std::pair<int, std::size_t>> ranked;
    for (std::size_t i = 0; i < m_commands.size(); ++i) {
        const Command& command = m_commands[i];
        const int byTitle = commandScore(command.title, typed);
        const int byGroup = commandScore(command.group + QLatin1Char(' ') + command.title, typed);
        // Halving must not make a match of what is none.
        const int score = byTitle >= 0 ? byTitle : (byGroup >= 0 ? byGroup / 2 : -1);
        if (score >= 0) ranked.emplace_back(-score, i);
    }
    std::ranges::stable_sort(ranked, {}, &std::pair<int, std::size_t>::first);
    m_shown.clear();
    m_model->clear();
    for (const auto& [score, i] : ranked) {
        if (m_shown.size() == mostShown) break;
        auto* item = new QStandardItem(m_commands[i].icon, m_commands[i].title);
        item->setData(m_commands[i].hint, hintRole);
        item->setData(m_commands[i].group, groupRole);
        item->setToolTip(m_commands[i].title);
        m_model->appendRow(item);
        m_shown.push_back(i);
    }
    if (!m_shown.empty()) m_list->setCurrentIndex(m_model->index(0, 0));
    m_list->setVisible(!m_shown.empty());
    m_nothing->setVisible(m_shown.empty());
    place();
}

void CommandPalette::place() {
    const QWidget* window = parentWidget();
    const int rowHeight = m_list->fontMetrics().height() + 12;
    const int rows = std::clamp(static_cast<int>(m_shown.size()), 1, 12);
    const int width = std::min(window->width() - 32, rowHeight * 22);
    const int height =
        std::min(window->height() - 64, m_field->sizeHint().height() + rows * rowHeight + 28);
    setGeometry((window->width() - width) / 2, 48, width, height);
}

void CommandPalette::run(int row) {
    if (row < 0 || row >= static_cast<int>(m_shown.size())) return;
    const auto command = m_commands[m_shown[static_cast<std::size_t>(row)]].run;
    leave();
    command();
}

void CommandPalette::leave() {
    hide();
    if (m_previousFocus) m_previousFocus->setFocus(Qt::OtherFocusReason);
}

void CommandPalette::moveCurrent(int steps) {
    const int count = m_model->rowCount();
    if (count == 0) return;
    const int row = std::clamp(m_list->currentIndex().row() + steps, 0, count - 1);
    m_list->setCurrentIndex(m_model->index(row, 0));
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == parent() && event->type() == QEvent::Resize && isVisible()) place();
    if (watched != m_field) return QFrame::eventFilter(watched, event);
    if (event->type() == QEvent::FocusOut && isVisible()) {
        if (!isAncestorOf(QApplication::focusWidget())) hide();
    } else if (event->type() == QEvent::ShortcutOverride) {
        // Escape closes the palette before it can cancel a run.
        if (static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) event->accept();
    } else if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        switch (key->key()) {
            case Qt::Key_Escape:
                leave();
                return true;
            case Qt::Key_Up:
            case Qt::Key_Down:
                moveCurrent(key->key() == Qt::Key_Up ? -1 : 1);
                return true;
            case Qt::Key_PageUp:
            case Qt::Key_PageDown:
                moveCurrent(key->key() == Qt::Key_PageUp ? -10 : 10);
                return true;
            case Qt::Key_Return:
            case Qt::Key_Enter:
                run(m_list->currentIndex().row());
                return true;
            default:
                break;
        }
    }
    return QFrame::eventFilter(watched, event);
}

void CommandPalette::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    drawPanel(painter, rect(), palette().color(QPalette::Base), palette().color(QPalette::Dark));
}

}  // namespace quantscope
