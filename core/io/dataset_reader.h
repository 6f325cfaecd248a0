// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/io/file_outline.h"
#include "core/io/grid_box.h"

namespace quantscope {

/// Reads boxes of one numeric dataset. May be used by several threads at once.
class DatasetReader {
public:
    /// No single call into HDF5 reads more elements than this, so that a stop request is answered
    /// soon and other threads get their turn.
    static constexpr Index maximumBoxElements = Index{1} << 20;

    /// Opens the dataset; `cacheBytes` is how much HDF5 may keep of decompressed chunks. Throws
    /// Error.
    DatasetReader(std::shared_ptr<const OpenedFile> file, const DatasetAccess& access,
                  std::size_t cacheBytes);

    const DatasetAccess& access() const { return m_access; }
    /// Elements of the whole dataset.
    Index size() const { return elementCount(m_access.shape); }

    /// Reads a box in file order into `out`: float, double or std::int64_t (integers only). Throws
    /// Error.
    template <typename T>
    void read(const GridBox& box, T* out) const;

    /// Reads all elements in file order, in boxes.
    template <typename T>
    void readAll(T* out, const std::stop_token& stop) const;

    /// Has HDF5 fetch every value and throws them away, to see whether it can. `progress` is called
    /// after every box.
    void readThrough(const std::function<void()>& progress) const;

private:
    /// `subject` begins the message of an error: "'w' of 'x.h5'".
    void readRaw(const GridBox& box, std::byte* out, const std::string& subject) const;
    static Index boxElements(const GridBox& box);

    std::shared_ptr<const OpenedFile> m_file;
    DatasetAccess m_access;
    Hdf5Handle m_dataset;
    Hdf5Handle m_memoryType;  ///< What HDF5 hands over: the stored type itself unless it converts.
};

/// How much chunk cache lets every chunk be decompressed once when the matrix that `rowAxes` make
/// of the dataset is read in consecutive rows; between 2 MiB and 64 MiB, but at least one chunk.
std::size_t chunkCacheBytes(const DatasetAccess& access, const std::vector<int>& rowAxes);

}  // namespace quantscope
