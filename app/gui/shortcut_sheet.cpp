// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/shortcut_sheet.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <utility>

namespace quantscope {

namespace {

using Lines = QList<std::pair<QString, QString>>;

QLayout* makeBlock(const QString& title, const Lines& lines, QWidget* parent) {
    auto* block = new QGridLayout;
    block->setHorizontalSpacing(24);
    block->setVerticalSpacing(4);
    auto* heading = new QLabel(title, parent);
    QFont strong = heading->font();
    strong.setWeight(QFont::DemiBold);
    heading->setFont(strong);
    block->addWidget(heading, 0, 0, 1, 2);
    int row = 1;
    for (const auto& [what, keys] : lines) {
        auto* key = new QLabel(keys, parent);
        key->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        key->setForegroundRole(QPalette::PlaceholderText);
        block->addWidget(new QLabel(what, parent), row, 0);
        block->addWidget(key, row, 1);
        ++row;
    }
    block->setColumnStretch(0, 1);
    return block;
}

}  // namespace

ShortcutSheet::ShortcutSheet(const QList<Group>& groups, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Keyboard shortcuts"));
    setAttribute(Qt::WA_DeleteOnClose);
    QVBoxLayout* columns[2] = {new QVBoxLayout, new QVBoxLayout};
    int used[2] = {0, 0};
    const auto place = [&](const QString& title, const Lines& lines) {
        if (lines.isEmpty()) return;
        // The shorter column takes the next block.
        const int column = used[1] < used[0] ? 1 : 0;
        columns[column]->addLayout(makeBlock(title, lines, this));
        columns[column]->addSpacing(16);
        used[column] += static_cast<int>(lines.size()) + 2;
    };
    for (const Group& group : groups) {
        Lines lines;
        for (const QAction* action : group.actions) {
            if (action->shortcut().isEmpty()) continue;
            lines.append({QString(action->text()).remove(QLatin1Char('&')),
                          action->shortcut().toString(QKeySequence::NativeText)});
        }
        place(group.title, lines);
    }
    place(tr("In a plot"), {{tr("Move between marks"), tr("Arrow keys")},
                            {tr("Select the mark"), tr("Enter")},
                            {tr("Add it to the selection"), tr("Space")},
                            {tr("Clear the selection"), tr("Esc")},
                            {tr("Zoom"), tr("+, -, or the wheel")},
                            {tr("Show everything"), tr("0, or a double click")},
                            {tr("Select several"), tr("Shift and drag")}});
    place(tr("In a form"), {{tr("One step up or down"), tr("Up, Down")},
                            {tr("Try several values"), tr("2..8 or 2, 4, 8")}});
    auto* body = new QHBoxLayout;
    body->setSpacing(48);
    for (QVBoxLayout* column : columns) {
        column->addStretch(1);
        body->addLayout(column, 1);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->addLayout(body, 1);
    layout->addWidget(buttons);
}

}  // namespace quantscope
