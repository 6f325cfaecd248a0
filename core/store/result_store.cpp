// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/result_store.h"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text_file.h"
#include "core/store/record_file.h"

namespace quantscope {

namespace {

constexpr const char* specName = "spec.json";
constexpr const char* runName = "run.json";
constexpr const char* recordsName = "records.jsonl";
constexpr const char* evaluationsName = "evaluations.json";  // See evaluation_records.h.
constexpr const char* artifactsName = "artifacts";

/// Records in the order in which they came; the latest of a trial counts.
class RecordList {
public:
    void add(TrialRecord record) {
        m_latest[record.trialId] = m_records.size();
        m_records.push_back(std::move(record));
    }

    std::vector<TrialRecord> records() const {
        std::vector<TrialRecord> latest;
        for (std::size_t i = 0; i < m_records.size(); ++i) {
            if (m_latest.at(m_records[i].trialId) == i) latest.push_back(m_records[i]);
        }
        return latest;
    }

    std::optional<TrialRecord> find(const std::string& trialId) const {
        const auto found = m_latest.find(trialId);
        if (found == m_latest.end()) return std::nullopt;
        return m_records[found->second];
    }

private:
    std::vector<TrialRecord> m_records;
    std::unordered_map<std::string, std::size_t> m_latest;
};

RecordList listOf(std::vector<TrialRecord> records) {
    RecordList list;
    for (TrialRecord& record : records)
        list.add(std::move(record));
    return list;
}

class MemoryStore final : public ResultStore {
public:
    MemoryStore(Json spec, RunInfo run) : m_spec(std::move(spec)), m_run(std::move(run)) {}

    const Json& spec() const override { return m_spec; }
    const RunInfo& run() const override { return m_run; }
    std::vector<TrialRecord> records() const override {
        const std::lock_guard lock(m_mutex);
        return m_records.records();
    }
    std::optional<TrialRecord> find(const std::string& trialId) const override {
        const std::lock_guard lock(m_mutex);
        return m_records.find(trialId);
    }
    void append(const TrialRecord& record) override {
        const std::lock_guard lock(m_mutex);
        m_records.add(record);
    }
    std::filesystem::path folder() const override { return {}; }

private:
    const Json m_spec;
    const RunInfo m_run;
    mutable std::mutex m_mutex;
    RecordList m_records;
};

class FolderStore final : public ResultStore {
public:
    /// `file` may hold the lock already.
    FolderStore(std::filesystem::path folder, Json spec, RunInfo run,
                std::unique_ptr<RecordFile> file)
        : m_folder(std::move(folder)),
          m_spec(std::move(spec)),
          m_run(std::move(run)),
          m_file(std::move(file)),
          m_records(listOf(m_file->read())) {}

    const Json& spec() const override { return m_spec; }
    const RunInfo& run() const override { return m_run; }
    std::vector<TrialRecord> records() const override {
        const std::lock_guard lock(m_mutex);
        return m_records.records();
    }
    std::optional<TrialRecord> find(const std::string& trialId) const override {
        const std::lock_guard lock(m_mutex);
        return m_records.find(trialId);
    }
    void append(const TrialRecord& record) override {
        const std::lock_guard lock(m_mutex);
        if (!m_file->isLocked()) {
            m_file->lock();
            // Whoever had the lock before may have appended since the folder was opened.
            m_records = listOf(m_file->read());
        }
        m_file->append(record);
        m_records.add(record);
    }
    std::filesystem::path folder() const override { return m_folder; }

private:
    const std::filesystem::path m_folder;
    const Json m_spec;
    const RunInfo m_run;
    mutable std::mutex m_mutex;
    std::unique_ptr<RecordFile> m_file;
    RecordList m_records;
};

Error notMade(const std::filesystem::path& folder, const std::string& reason) {
    return Error("The result folder '" + folder.string() + "' cannot be made: " + reason + ".",
                 "Choose a folder that you may write to.");
}

void makeFolder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder / artifactsName, error);
    if (error) throw notMade(folder, error.message());
}

// A folder without run.json may be what an interrupted start left behind, but nothing else.
void refuseForeignFolder(const std::filesystem::path& folder) {
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) return;
    if (!std::filesystem::is_directory(folder, error)) throw notMade(folder, "it is a file");
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const bool own = name.starts_with(specName) || name.starts_with(runName) ||
                         name == recordsName || name == artifactsName;
        if (!own) {
            throw Error("The folder '" + folder.string() + "' holds other things ('" + name +
                            "') and no run.",
                        "Choose a new or empty folder.");
        }
    }
    if (error) throw notMade(folder, error.message());
}

// JSON text, even if a path in it is no valid UTF-8.
std::string tolerantDump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// What a process left that died while it wrote. Called with the lock held, so nobody is writing.
void removeUnfinishedArtifacts(const std::filesystem::path& folder) {
    std::error_code ignored;
    std::vector<std::filesystem::path> unfinished;
    for (const auto& entry : std::filesystem::directory_iterator(folder / artifactsName, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.find(".h5.part-") != std::string::npos) unfinished.push_back(entry.path());
    }
    for (const std::filesystem::path& path : unfinished)
        std::filesystem::remove(path, ignored);
}

// What makes two runs differ: "methods", "seed"; nothing when the same methods mean something else.
std::vector<std::string> differences(const Json& oldSpec, const RunInfo& oldRun, const Json& spec,
                                     const RunInfo& run) {
    std::vector<std::string> parts;
    if (oldRun.data.fingerprint != run.data.fingerprint) parts.emplace_back("data file");
    if (oldRun.hessians.fingerprint != run.hessians.fingerprint) parts.emplace_back("Hessians");
    if (oldRun.codebooks.fingerprint != run.codebooks.fingerprint) parts.emplace_back("codebooks");
    for (const auto& [key, value] : spec.items()) {
        if (key == "title" || key == "hessians" || key == "codebooks") continue;
        Json before = oldSpec.value(key, Json());
        Json now = value;
        // Where the data lies does not matter, and what it holds was compared above.
        if (key == "data" && before.is_object() && now.is_object()) {
            before.erase("file");
            now.erase("file");
        }
        if (before != now) parts.push_back(key == "data" ? "choice of tensors" : key);
    }
    return parts;
}

Error holdsAnotherRun(const std::filesystem::path& folder, const ResultStore& old,
                      const std::vector<std::string>& differences) {
    const std::string subject = "The folder '" + folder.string() + "' holds ";
    if (differences.empty()) {
        return Error(
            subject + "this run as version " + old.run().programVersion +
                " made it, but its methods work differently now, so that new results would "
                "not belong to the old ones.",
            "Choose another folder; what is in this one can still be opened and exported.");
    }
    std::string text = "its " + differences.front();
    for (std::size_t i = 1; i < differences.size(); ++i)
        text += (i + 1 == differences.size() ? " and its " : ", its ") + differences[i];
    return Error(subject + "another run. What differs: " + text + ".",
                 "Choose another folder, or resume with the experiment in its spec.json.");
}

}  // namespace

std::unique_ptr<ResultStore> ResultStore::create(const std::filesystem::path& folder,
                                                 const Json& spec, const RunInfo& run,
                                                 bool resume) {
    if (!std::filesystem::exists(folder / runName)) refuseForeignFolder(folder);
    makeFolder(folder);
    auto file = std::make_unique<RecordFile>(folder / recordsName);
    file->lock();
    removeUnfinishedArtifacts(folder);
    if (open(folder, spec, run) && !resume) {
        throw Error("The folder '" + folder.string() + "' holds this run already.",
                    "Resume it (--resume), or choose another folder.");
    }
    // Also when resuming: the title may have changed, and the data may have moved.
    writeTextFile(folder / specName, tolerantDump(spec));
    writeTextFile(folder / runName, tolerantDump(run.toJson()));
    return std::make_unique<FolderStore>(folder, spec, run, std::move(file));
}

std::unique_ptr<ResultStore> ResultStore::open(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder / runName)) {
        throw Error("'" + folder.string() + "' is not a result folder: it has no run.json.",
                    "Name the folder that a run was written to.");
    }
    Json spec = readJsonFile(folder / specName);
    try {
        return std::make_unique<FolderStore>(folder, std::move(spec),
                                             RunInfo::fromJson(readJsonFile(folder / runName)),
                                             std::make_unique<RecordFile>(folder / recordsName));
    } catch (const Error& error) {
        throw Error("The run in '" + folder.string() + "' cannot be used: " + error.what(),
                    error.remedy());
    }
}

std::unique_ptr<ResultStore> ResultStore::open(const std::filesystem::path& folder,
                                               const Json& spec, const RunInfo& run) {
    if (!std::filesystem::exists(folder / runName)) return nullptr;
    std::unique_ptr<ResultStore> old = open(folder);
    if (old->run().runId == run.runId) return old;
    throw holdsAnotherRun(folder, *old, differences(old->spec(), old->run(), spec, run));
}

std::unique_ptr<ResultStore> ResultStore::inMemory(const Json& spec, const RunInfo& run) {
    return std::make_unique<MemoryStore>(spec, run);
}

std::filesystem::path ResultStore::artifactPath(const std::string& trialId) const {
    return artifactPath(folder(), trialId);
}

std::filesystem::path ResultStore::artifactPath(const std::filesystem::path& folder,
                                                const std::string& trialId) {
    return folder.empty() ? folder : folder / artifactsName / (trialId + ".h5");
}

std::vector<std::string> ResultStore::filesOf(const std::filesystem::path& folder) {
    std::vector<std::string> files;
    std::error_code ignored;
    for (const char* name : {specName, runName, recordsName, evaluationsName}) {
        if (std::filesystem::exists(folder / name, ignored)) {
            files.push_back((folder / name).string());
        }
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder / artifactsName, ignored)) {
        files.push_back(entry.path().string());
    }
    return files;
}

}  // namespace quantscope
