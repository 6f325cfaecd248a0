// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/dataset_storage.h"

#include <array>
#include <filesystem>
#include <set>
#include <vector>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/filter_names.h"

namespace quantscope {

namespace {

/// gzip cannot make values smaller than this; what claims more was for the greater part never
/// written.
constexpr std::uint64_t greatestCompression = 1100;
/// Up to here values that were never written are read as what the file declares for them.
constexpr std::uint64_t toleratedFillBytes = std::uint64_t{1} << 30;

void readFilters(hid_t creation, OutlineEntry& entry) {
    const int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count; ++i) {
        unsigned flags = 0;
        std::size_t values = 0;
        unsigned configuration = 0;
        const H5Z_filter_t id = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values,
                                               nullptr, 0, nullptr, &configuration);
        entry.info.storage.filters.push_back(filterName(id));
        if (entry.access.unreadable.empty() && H5Zfilter_avail(id) <= 0) {
            entry.access.unreadable = "Needs the compression filter " + filterName(id) +
                                      ", which is not installed. " + filterRemedy(id);
        }
    }
}

void readChunks(hid_t creation, OutlineEntry& entry) {
    std::array<hsize_t, H5S_MAX_RANK> lengths{};
    const int rank = H5Pget_chunk(creation, H5S_MAX_RANK, lengths.data());
    for (int i = 0; i < rank; ++i) {
        entry.info.storage.chunk.push_back(
            static_cast<Index>(lengths[static_cast<std::size_t>(i)]));
    }
    entry.access.chunk = entry.info.storage.chunk;
    readFilters(creation, entry);
}

/// The files that a name in a virtual dataset means: "%b" stands for 0, 1, 2, ... as far as there
/// are such files.
std::vector<std::filesystem::path> filesNamed(const OpenedFile& file, const std::string& name) {
    const auto folder = file.path().parent_path();
    const std::size_t place = name.find("%b");
    std::vector<std::filesystem::path> files;
    for (std::size_t block = 0; block == 0 || place != std::string::npos; ++block) {
        std::string one = name;
        if (place != std::string::npos) one.replace(place, 2, std::to_string(block));
        std::filesystem::path found = OpenedFile::referredFile(folder, one);
        if (found.empty()) break;
        files.push_back(std::move(found));
    }
    return files;
}

/// Whether values in other files may be read, and all of those files are there.
std::string judgeOtherFiles(const OpenedFile& file, const std::vector<std::string>& names) {
    std::string missing;
    for (const std::string& name : names) {
        const bool isPattern = name.find('%') != std::string::npos;
        const std::vector<std::filesystem::path> files = filesNamed(file, name);
        if (!isPattern && files.empty()) {
            missing += (missing.empty() ? "" : ", ") + validUtf8(name);
        }
        for (const std::filesystem::path& other : files)
            if (file.followsExternalLinks()) file.noteFollowed(other);
    }
    if (!file.followsExternalLinks()) {
        return "Its values lie in other files (" + validUtf8(names.front()) +
               (names.size() > 1 ? ", ..." : "") +
               "), which are read only with --follow-external-links.";
    }
    if (missing.empty()) return {};
    return "Its values lie in files that are missing: " + missing + ".";
}

void readExternalFiles(hid_t creation, const OpenedFile& file, OutlineEntry& entry) {
    const int count = H5Pget_external_count(creation);
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
        std::array<char, 4096> name{};
        off_t offset = 0;
        hsize_t size = 0;
        if (H5Pget_external(creation, static_cast<unsigned>(i), name.size() - 1, name.data(),
                            &offset, &size) >= 0) {
            names.emplace_back(name.data());
        }
    }
    entry.info.storage.layout = "external";
    entry.access.indirect = true;
    if (!names.empty()) entry.access.unreadable = judgeOtherFiles(file, names);
}

void readVirtualSources(hid_t creation, const OpenedFile& file, OutlineEntry& entry) {
    entry.info.storage.layout = "virtual";
    entry.access.indirect = true;
    std::size_t count = 0;
    H5Pget_virtual_count(creation, &count);
    std::vector<std::string> others;
    std::set<std::filesystem::path> sources;
    for (std::size_t i = 0; i < count; ++i) {
        std::array<char, 4096> name{};
        if (H5Pget_virtual_filename(creation, i, name.data(), name.size() - 1) < 0) continue;
        if (std::string_view(name.data()) == ".") {
            sources.insert(file.path());
            continue;
        }
        if (!others.empty() && others.back() == name.data()) continue;
        others.emplace_back(name.data());
        for (const std::filesystem::path& other : filesNamed(file, others.back()))
            sources.insert(other);
    }
    if (!others.empty()) entry.access.unreadable = judgeOtherFiles(file, others);
    // All that its sources can hold between them.
    for (const std::filesystem::path& source : sources) {
        std::error_code failure;
        const std::uintmax_t size = std::filesystem::file_size(source, failure);
        if (!failure) entry.access.backingBytes += size;
    }
}

/// Size of the file that holds a dataset, which a followed link may have led to.
std::uint64_t sizeOfFileWith(hid_t dataset) {
    const ssize_t length = H5Fget_name(dataset, nullptr, 0);
    if (length <= 0) return 0;
    std::string name(static_cast<std::size_t>(length), '\0');
    H5Fget_name(dataset, name.data(), name.size() + 1);
    std::error_code failure;
    const std::uintmax_t size = std::filesystem::file_size(name, failure);
    return failure ? 0 : size;
}

void checkContiguous(hid_t dataset, OutlineEntry& entry) {
    const haddr_t offset = H5Dget_offset(dataset);
    if (offset == HADDR_UNDEF) return;
    const std::uint64_t size = sizeOfFileWith(dataset);
    if (offset > size || entry.info.bytes > size - offset) {
        entry.access.unreadable =
            "Its values would lie beyond the end of the file, which is damaged.";
    }
}

void checkClaim(OutlineEntry& entry) {
    const std::uint64_t stored = entry.access.backingBytes;
    if (!entry.access.unreadable.empty() || entry.info.bytes <= toleratedFillBytes) return;
    if (entry.info.bytes / greatestCompression > stored) {
        entry.access.unreadable = "Claims " + formatBytes(entry.info.bytes) + " but no more than " +
                                  formatBytes(stored) +
                                  " are stored: nearly all of its values were never written.";
    }
}

}  // namespace

void readStorage(const Hdf5Pass& pass, const OpenedFile& file, hid_t dataset, OutlineEntry& entry) {
    const Hdf5Handle creation(pass, H5Dget_create_plist(dataset));
    if (!creation.valid()) {
        entry.access.unreadable = "Its storage cannot be told: " + hdf5Reason(pass) + ".";
        return;
    }
    entry.info.storage.storedBytes = H5Dget_storage_size(dataset);
    entry.access.backingBytes = entry.info.storage.storedBytes;
    switch (H5Pget_layout(creation.id())) {
        case H5D_COMPACT:
            entry.info.storage.layout = "compact";
            entry.access.indirect = true;
            break;
        case H5D_CONTIGUOUS:
            entry.info.storage.layout = "contiguous";
            if (H5Pget_external_count(creation.id()) > 0) {
                readExternalFiles(creation.id(), file, entry);
            } else {
                checkContiguous(dataset, entry);
                checkClaim(entry);
            }
            break;
        case H5D_CHUNKED:
            entry.info.storage.layout = "chunked";
            entry.access.indirect = true;
            readChunks(creation.id(), entry);
            checkClaim(entry);
            break;
        case H5D_VIRTUAL:
            readVirtualSources(creation.id(), file, entry);
            checkClaim(entry);
            break;
        default:
            entry.access.unreadable = "Is stored in a way that this HDF5 library does not know.";
    }
}

}  // namespace quantscope
