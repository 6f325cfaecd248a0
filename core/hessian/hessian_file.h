// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/io/fingerprint.h"
#include "core/io/tensor_file.h"
#include "core/quant/side_information.h"

namespace quantscope {

/// Side information of tensors by name, from an importance file of llama.cpp (diagonals; see
/// readImportanceFile) or an HDF5 file. For a tensor T with C input channels, the first of these
/// entries of the latter counts:
///   hessian/T, T/hessian      C x C: the Hessian itself; C: its diagonal
///   activations/T             n x C inputs x of the layer, from which H = (1/n) sum x x^T is made
///   T                         C x C or C, as for hessian/T
class HessianFile {
public:
    /// What an entry holds, by its place and shape.
    enum class Kind { Full, Diagonal, Activations };

    struct Entry {
        std::string name;    ///< In the file.
        std::string tensor;  ///< That it describes.
        Kind kind = Kind::Full;
        Index size = 0;  ///< Number of input channels.
    };

    /// Opens and lists the file; no values are read. Throws Error as TensorFile::open does.
    static std::shared_ptr<const HessianFile> open(const std::filesystem::path& path,
                                                   const OpenOptions& options);
    /// On a file that is open already.
    explicit HessianFile(std::shared_ptr<const TensorFile> file);

    const std::filesystem::path& path() const { return m_path; }
    /// What the file offers, one entry a tensor, in the order of the file.
    const std::vector<Entry>& entries() const { return m_entries; }
    bool contains(const std::string& tensor) const { return find(tensor) != nullptr; }

    /// What the headers tell of the Hessian of a tensor with `cols` input channels: a description
    /// without values; null when the file has none for it. Throws Error when the entry is of
    /// another size.
    std::shared_ptr<const Hessian> describe(const std::string& tensor, Index cols) const;
    /// The same with its values. Throws Error as well when the entry holds NaN or infinities, is
    /// not symmetric, has a negative diagonal or cannot be positive semidefinite, as far as pairs
    /// of channels show (h_ij^2 > h_ii h_jj); and Cancelled.
    std::shared_ptr<const Hessian> hessian(const std::string& tensor, Index cols,
                                           const std::stop_token& stop = {}) const;

    std::string fingerprint(const std::stop_token& stop) const;

private:
    explicit HessianFile(const std::filesystem::path& importance);

    const Entry* find(const std::string& tensor) const;
    Hessian described(const Entry& entry, const std::string& tensor, Index cols) const;

    std::filesystem::path m_path;
    std::shared_ptr<const TensorFile> m_file;                ///< Null for an importance file.
    std::map<std::string, std::vector<double>> m_diagonals;  ///< Of an importance file, by entry.
    std::unique_ptr<FileSetFingerprint> m_fingerprint;       ///< Of an importance file.
    std::vector<Entry> m_entries;
};

}  // namespace quantscope
