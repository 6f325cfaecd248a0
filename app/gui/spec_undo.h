// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QUndoStack>

namespace quantscope {

class ExperimentDocument;

/// The undo history of the experiment: every edit of the document becomes a named command, and
/// steps of the same thing that follow each other closely (a slider that moves) become one.
class SpecUndo : public QObject {
    Q_OBJECT

public:
    /// `document` outlives the history.
    explicit SpecUndo(ExperimentDocument* document, QObject* parent = nullptr);

    QUndoStack& stack() { return m_stack; }

private:
    QUndoStack m_stack;
};

}  // namespace quantscope
