// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/field_undo.h"

#include <QKeyEvent>
#include <QLineEdit>

namespace quantscope {

bool leavesToWindow(QEvent& event, const QLineEdit& field) {
    if (event.type() != QEvent::ShortcutOverride) return false;
    const auto& key = static_cast<const QKeyEvent&>(event);
    const bool leaves = (key.matches(QKeySequence::Undo) && !field.isUndoAvailable()) ||
                        (key.matches(QKeySequence::Redo) && !field.isRedoAvailable());
    if (leaves) event.ignore();
    return leaves;
}

}  // namespace quantscope
