// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/spec_undo.h"

#include <QElapsedTimer>
#include <QUndoCommand>
#include <functional>

#include "app/jobs/plan_feed.h"
#include "app/models/experiment_document.h"

namespace quantscope {

namespace {

// Steps farther apart than this are separate decisions.
constexpr qint64 mergeWindowMs = 1500;

// An edit (name, merge key, value before and after) of what `set` sets.
template <typename Edit>
class EditCommand final : public QUndoCommand {
public:
    using Value = decltype(Edit::after);

    EditCommand(Edit edit, std::function<void(const Value&)> set)
        : QUndoCommand(edit.name), m_set(std::move(set)), m_edit(std::move(edit)) {
        m_age.start();
    }

    void undo() override {
        m_set(m_edit.before);
        m_undone = true;
    }
    void redo() override { m_set(m_edit.after); }

    int id() const override {
        if (m_edit.mergeKey.isEmpty()) return -1;
        return static_cast<int>(qHash(m_edit.mergeKey) & 0x7fffffff);
    }

    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = dynamic_cast<const EditCommand*>(other);
        if (next == nullptr || m_undone || next->m_edit.mergeKey != m_edit.mergeKey ||
            m_age.elapsed() > mergeWindowMs) {
            return false;
        }
        m_edit.after = next->m_edit.after;
        m_age.restart();
        setObsolete(m_edit.after == m_edit.before);
        return true;
    }

private:
    std::function<void(const Value&)> m_set;
    Edit m_edit;
    QElapsedTimer m_age;
    bool m_undone = false;
};

}  // namespace

SpecUndo::SpecUndo(ExperimentDocument* document, PlanFeed* allocation, QObject* parent)
    : QObject(parent) {
    connect(document, &ExperimentDocument::edited, this, [this, document](const SpecEdit& edit) {
        m_stack.push(new EditCommand<SpecEdit>(
            edit, [document](const ExperimentSpec& spec) { document->setSpec(spec); }));
    });
    connect(allocation, &PlanFeed::edited, this, [this, allocation](const PlanEdit& edit) {
        m_stack.push(new EditCommand<PlanEdit>(
            edit, [allocation](const PlanWish& wish) { allocation->setWish(wish); }));
    });
    connect(document, &ExperimentDocument::wasReset, &m_stack, &QUndoStack::clear);
}

}  // namespace quantscope
