// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/dataset_reader.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

constexpr std::size_t leastCacheBytes = std::size_t{2} << 20;
/// Threads that read neighbouring blocks may be on either side of a border between chunks.
constexpr std::size_t chunksAcross = 2;
constexpr std::size_t mostCacheBytes = std::size_t{64} << 20;
/// A prime well above the number of chunks that fit the cache, as the HDF5 manual advises.
constexpr std::size_t cacheSlots = 12421;

std::string quotedLocation(const OpenedFile& file, const DatasetAccess& access) {
    return "'" + printableText(objectName(access.path)) + "' of '" +
           printableText(file.path().filename().string()) + "'";
}

/// Of one chunk. HDF5 takes chunks of up to 4 GiB.
std::size_t chunkBytes(const DatasetAccess& access) {
    if (access.chunk.empty()) return 0;
    constexpr std::size_t most = std::size_t{4} << 30;
    std::size_t bytes = static_cast<std::size_t>(std::max(1, access.element.bytes));
    for (const Index length : access.chunk) {
        const auto extent = static_cast<std::size_t>(std::max<Index>(1, length));
        if (bytes > most / extent) return most;
        bytes *= extent;
    }
    return bytes;
}

}  // namespace

DatasetReader::DatasetReader(std::shared_ptr<const OpenedFile> file, const DatasetAccess& access,
                             std::size_t cacheBytes)
    : m_file(std::move(file)), m_access(access) {
    const Hdf5Pass pass;
    const Hdf5Handle properties = m_file->datasetAccess(pass);
    if (!access.chunk.empty()) {
        // 1: chunks that were read to the end are dropped first.
        H5Pset_chunk_cache(properties.id(), cacheSlots, cacheBytes, 1.0);
    }
    m_dataset = Hdf5Handle(pass, H5Dopen2(m_file->id(), access.path.c_str(), properties.id()));
    if (!m_dataset.valid()) {
        throw hdf5Error(pass, quotedLocation(*m_file, access) + " cannot be opened");
    }
    m_memoryType = access.element.convertedByHdf5 ? Hdf5Handle(pass, H5Tcopy(H5T_NATIVE_DOUBLE))
                                                  : Hdf5Handle(pass, H5Dget_type(m_dataset.id()));
}

Index DatasetReader::boxElements(const GridBox& box) {
    return elementCount(box.count);
}

void DatasetReader::readRaw(const GridBox& box, std::byte* out, const std::string& subject) const {
    const std::vector<hsize_t> start(box.start.begin(), box.start.end());
    const std::vector<hsize_t> count(box.count.begin(), box.count.end());
    const Hdf5Pass pass;
    // The box in memory has as many axes as in the file: HDF5 is several times slower otherwise.
    const Hdf5Handle memory(
        pass, H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
    const Hdf5Handle space(pass, H5Dget_space(m_dataset.id()));
    const bool selected =
        box.start.empty() || H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr,
                                                 count.data(), nullptr) >= 0;
    if (!selected ||
        H5Dread(m_dataset.id(), m_memoryType.id(), memory.id(), space.id(), H5P_DEFAULT, out) < 0) {
        throw hdf5Error(pass, subject + " cannot be read", "Copy or download the file again.");
    }
}

template <typename T>
void DatasetReader::read(const GridBox& box, T* out) const {
    const std::string subject = quotedLocation(*m_file, m_access);
    if constexpr (std::is_same_v<T, float>) {
        if (m_access.element.isNativeFloat32()) {
            return readRaw(box, reinterpret_cast<std::byte*>(out), subject);
        }
    }
    const auto elements = static_cast<std::size_t>(boxElements(box));
    std::vector<std::byte> raw(elements * static_cast<std::size_t>(m_access.element.bytes));
    readRaw(box, raw.data(), subject);
    decodeElements(m_access.element, raw.data(), elements, out);
}

template <typename T>
void DatasetReader::readAll(T* out, const std::stop_token& stop) const {
    const Index total = size();
    for (Index first = 0; first < total; first += maximumBoxElements) {
        const Index end = std::min(total, first + maximumBoxElements);
        forEachBox(m_access.shape, first, end, [&](const GridBox& box) {
            throwIfStopped(stop);
            read(box, out);
            out += boxElements(box);
        });
    }
}

template void DatasetReader::read<float>(const GridBox&, float*) const;
template void DatasetReader::read<std::int64_t>(const GridBox&, std::int64_t*) const;
template void DatasetReader::readAll<double>(double*, const std::stop_token&) const;
template void DatasetReader::readAll<std::int64_t>(std::int64_t*, const std::stop_token&) const;

void DatasetReader::readThrough(const std::function<void()>& progress) const {
    const Index total = size();
    std::vector<std::byte> raw(static_cast<std::size_t>(std::min(total, maximumBoxElements)) *
                               static_cast<std::size_t>(m_access.element.bytes));
    for (Index first = 0; first < total; first += maximumBoxElements) {
        const Index end = std::min(total, first + maximumBoxElements);
        forEachBox(m_access.shape, first, end,
                   [&](const GridBox& box) { readRaw(box, raw.data(), "It"); });
        progress();
    }
}

std::size_t chunkCacheBytes(const DatasetAccess& access, const std::vector<int>& rowAxes) {
    std::size_t bytes = chunksAcross * static_cast<std::size_t>(std::max(1, access.element.bytes));
    for (std::size_t axis = 0; axis < access.chunk.size(); ++axis) {
        const auto chunk = static_cast<std::size_t>(std::max<Index>(1, access.chunk[axis]));
        const auto length = static_cast<std::size_t>(access.shape[axis]);
        // Consecutive rows run along all axes but the first that makes rows.
        const bool comesLast = !rowAxes.empty() && rowAxes.front() == static_cast<int>(axis);
        const std::size_t extent = comesLast ? chunk : (length + chunk - 1) / chunk * chunk;
        // Beyond the limit the exact figure does not matter.
        bytes = bytes > mostCacheBytes / std::max<std::size_t>(1, extent) ? mostCacheBytes
                                                                          : bytes * extent;
    }
    // A chunk that does not fit would be decompressed anew for every box that is read of it.
    return std::max(std::clamp(bytes, leastCacheBytes, mostCacheBytes), chunkBytes(access));
}

}  // namespace quantscope
