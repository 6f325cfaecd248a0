// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/tensor_file.h"

#include <mutex>
#include <set>

#include "core/base/error.h"
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
    std::unique_ptr<TensorSource> source(const std::string& name,
                                         const FoldRule& fold) const override;
    std::vector<double> readDoubles(const std::string& name) const override;
    std::vector<std::int64_t> readIntegers(const std::string& name) const override;
    std::map<std::string, std::string> rootAttributes() const override { return m_rootAttributes; }
    std::optional<SearchGroundTruth> groundTruth() const override { return m_groundTruth; }
    std::string fingerprint(const std::stop_token& stop) const override {
        return fileFingerprint(path(), stop);
    }

private:
    void applyProbe(const ProbeReport& report, FileOutline& outline);
    void take(FileOutline outline);
    const DatasetAccess& numericAccess(const std::string& name) const;
    void ensureProbed(const std::string& name, const DatasetAccess& access) const;
    std::string quoted(const std::string& name) const;
    template <typename T>
    std::vector<T> readWhole(const std::string& name, const DatasetAccess& access) const;

    OpenOptions m_options;
    ProbeLimits m_limits;
    std::shared_ptr<const OpenedFile> m_file;
    const FileLayout* m_layout = nullptr;
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, DatasetAccess> m_access;
    std::map<std::string, std::string> m_rootAttributes;
    std::optional<SearchGroundTruth> m_groundTruth;

    mutable std::mutex m_probeMutex;
    mutable std::set<std::string> m_verified;             ///< Read through by a child process.
    mutable std::map<std::string, std::string> m_failed;  ///< Found bad after opening, and why.
};

Hdf5TensorFile::Hdf5TensorFile(const std::filesystem::path& path, const OpenOptions& options)
    : m_options(options) {
    checkIsHdf5(path);
    m_limits.followExternalLinks = options.followExternalLinks;
    ProbeReport report;
    if (!options.prober.empty()) report = probe(options.prober, path, m_limits);
    if (!report.fileError.empty()) throw Error(report.fileError);
    m_file = std::make_shared<const OpenedFile>(path, options.followExternalLinks);
    FileOutline outline = outlineFile(*m_file, [&](const std::string& name) {
        const auto error = report.headerErrors.find(name);
        return error == report.headerErrors.end() ? std::string() : error->second;
    });
    applyProbe(report, outline);
    take(std::move(outline));
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

/// Larger chunked datasets were not read through when the file was opened; that is made up for
/// before this process touches their values for the first time.
void Hdf5TensorFile::ensureProbed(const std::string& name, const DatasetAccess& access) const {
    if (m_options.prober.empty() || !access.indirect || elementCount(access.shape) == 0) return;
    const std::lock_guard lock(m_probeMutex);
    if (!m_verified.contains(name) && !m_failed.contains(name)) {
        const ProbeReport report = probe(m_options.prober, path(), m_limits, {name});
        m_verified.insert(report.verified.begin(), report.verified.end());
        m_failed.insert(report.datasetErrors.begin(), report.datasetErrors.end());
        m_failed.insert(report.headerErrors.begin(), report.headerErrors.end());
        if (!report.fileError.empty()) m_failed.emplace(name, report.fileError);
    }
    if (const auto failed = m_failed.find(name); failed != m_failed.end()) {
        throw Error(quoted(name) + " cannot be read. " + failed->second);
    }
    if (!m_verified.contains(name)) {
        throw Error(quoted(name) + " cannot be read: the file has changed since it was opened.",
                    "Open it again.");
    }
}

std::unique_ptr<TensorSource> Hdf5TensorFile::source(const std::string& name,
                                                     const FoldRule& fold) const {
    const DatasetAccess& access = numericAccess(name);
    fold.check(access.shape);
    ensureProbed(name, access);
    return std::make_unique<FoldedSource>(m_file, access, fold);
}

template <typename T>
std::vector<T> Hdf5TensorFile::readWhole(const std::string& name,
                                         const DatasetAccess& access) const {
    ensureProbed(name, access);
    try {
        const DatasetReader reader(m_file, access, chunkCacheBytes(access, {0}));
        std::vector<T> values(static_cast<std::size_t>(reader.size()));
        reader.readAll(values.data(), {});
        return values;
    } catch (const std::bad_alloc&) {
        throw Error(quoted(name) + " (" + formatShape(access.shape) +
                    ") does not fit into memory.");
    }
}

std::vector<double> Hdf5TensorFile::readDoubles(const std::string& name) const {
    return readWhole<double>(name, numericAccess(name));
}

std::vector<std::int64_t> Hdf5TensorFile::readIntegers(const std::string& name) const {
    const DatasetAccess& access = numericAccess(name);
    if (!access.element.isInteger()) {
        throw Error(quoted(name) + " holds " + find(name)->dtype + ", but integers are needed.");
    }
    return readWhole<std::int64_t>(name, access);
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
