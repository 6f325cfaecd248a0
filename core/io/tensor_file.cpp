// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/tensor_file.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/fingerprint.h"
#include "core/io/folded_source.h"
#include "core/io/foreign_file.h"
#include "core/io/layouts/file_layout.h"
#include "core/io/probe.h"

namespace quantscope {

namespace {

class Hdf5TensorFile final : public TensorFile {
public:
    Hdf5TensorFile(const std::filesystem::path& path, const OpenOptions& options);

    const std::filesystem::path& path() const override { return m_file->path(); }
    std::string layout() const override { return m_layout->id(); }
    std::span<const TensorInfo> tensors() const override { return m_tensors; }
    std::unique_ptr<TensorSource> source(const std::string& name, const FoldRule& fold,
                                         const std::stop_token& stop) const override;
    std::vector<double> readDoubles(const std::string& name,
                                    const std::stop_token& stop) const override;
    std::vector<std::int64_t> readIntegers(const std::string& name,
                                           const std::stop_token& stop) const override;
    std::vector<std::int64_t> readFirstIntegers(const std::string& name, Index columns,
                                                const std::stop_token& stop) const override;
    std::map<std::string, std::string> rootAttributes() const override { return m_rootAttributes; }
    std::optional<SearchGroundTruth> groundTruth() const override { return m_groundTruth; }
    std::string fingerprint(const std::stop_token& stop) const override {
        return m_fingerprint->hexDigits(stop);
    }

private:
    void applyProbe(const ProbeReport& report, FileOutline& outline);
    void take(FileOutline outline);
    const DatasetAccess& numericAccess(const std::string& name) const;
    const DatasetAccess& integerAccess(const std::string& name) const;
    void ensureProbed(const std::string& name, const DatasetAccess& access,
                      const std::stop_token& stop) const;
    void probeLater(const std::string& name, const std::stop_token& stop) const;
    std::string quoted(const std::string& name) const;
    template <typename T>
    std::vector<T> readParts(const std::string& name, const DatasetAccess& access, Index count,
                             const std::function<void(const DatasetReader&, T*)>& read) const;
    template <typename T>
    std::vector<T> readWhole(const std::string& name, const DatasetAccess& access,
                             const std::stop_token& stop) const;

    OpenOptions m_options;
    ProbeLimits m_limits;
    std::shared_ptr<const OpenedFile> m_file;
    const FileLayout* m_layout = nullptr;
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, DatasetAccess> m_access;
    std::map<std::string, std::string> m_rootAttributes;
    std::optional<SearchGroundTruth> m_groundTruth;
    std::unique_ptr<const FileSetFingerprint> m_fingerprint;

    mutable std::mutex m_probeMutex;
    mutable std::condition_variable_any m_probeEnded;
    mutable std::set<std::string> m_beingProbed;
    mutable std::set<std::string> m_verified;             ///< Read through by a child process.
    mutable std::map<std::string, std::string> m_failed;  ///< Found bad after opening, and why.
};

Hdf5TensorFile::Hdf5TensorFile(const std::filesystem::path& path, const OpenOptions& options)
    : m_options(options) {
    checkIsHdf5(path);
    m_limits.followExternalLinks = options.followExternalLinks;
    ProbeReport report;
    if (!options.prober.empty()) report = probe(options.prober, path, m_limits, {}, options.stop);
    if (!report.fileError.empty()) throw Error(report.fileError);
    m_file = std::make_shared<const OpenedFile>(path, options.followExternalLinks);
    FileOutline outline = outlineFile(*m_file, [&](const std::string& name) {
        const auto error = report.headerErrors.find(name);
        return error == report.headerErrors.end() ? std::string() : error->second;
    });
    applyProbe(report, outline);
    take(std::move(outline));
    m_fingerprint = std::make_unique<const FileSetFingerprint>(path, m_file->followedFiles());
}

void Hdf5TensorFile::applyProbe(const ProbeReport& report, FileOutline& outline) {
    m_verified.insert(report.verified.begin(), report.verified.end());
    for (OutlineEntry& entry : outline.entries) {
        const auto error = report.datasetErrors.find(entry.info.name);
        if (error == report.datasetErrors.end()) continue;
        entry.access.unreadable = error->second;
        exclude(entry, error->second);
    }
}

void Hdf5TensorFile::take(FileOutline outline) {
    m_layout = &detectLayout(outline);
    orientEntries(*m_layout, outline);
    m_groundTruth = m_layout->groundTruth(outline);
    m_rootAttributes = outline.root().attributes;
    for (OutlineEntry& entry : outline.entries) {
        m_access.emplace(entry.info.name, std::move(entry.access));
        m_tensors.push_back(std::move(entry.info));
    }
}

std::string Hdf5TensorFile::quoted(const std::string& name) const {
    return "'" + printableText(name) + "' of '" + printableText(path().filename().string()) + "'";
}

/// The way to the values of a dataset of numbers that can be read.
const DatasetAccess& Hdf5TensorFile::numericAccess(const std::string& name) const {
    const auto found = m_access.find(name);
    if (found == m_access.end()) {
        std::vector<std::string> names;
        for (const TensorInfo& tensor : m_tensors)
            names.push_back(tensor.name);
        const std::string near = nearestWord(name, names);
        throw Error("There is no tensor '" + printableText(name) + "' in '" +
                        printableText(path().filename().string()) + "'.",
                    near.empty() ? "" : "Did you mean '" + printableText(near) + "'?");
    }
    const DatasetAccess& access = found->second;
    if (!access.unreadable.empty())
        throw Error(quoted(name) + " cannot be read. " + access.unreadable);
    if (!access.element.isNumber()) {
        throw Error(quoted(name) + " does not hold numbers: " + find(name)->reason);
    }
    return access;
}

const DatasetAccess& Hdf5TensorFile::integerAccess(const std::string& name) const {
    const DatasetAccess& access = numericAccess(name);
    if (access.element.isInteger()) return access;
    throw Error(quoted(name) + " holds " + find(name)->dtype + ", but integers are needed.");
}

void Hdf5TensorFile::probeLater(const std::string& name, const std::stop_token& stop) const {
    ProbeReport report;
    try {
        report = probe(m_options.prober, path(), m_limits, {name}, stop);
    } catch (...) {
        const std::lock_guard lock(m_probeMutex);
        m_beingProbed.erase(name);
        m_probeEnded.notify_all();
        throw;
    }
    const std::lock_guard lock(m_probeMutex);
    m_verified.insert(report.verified.begin(), report.verified.end());
    m_failed.insert(report.datasetErrors.begin(), report.datasetErrors.end());
    m_failed.insert(report.headerErrors.begin(), report.headerErrors.end());
    if (!report.fileError.empty()) m_failed.emplace(name, report.fileError);
    if (!m_verified.contains(name)) {
        m_failed.emplace(name, "The file has changed since it was opened. Open it again.");
    }
    m_beingProbed.erase(name);
    m_probeEnded.notify_all();
}

/// Larger chunked datasets were not read through when the file was opened; that is made up for
/// before this process touches their values for the first time. The lock is not held meanwhile, so
/// that others go on with other datasets and whoever waits for this one can still be stopped.
void Hdf5TensorFile::ensureProbed(const std::string& name, const DatasetAccess& access,
                                  const std::stop_token& stop) const {
    if (m_options.prober.empty() || !access.indirect || elementCount(access.shape) == 0) return;
    std::unique_lock lock(m_probeMutex);
    while (!m_verified.contains(name) && !m_failed.contains(name)) {
        throwIfStopped(stop);
        if (m_beingProbed.insert(name).second) {
            lock.unlock();
            probeLater(name, stop);
            lock.lock();
        } else {
            m_probeEnded.wait(lock, stop, [&] { return !m_beingProbed.contains(name); });
        }
    }
    if (const auto failed = m_failed.find(name); failed != m_failed.end()) {
        throw Error(quoted(name) + " cannot be read. " + failed->second);
    }
}

std::unique_ptr<TensorSource> Hdf5TensorFile::source(const std::string& name, const FoldRule& fold,
                                                     const std::stop_token& stop) const {
    const DatasetAccess& access = numericAccess(name);
    fold.check(access.shape);
    ensureProbed(name, access, stop);
    return std::make_unique<FoldedSource>(m_file, access, fold);
}

/// `count` values of a dataset, which `read` puts into memory.
template <typename T>
std::vector<T> Hdf5TensorFile::readParts(
    const std::string& name, const DatasetAccess& access, Index count,
    const std::function<void(const DatasetReader&, T*)>& read) const {
    try {
        const DatasetReader reader(m_file, access, chunkCacheBytes(access, {0}));
        std::vector<T> values(static_cast<std::size_t>(count));
        read(reader, values.data());
        return values;
    } catch (const std::bad_alloc&) {
        throw Error(quoted(name) + " (" + formatShape(access.shape) +
                    ") does not fit into memory.");
    }
}

template <typename T>
std::vector<T> Hdf5TensorFile::readWhole(const std::string& name, const DatasetAccess& access,
                                         const std::stop_token& stop) const {
    ensureProbed(name, access, stop);
    return readParts<T>(name, access, elementCount(access.shape),
                        [&](const DatasetReader& reader, T* out) { reader.readAll(out, stop); });
}

std::vector<double> Hdf5TensorFile::readDoubles(const std::string& name,
                                                const std::stop_token& stop) const {
    return readWhole<double>(name, numericAccess(name), stop);
}

std::vector<std::int64_t> Hdf5TensorFile::readIntegers(const std::string& name,
                                                       const std::stop_token& stop) const {
    return readWhole<std::int64_t>(name, integerAccess(name), stop);
}

std::vector<std::int64_t> Hdf5TensorFile::readFirstIntegers(const std::string& name, Index columns,
                                                            const std::stop_token& stop) const {
    const DatasetAccess& access = integerAccess(name);
    if (access.shape.size() != 2 || columns < 0 || columns > access.shape[1]) {
        throw Error(quoted(name) + " (" + formatShape(access.shape) + ") has no " +
                    std::to_string(columns) + " columns of integers.");
    }
    ensureProbed(name, access, stop);
    const Index rows = access.shape[0];
    const auto read = [&](const DatasetReader& reader, std::int64_t* out) {
        const Index step =
            std::max<Index>(1, DatasetReader::maximumBoxElements / std::max<Index>(1, columns));
        for (Index first = 0; first < rows && columns > 0; first += step) {
            throwIfStopped(stop);
            const Index count = std::min(step, rows - first);
            reader.read(GridBox{{first, 0}, {count, columns}}, out + first * columns);
        }
    };
    return readParts<std::int64_t>(name, access, rows * columns, read);
}

}  // namespace

std::shared_ptr<TensorFile> TensorFile::open(const std::filesystem::path& path,
                                             const OpenOptions& options) {
    return std::make_shared<Hdf5TensorFile>(path, options);
}

const TensorInfo* TensorFile::find(const std::string& name) const {
    for (const TensorInfo& tensor : tensors()) {
        if (tensor.name == name) return &tensor;
    }
    return nullptr;
}

}  // namespace quantscope
