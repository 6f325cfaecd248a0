// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QUndoStack>

namespace quantscope {

class ExperimentDocument;
class PlanFeed;

/// The undo history of the experiment and of what is asked of its plan: every edit becomes a named
/// command, and steps of the same thing that follow each other closely (a slider that moves) become
/// one.
class SpecUndo : public QObject {
    Q_OBJECT

public:
    /// Both outlive the history.
    SpecUndo(ExperimentDocument* document, PlanFeed* allocation, QObject* parent = nullptr);

    QUndoStack& stack() { return m_stack; }

private:
    QUndoStack m_stack;
};

}  // namespace quantscope
