// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/spec_undo.h"

#include <QElapsedTimer>
#include <QUndoCommand>
#include <functional>

#include "app/models/experiment_document.h"

namespace quantscope {

namespace {

// Steps farther apart than this are separate decisions.
constexpr qint64 mergeWindowMs = 1500;

class SpecCommand final : public QUndoCommand {
public:
    SpecCommand(ExperimentDocument& document, SpecEdit edit)
        : QUndoCommand(edit.name), m_document(document), m_edit(std::move(edit)) {
        m_age.start();
    }

    void undo() override {
        m_document.setSpec(m_edit.before);
        m_undone = true;
    }
    void redo() override { m_document.setSpec(m_edit.after); }

    int id() const override {
        if (m_edit.mergeKey.isEmpty()) return -1;
        return static_cast<int>(qHash(m_edit.mergeKey) & 0x7fffffff);
    }

    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = static_cast<const SpecCommand*>(other);
        if (m_undone || next->m_edit.mergeKey != m_edit.mergeKey ||
            m_age.elapsed() > mergeWindowMs) {
            return false;
        }
        m_edit.after = next->m_edit.after;
        m_age.restart();
        setObsolete(m_edit.after == m_edit.before);
        return true;
    }

private:
    ExperimentDocument& m_document;
    SpecEdit m_edit;
    QElapsedTimer m_age;
    bool m_undone = false;
};

}  // namespace

SpecUndo::SpecUndo(ExperimentDocument* document, QObject* parent) : QObject(parent) {
    connect(document, &ExperimentDocument::edited, this, [this, document](const SpecEdit& edit) {
        m_stack.push(new SpecCommand(*document, edit));
    });
    connect(document, &ExperimentDocument::wasReset, &m_stack, &QUndoStack::clear);
}

}  // namespace quantscope
