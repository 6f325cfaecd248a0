// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/workspace.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <algorithm>

#include "app/jobs/workbench.h"
#include "app/models/tensor_choice.h"
#include "core/base/text_file.h"

namespace quantscope {

namespace {

QString toText(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

std::filesystem::path toPath(const QString& path) {
    return path.toStdString();
}

// Sessions and experiments are both JSON; a session holds an experiment.
bool isSession(const std::filesystem::path& path) {
    const Json json = readJsonFile(path);
    return json.is_object() && json.contains("experiment");
}

QString sessionFilter() {
    return Workspace::tr("Sessions (*%1)").arg(QLatin1String(sessionSuffix));
}

}  // namespace

Workspace::Workspace(Workbench& bench, WindowPart part, const std::filesystem::path& autosaveFolder,
                     QWidget* window)
    : QObject(window),
      m_bench(bench),
      m_part(std::move(part)),
      m_window(window),
      m_autosave(autosaveFolder, [this] { return std::pair(snapshot(), m_path); }) {
    connect(&bench.document, &ExperimentDocument::specChanged, &m_autosave, &Autosave::schedule);
    connect(&bench.allocation, &PlanFeed::wishChanged, &m_autosave, &Autosave::schedule);
    connect(&bench.document, &ExperimentDocument::specChanged, this, &Workspace::titleChanged);
    connect(&bench.run, &RunController::runFolderChanged, this, [this] {
        // A folder that could not be opened is never on show, and is none to offer again.
        if (!m_openingRun.empty() && m_bench.run.runFolder() == m_openingRun) {
            m_bench.recentFiles.add(toText(m_openingRun));
            m_openingRun.clear();
            m_bench.document.reset(m_bench.run.resultSpec());
        }
        restoreSelection();
    });
    connect(&bench.data, &DataLoader::opened, this, &Workspace::chooseFirstTensor);
    connect(&bench.data, &DataLoader::stateChanged, this, [this](DataLoader::State state) {
        // The failed job's own message is there only after this signal.
        if (state == DataLoader::State::Failed) {
            QMetaObject::invokeMethod(this, &Workspace::offerHelp, Qt::QueuedConnection);
        }
    });
    connect(&m_autosave, &Autosave::failed, &bench.messages, &MessageModel::add);
}

QString Workspace::title() const {
    if (!m_path.empty()) {
        QString name = toText(m_path.filename());
        if (name.endsWith(QLatin1String(sessionSuffix))) {
            name.chop(static_cast<int>(std::string_view(sessionSuffix).size()));
        }
        return name;
    }
    const ExperimentSpec& spec = m_bench.document.spec();
    if (!spec.title.empty()) return QString::fromStdString(spec.title);
    return toText(spec.data.file.filename());
}

bool Workspace::hasUnsavedWork() const {
    return m_bench.document.isModified() && !m_bench.document.spec().methods.empty();
}

bool Workspace::mayReplace() {
    if (!hasUnsavedWork()) return true;
    QMessageBox question(m_window);
    question.setIcon(QMessageBox::Question);
    question.setWindowTitle(tr("Unsaved changes"));
    question.setText(tr("Save the changes to %1?").arg(title()));
    question.setInformativeText(tr("Results of runs are kept in any case."));
    question.setStandardButtons(QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel);
    question.setDefaultButton(QMessageBox::Save);
    switch (question.exec()) {
        case QMessageBox::Save:
            return save();
        case QMessageBox::Discard:
            return true;
        default:
            return false;
    }
}

void Workspace::open(const QString& path) {
    const QFileInfo info(path);
    const std::filesystem::path absolute = toPath(info.absoluteFilePath());
    try {
        if (!info.exists()) {
            m_bench.recentFiles.remove(info.absoluteFilePath());
            throw Error("There is no file " + absolute.string() + ".",
                        "It may have been moved or renamed.");
        }
        if (info.isDir()) {
            openRun(absolute);
        } else if (info.suffix().compare(QLatin1String("json"), Qt::CaseInsensitive) != 0) {
            openData(absolute);
        } else if (isSession(absolute)) {
            openSession(absolute);
        } else {
            openExperiment(absolute);
        }
    } catch (const Error& error) {
        report(tr("%1 was not opened.").arg(info.fileName()), error);
    }
}

void Workspace::openData(const std::filesystem::path& path) {
    // Methods are kept: the same ones on another file are a common wish.
    ExperimentSpec spec;
    spec.methods = m_bench.document.spec().methods;
    spec.data.file = path;
    spec.data.tensors.clear();
    m_chooseTensor = true;
    m_before.reset();
    if (m_bench.data.state() == DataLoader::State::Open) m_before = snapshot();
    m_bench.run.close();
    m_bench.selection.clear();
    m_bench.document.reset(spec);
    setPath({});
    Q_EMIT opened();
}

void Workspace::openExperiment(const std::filesystem::path& path) {
    const ExperimentSpec spec = ExperimentSpec::load(path);
    if (!mayReplace()) return;
    m_chooseTensor = false;
    m_bench.run.close();
    m_bench.selection.clear();
    m_bench.document.reset(spec);
    m_bench.recentFiles.add(toText(path));
    setPath({});
    Q_EMIT opened();
}

void Workspace::openSession(const std::filesystem::path& path) {
    LoadedSession loaded = loadSession(path);
    if (!mayReplace()) return;
    adopt(std::move(loaded), true);
    m_bench.recentFiles.add(toText(path));
    setPath(path);
    m_autosave.forget();
}

void Workspace::openRun(const std::filesystem::path& folder) {
    if (!mayReplace()) return;
    m_chooseTensor = false;
    m_openingRun = folder;
    setPath({});
    m_bench.run.openRun(folder);
    Q_EMIT opened();
}

void Workspace::adopt(LoadedSession loaded, bool saved) {
    // A missing data file is said once, with the button that helps, when it cannot be opened.
    if (loaded.dataFileMissing) loaded.problems.pop_back();
    for (const Message& problem : loaded.problems)
        m_bench.messages.add(problem);
    const Session& session = loaded.session;
    m_chooseTensor = false;
    m_bench.selection.clear();
    if (saved) {
        m_bench.document.reset(session.spec);
    } else {
        // Against an empty saved state, so that the document counts as modified.
        m_bench.document.reset({});
        m_bench.document.setSpec(session.spec);
    }
    m_pendingSelection = session;
    if (session.runFolder.empty()) {
        m_bench.run.close();
    } else {
        m_bench.run.openRun(session.runFolder);
    }
    m_part.restore(session);
    Q_EMIT opened();
}

void Workspace::restoreSelection() {
    const Session wanted = std::exchange(m_pendingSelection, {});
    if (!wanted.currentTensor.isEmpty()) {
        m_bench.selection.setCurrentTensor(wanted.currentTensor);
    }
    if (wanted.selectedTrials.isEmpty()) return;
    m_bench.selection.selectTrials(
        QSet<QString>(wanted.selectedTrials.begin(), wanted.selectedTrials.end()),
        wanted.currentTrial);
}

void Workspace::chooseFirstTensor() {
    const auto& tensors = m_bench.tensors.tensors();
    const auto quantizable = [](const TensorInfo& tensor) { return tensor.quantizable; };
    const auto isMatrix = [&](const TensorInfo& tensor) {
        return tensor.quantizable && tensor.shape.size() > 1;
    };
    // Vectors that are searched come before the queries, and anything before what has a caution.
    const auto isPlain = [&](const TensorInfo& tensor) {
        return isMatrix(tensor) && tensor.reason.empty();
    };
    const std::optional<SearchGroundTruth> truth = m_bench.data.file()->groundTruth();
    auto first = tensors.end();
    if (truth) first = std::ranges::find(tensors, truth->base, &TensorInfo::name);
    if (first == tensors.end()) first = std::ranges::find_if(tensors, isPlain);
    if (first == tensors.end()) first = std::ranges::find_if(tensors, isMatrix);
    if (first == tensors.end()) first = std::ranges::find_if(tensors, quantizable);
    if (first == tensors.end()) return;
    const QString current = m_bench.selection.currentTensor();
    if (!m_bench.tensors.tensor(current)) {
        const auto& chosen = m_bench.tensors.chosen();
        m_bench.selection.setCurrentTensor(
            QString::fromStdString(chosen.empty() ? first->name : *chosen.begin()));
    }
    // A fresh file starts with one tensor chosen: enough for a first run, and never too much.
    if (!std::exchange(m_chooseTensor, false)) return;
    ExperimentSpec spec = m_bench.document.spec();
    spec.data = withChosenTensors(tensors, spec.data, {first->name});
    m_bench.document.reset(spec);
}

void Workspace::offerHelp() {
    if (m_bench.data.state() != DataLoader::State::Failed) return;
    const std::filesystem::path& file = m_bench.document.spec().data.file;
    std::error_code ignored;
    Message message = m_bench.data.error();
    if (!std::filesystem::exists(file, ignored)) {
        message.what = tr("The data file was not found.");
        message.why = tr("There is no file %1.").arg(toText(file));
        message.remedy = tr("Show where it is now; everything else stays as it is.");
        message.actionLabel = tr("Locate file...");
        message.action = [this] { locateData(); };
    } else if (m_before) {
        message.actionLabel = tr("Back to %1").arg(toText(m_before->spec.data.file.filename()));
        message.action = [this, before = *m_before] { adopt({before, {}, false}, false); };
    } else {
        return;
    }
    for (int row = 0; row < m_bench.messages.rowCount(); ++row) {
        if (!m_bench.messages.message(row).sameTextAs(m_bench.data.error())) continue;
        m_bench.messages.dismiss(row);
        break;
    }
    m_bench.messages.add(message);
}

void Workspace::locateData() {
    ExperimentSpec spec = m_bench.document.spec();
    const QString path = QFileDialog::getOpenFileName(
        m_window, tr("Locate %1").arg(toText(spec.data.file.filename())),
        toText(spec.data.file.parent_path()));
    if (path.isEmpty()) return;
    spec.data.file = toPath(path);
    m_bench.document.edit(tr("locate data file"), spec);
}

void Workspace::chooseAndOpen() {
    const QString path = QFileDialog::getOpenFileName(
        m_window, tr("Open"), QString(),
        tr("All that can be opened (*.h5 *.hdf5 *.hdf *.h5ad *.mat *.keras *.json)") +
            QStringLiteral(";;") + tr("All files (*)"));
    if (!path.isEmpty()) open(path);
}

void Workspace::chooseAndOpenRun() {
    const QString path = QFileDialog::getExistingDirectory(m_window, tr("Open result folder"));
    if (!path.isEmpty()) open(path);
}

void Workspace::chooseHessians() {
    const QString path = QFileDialog::getOpenFileName(
        m_window, tr("Open Hessians"), toText(m_bench.document.spec().data.file.parent_path()));
    if (path.isEmpty()) return;
    ExperimentSpec spec = m_bench.document.spec();
    spec.hessians = toPath(path);
    m_bench.document.edit(tr("use Hessians"), spec);
}

void Workspace::removeHessians() {
    ExperimentSpec spec = m_bench.document.spec();
    spec.hessians.clear();
    m_bench.document.edit(tr("remove Hessians"), spec);
}

void Workspace::chooseCodebooks() {
    const QString path = QFileDialog::getOpenFileName(
        m_window, tr("Open codebooks"), toText(m_bench.document.spec().data.file.parent_path()));
    if (path.isEmpty()) return;
    ExperimentSpec spec = m_bench.document.spec();
    spec.codebooks = toPath(path);
    m_bench.document.edit(tr("use codebooks"), spec);
}

void Workspace::removeCodebooks() {
    ExperimentSpec spec = m_bench.document.spec();
    spec.codebooks.clear();
    m_bench.document.edit(tr("remove codebooks"), spec);
}

Session Workspace::snapshot() const {
    Session session;
    session.spec = m_bench.document.spec();
    session.dataFingerprint = m_bench.data.fingerprint();
    session.runFolder = m_bench.run.runFolder();
    const QSet<QString>& trials = m_bench.selection.trials();
    session.selectedTrials = QStringList(trials.begin(), trials.end());
    session.selectedTrials.sort();
    session.currentTrial = m_bench.selection.currentTrial();
    session.currentTensor = m_bench.selection.currentTensor();
    m_part.save(session);
    return session;
}

bool Workspace::save() {
    return m_path.empty() ? saveAs() : saveTo(m_path);
}

bool Workspace::saveAs() {
    const QString suggestion = title().isEmpty() ? tr("Untitled") : title();
    QString path = QFileDialog::getSaveFileName(
        m_window, tr("Save session"), suggestion + QLatin1String(sessionSuffix), sessionFilter());
    if (path.isEmpty()) return false;
    if (!path.endsWith(QLatin1String(".json"))) path += QLatin1String(sessionSuffix);
    return saveTo(toPath(path));
}

bool Workspace::saveTo(const std::filesystem::path& path) {
    try {
        saveSession(path, snapshot());
    } catch (const Error& error) {
        report(tr("The session was not saved."), error);
        return false;
    }
    m_bench.document.markSaved();
    m_bench.recentFiles.add(toText(path));
    setPath(path);
    m_autosave.forget();
    return true;
}

void Workspace::exportExperiment() {
    const QString path =
        QFileDialog::getSaveFileName(m_window, tr("Export experiment"),
                                     QStringLiteral("experiment.json"), tr("Experiments (*.json)"));
    if (path.isEmpty()) return;
    try {
        m_bench.document.spec().save(toPath(path));
    } catch (const Error& error) {
        report(tr("The experiment was not exported."), error);
    }
}

void Workspace::offerRecovery() {
    const std::vector<Autosave::Leftover> leftovers = m_autosave.leftovers();
    Q_EMIT leftoversChanged();
    if (leftovers.empty()) return;
    const Autosave::Leftover& newest = leftovers.front();
    Message message;
    message.severity = Message::Severity::Warning;
    message.what = tr("Quantscope did not end properly last time.");
    message.why = newest.sessionPath.empty()
                      ? tr("Unsaved work from %1 was kept.")
                            .arg(newest.savedAt.toString(QStringLiteral("yyyy-MM-dd HH:mm")))
                      : tr("Unsaved work on %1 from %2 was kept.")
                            .arg(toText(newest.sessionPath.filename()),
                                 newest.savedAt.toString(QStringLiteral("yyyy-MM-dd HH:mm")));
    message.remedy = tr("Bring it back now, or throw it away with File > Discard recovered work.");
    message.actionLabel = tr("Recover");
    message.action = [this] { recoverNewest(); };
    m_bench.messages.add(message);
}

void Workspace::recoverNewest() {
    const std::vector<Autosave::Leftover> leftovers = m_autosave.leftovers();
    if (leftovers.empty() || !mayReplace()) return;
    const Autosave::Leftover newest = leftovers.front();
    try {
        adopt(m_autosave.recover(newest), false);
        setPath(newest.sessionPath);
    } catch (const Error& error) {
        report(tr("The work was not recovered."), error);
    }
    Q_EMIT leftoversChanged();
}

void Workspace::discardLeftovers() {
    for (const Autosave::Leftover& leftover : m_autosave.leftovers())
        m_autosave.discard(leftover);
    Q_EMIT leftoversChanged();
}

void Workspace::setPath(const std::filesystem::path& path) {
    m_path = path;
    Q_EMIT titleChanged();
}

void Workspace::report(const QString& what, const Error& error) {
    m_bench.messages.add(errorMessage(what, error));
}

}  // namespace quantscope
