// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/io/tensor_file.h"
#include "core/quant/side_information.h"

namespace quantscope {

/// Codebooks of tensors by name, from an HDF5 file. For a tensor T the first of these counts:
///   T/codebooks/NAME   count x dim, one dataset for each codebook, in the natural order of their
///                      names: what `quantscope-cli unpack` writes
///   codebooks/T        count x dim: one codebook; books x count x dim: several of one size
///   T                  likewise
///   codebooks/shared/NAME   count x dim, as the first; or `codebooks`, as the second: of every
///                      tensor without its own
class CodebookFile {
public:
    /// Opens and lists the file; no values are read. Throws Error as TensorFile::open does.
    static std::shared_ptr<const CodebookFile> open(const std::filesystem::path& path,
                                                    const OpenOptions& options);
    /// On a file that is open already.
    explicit CodebookFile(std::shared_ptr<const TensorFile> file) : m_file(std::move(file)) {}

    const std::filesystem::path& path() const { return m_file->path(); }

    /// What the headers tell of the codebooks of a tensor: a description without values; null when
    /// the file has none for it.
    std::shared_ptr<const GivenCodebooks> describe(const std::string& tensor) const;
    /// The same with its values. Throws Error as well when one is NaN or infinite; and Cancelled.
    std::shared_ptr<const GivenCodebooks> codebooks(const std::string& tensor,
                                                    const std::stop_token& stop = {}) const;

    std::string fingerprint(const std::stop_token& stop) const { return m_file->fingerprint(stop); }

private:
    std::vector<const TensorInfo*> find(const std::string& tensor) const;

    std::shared_ptr<const TensorFile> m_file;
};

}  // namespace quantscope
