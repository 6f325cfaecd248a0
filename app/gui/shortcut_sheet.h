// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QList>

class QAction;

namespace quantscope {

/// Every key of the window: those of the actions, by menu, and those of plots and lists.
class ShortcutSheet : public QDialog {
    Q_OBJECT

public:
    struct Group {
        QString title;
        QList<QAction*> actions;
    };

    ShortcutSheet(const QList<Group>& groups, QWidget* parent);
};

}  // namespace quantscope
