// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/data_loader.h"

#include <QThreadPool>
#include <utility>

#include "app/models/experiment_document.h"

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
        if (job == m_job) jobEnded(state);
    });
    followDocument();
}

void DataLoader::followDocument() {
    const ExperimentSpec& spec = m_document->spec();
    Wanted wanted{spec.data.file, spec.hessians, spec.codebooks, spec.data.followExternalLinks};
    if (wanted == m_wanted) return;
    const bool sameFile =
        wanted.path == m_wanted.path && wanted.followExternalLinks == m_wanted.followExternalLinks;
    m_wanted = std::move(wanted);
    open(sameFile);
}

void DataLoader::reload() {
    open(false);
}

void DataLoader::open(bool keepFile) {
    m_jobs->cancel(m_job);
    if (m_wanted.path.empty()) return close();
    JobOptions options;
    options.title = tr("Open %1").arg(fileName(m_wanted.path));
    options.failureHeadline = tr("%1 was not opened.").arg(fileName(m_wanted.path));
    // The job may be started again from the list of jobs when the document has moved on.
    options.onFailure = [this, wanted = m_wanted](const Message& message) {
        if (wanted != m_wanted) return;
        m_error = message;
        m_file = nullptr;
        m_side = {};
        setState(State::Failed);
    };
    setState(State::Opening);
    const OpenOptions how{m_prober, m_wanted.followExternalLinks};
    using Fingerprint = std::pair<QString, QString>;  // With the problem.
    const auto work = [this, how, wanted = m_wanted,
                       file = keepFile ? m_file : nullptr](JobContext& context) -> Fingerprint {
        Opened opened{file, {}};
        context.progress(0.0, "listing tensors");
        if (!opened.file) {
            opened.file = closedInBackground<TensorFile>(TensorFile::open(wanted.path, how));
        }
        if (!wanted.hessianPath.empty()) {
            opened.side.hessians =
                closedInBackground<HessianFile>(HessianFile::open(wanted.hessianPath, how));
        }
        if (!wanted.codebookPath.empty()) {
            opened.side.codebooks =
                closedInBackground<CodebookFile>(CodebookFile::open(wanted.codebookPath, how));
        }
        context.deliver([this, opened, wanted] {
            if (wanted == m_wanted) take(opened);
        });
        context.progress(0.5, "computing the fingerprint");
        try {
            return {QString::fromStdString(opened.file->fingerprint(context.stop())), QString()};
        } catch (const Error& error) {
            // The file is listed all the same, but a run needs all of it.
            return {QString(), QString::fromStdString(error.fullText())};
        }
    };
    m_job = m_jobs->start(options, this, work,
                          [this, wanted = m_wanted](const Fingerprint& fingerprint) {
                              if (wanted != m_wanted) return;
                              setFingerprint(fingerprint.first, fingerprint.second);
                          });
}

void DataLoader::setFingerprint(const QString& fingerprint, const QString& problem) {
    m_fingerprint = fingerprint;
    m_fingerprintProblem = problem;
    Q_EMIT fingerprintChanged();
}

void DataLoader::jobEnded(JobState state) {
    if (state != JobState::Cancelled) return;
    if (m_state == State::Opening) {
        close();
    } else if (m_state == State::Open && m_fingerprint.isEmpty()) {
        setFingerprint({}, tr("Reading the file for its fingerprint was cancelled. Start that job "
                              "again, or open the file anew."));
    }
}

void DataLoader::close() {
    const bool wasOpen = std::exchange(m_file, nullptr) != nullptr;
    m_side = {};
    m_fingerprint.clear();
    m_fingerprintProblem.clear();
    setState(State::Closed);
    if (wasOpen) Q_EMIT closed();
}

void DataLoader::take(const Opened& opened) {
    const bool otherFile = std::exchange(m_file, opened.file) != opened.file;
    m_side = opened.side;
    if (otherFile) m_fingerprint.clear();
    m_fingerprintProblem.clear();
    m_error = {};
    m_state = State::Open;
    if (otherFile) Q_EMIT this->opened();
    Q_EMIT stateChanged(m_state);
}

void DataLoader::setState(State state) {
    if (std::exchange(m_state, state) != state) Q_EMIT stateChanged(state);
}

}  // namespace quantscope
