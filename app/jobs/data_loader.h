// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <filesystem>
#include <memory>

#include "app/jobs/job_queue.h"
#include "core/io/tensor_file.h"
#include "core/run/side_files.h"

namespace quantscope {

class ExperimentDocument;

/// Keeps the files open that the document's spec names: opens them in a job when the spec changes
/// (undo included) and probes them in a process of their own first.
class DataLoader : public QObject {
    Q_OBJECT
public:
    enum class State { Closed, Opening, Open, Failed };

    /// `prober` as in OpenOptions. `document` and `jobs` outlive the loader.
    DataLoader(ExperimentDocument* document, JobQueue* jobs, std::filesystem::path prober,
               QObject* parent = nullptr);

    State state() const { return m_state; }
    /// Null unless open. The last owner may be any thread: closing happens in the background.
    std::shared_ptr<const TensorFile> file() const { return m_file; }
    const SideFiles& side() const { return m_side; }
    /// Of the data file; empty until it has been computed in the background.
    const QString& fingerprint() const { return m_fingerprint; }
    /// Why it could not be computed, which keeps the file from being quantized; empty otherwise.
    const QString& fingerprintProblem() const { return m_fingerprintProblem; }
    const Message& error() const { return m_error; }
    const std::filesystem::path& prober() const { return m_prober; }

    /// Opens the file anew, for example after it was moved back.
    void reload();

Q_SIGNALS:
    /// Also when another file of side information was opened.
    void stateChanged(quantscope::DataLoader::State state);
    void opened();  ///< Another data file; file() is its.
    void closed();
    /// The fingerprint was computed, or what keeps it from being computed is known.
    void fingerprintChanged();

private:
    struct Opened {
        std::shared_ptr<const TensorFile> file;
        SideFiles side;
    };

    /// What a job opens; its results count while the document still names the same.
    struct Wanted {
        std::filesystem::path path;
        std::filesystem::path hessianPath;
        std::filesystem::path codebookPath;
        bool followExternalLinks = false;

        bool operator==(const Wanted&) const = default;
    };

    void followDocument();
    void open(bool keepFile);
    void setFingerprint(const QString& fingerprint, const QString& problem);
    void jobEnded(JobState state);
    void close();
    void take(const Opened& opened);
    void setState(State state);

    ExperimentDocument* m_document;
    JobQueue* m_jobs;
    std::filesystem::path m_prober;
    Wanted m_wanted;
    JobId m_job = 0;
    State m_state = State::Closed;
    std::shared_ptr<const TensorFile> m_file;
    SideFiles m_side;
    QString m_fingerprint;
    QString m_fingerprintProblem;
    Message m_error;
};

}  // namespace quantscope
