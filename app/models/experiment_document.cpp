// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/experiment_document.h"

namespace quantscope {

ExperimentDocument::ExperimentDocument(QObject* parent) : QObject(parent) {}

void ExperimentDocument::setSpec(const ExperimentSpec& spec) {
    if (spec == m_spec) return;
    const ExperimentSpec before = std::exchange(m_spec, spec);
    const bool otherFile = before.data.file != spec.data.file ||
                           before.data.followExternalLinks != spec.data.followExternalLinks;
    if (otherFile) Q_EMIT dataFileChanged();
    if (before.data != spec.data || before.hessians != spec.hessians ||
        before.codebooks != spec.codebooks) {
        Q_EMIT dataChanged();
    }
    if (before.methods != spec.methods) Q_EMIT methodsChanged();
    Q_EMIT specChanged();
    announceModified();
}

void ExperimentDocument::edit(const QString& name, const ExperimentSpec& after,
                              const QString& mergeKey) {
    if (after == m_spec) return;
    const SpecEdit change{name, mergeKey, m_spec, after};
    setSpec(after);
    Q_EMIT edited(change);
}

void ExperimentDocument::reset(const ExperimentSpec& spec) {
    m_saved = spec;
    setSpec(spec);
    announceModified();
    Q_EMIT wasReset();
}

bool ExperimentDocument::isModified() const {
    return m_spec != m_saved;
}

void ExperimentDocument::markSaved() {
    m_saved = m_spec;
    announceModified();
}

void ExperimentDocument::announceModified() {
    const bool modified = isModified();
    if (std::exchange(m_announcedModified, modified) != modified) {
        Q_EMIT modifiedChanged(modified);
    }
}

}  // namespace quantscope
