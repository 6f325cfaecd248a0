// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include "core/run/experiment_spec.h"

namespace quantscope {

/// A change of the spec as a value: what an undo command needs and nothing more.
struct SpecEdit {
    QString name;      ///< For "Undo ...": "change bits of scalar".
    QString mergeKey;  ///< Edits with the same key that is not empty may become one (slider steps).
    ExperimentSpec before;
    ExperimentSpec after;
};

/// The experiment that is being edited: the one place where its spec lives in the window.
///
/// Whoever changes it on behalf of the user calls edit(); the document takes the new spec at once
/// and emits edited() with both values, from which the window makes an undo command whose undo and
/// redo call setSpec(before) and setSpec(after). setSpec() with an equal spec does nothing, so the
/// first redo of a pushed command needs no special case.
class ExperimentDocument : public QObject {
    Q_OBJECT
public:
    explicit ExperimentDocument(QObject* parent = nullptr);

    const ExperimentSpec& spec() const { return m_spec; }
    /// Replaces the spec without offering an undo step: for undo itself and for opening.
    void setSpec(const ExperimentSpec& spec);
    /// Replaces the spec on behalf of the user. Nothing happens when it is equal.
    void edit(const QString& name, const ExperimentSpec& after, const QString& mergeKey = {});

    /// Takes a spec that was loaded (or a fresh one) as the new, unmodified state; the window
    /// clears its undo stack on reset().
    void reset(const ExperimentSpec& spec);
    /// Whether the spec differs from what was last saved or opened.
    bool isModified() const;
    /// The present state is on disk now.
    void markSaved();

Q_SIGNALS:
    void edited(const quantscope::SpecEdit& edit);
    void specChanged();      ///< Anything changed; comes after the finer signals.
    void dataChanged();      ///< spec().data, spec().hessians or spec().codebooks.
    void dataFileChanged();  ///< spec().data.file or followExternalLinks: open it anew.
    void methodsChanged();
    void modifiedChanged(bool modified);
    void wasReset();

private:
    void announceModified();

    ExperimentSpec m_spec;
    ExperimentSpec m_saved;
    bool m_announcedModified = false;
};

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::SpecEdit)
