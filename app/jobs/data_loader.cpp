// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/data_loader.h"

#include <QThreadPool>

#include "app/models/experiment_document.h"
#include "core/hessian/hessian_file.h"

namespace quantscope {

namespace {

QString fileName(const std::filesystem::path& path) {
    return QString::fromStdString(path.filename().string());
}

// Closing a file waits for whoever reads through HDF5 just now, and the UI thread must not wait. So
// whoever lets go of the file last, a thread of the pool closes it.
template <typename File>
std::shared_ptr<const File> closedInBackground(std::shared_ptr<const File> file) {
    const File* address = file.get();
    return {address, [file = std::move(file)](const File* /*unused*/) mutable {
                QThreadPool::globalInstance()->start([last = std::move(file)] {});
            }};
}

}  // namespace

DataLoader::DataLoader(ExperimentDocument* document, JobQueue* jobs, std::filesystem::path prober,
                       QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs), m_prober(std::move(prober)) {
    connect(document, &ExperimentDocument::dataChanged, this, &DataLoader::followDocument);
    connect(jobs, &JobQueue::jobEnded, this, [this](JobId job, JobState state) {
        if (job == m_job && state == JobState::Cancelled && m_state == State::Opening) close();
    });
    followDocument();
}

void DataLoader::followDocument() {
    const ExperimentSpec& spec = m_document->spec();
    const bool sameFile =
        spec.data.file == m_path && spec.data.followExternalLinks == m_followExternalLinks;
    if (sameFile && spec.hessians == m_hessianPath) return;
    m_path = spec.data.file;
    m_followExternalLinks = spec.data.followExternalLinks;
    m_hessianPath = spec.hessians;
    open(sameFile);
}

void DataLoader::reload() {
    open(false);
}

void DataLoader::open(bool keepFile) {
    m_jobs->cancel(m_job);
    if (m_path.empty()) return close();
    JobOptions options;
    options.title = tr("Open %1").arg(fileName(m_path));
    options.failureHeadline = tr("%1 was not opened.").arg(fileName(m_path));
    options.onFailure = [this](const Message& message) {
        m_error = message;
        m_file = nullptr;
        m_hessians = nullptr;
        setState(State::Failed);
    };
    setState(State::Opening);
    const OpenOptions how{m_prober, m_followExternalLinks};
    const auto work = [this, how, path = m_path, hessianPath = m_hessianPath,
                       file = keepFile ? m_file : nullptr](JobContext& context) {
        Opened opened{file, nullptr};
        context.progress(0.0, "listing tensors");
        if (!opened.file) {
            opened.file = closedInBackground<TensorFile>(TensorFile::open(path, how));
        }
        if (!hessianPath.empty()) {
            opened.hessians = closedInBackground<HessianFile>(HessianFile::open(hessianPath, how));
        }
        context.deliver([this, opened] { take(opened); });
        context.progress(0.5, "computing the fingerprint");
        try {
            return QString::fromStdString(opened.file->fingerprint(context.stop()));
        } catch (const Error&) {
            // The file is listed all the same; a run, which needs all of it, will say what is
            // wrong.
            return QString();
        }
    };
    m_job = m_jobs->start(options, this, work, [this](const QString& fingerprint) {
        m_fingerprint = fingerprint;
        Q_EMIT fingerprintKnown(fingerprint);
    });
}

void DataLoader::close() {
    const bool wasOpen = std::exchange(m_file, nullptr) != nullptr;
    m_hessians = nullptr;
    m_fingerprint.clear();
    setState(State::Closed);
    if (wasOpen) Q_EMIT closed();
}

void DataLoader::take(const Opened& opened) {
    const bool otherFile = std::exchange(m_file, opened.file) != opened.file;
    m_hessians = opened.hessians;
    if (otherFile) m_fingerprint.clear();
    m_error = {};
    m_state = State::Open;
    if (otherFile) Q_EMIT this->opened();
    Q_EMIT stateChanged(m_state);
}

void DataLoader::setState(State state) {
    if (std::exchange(m_state, state) != state) Q_EMIT stateChanged(state);
}

}  // namespace quantscope
