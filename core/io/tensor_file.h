// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/tensor/tensor_info.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// How to open a file that may be broken or hostile.
struct OpenOptions {
    /// Program that probes the file in a process of its own before this process touches it (it is
    /// started as `<prober> __probe ...`); empty opens the file unprobed, for files we just wrote.
    std::filesystem::path prober;
    bool followExternalLinks = false;
    std::stop_token stop = {};  ///< Ends the probing with Cancelled.
};

/// What is known of an embedding file with queries and exact neighbours (ann-benchmarks layout).
struct SearchGroundTruth {
    std::string queries;    ///< Name of the tensor of queries, for example "test".
    std::string neighbors;  ///< Name of the dataset with row numbers of the nearest training rows.
    bool angular = false;   ///< Vectors are to be L2-normalised first; distance is 1 - cosine.
    std::string base = "train";           ///< Name of the tensor whose rows are searched.
    std::string distances = "distances";  ///< Name of the distances to the neighbours, if present.
};

/// An HDF5 file opened for reading: headers are listed at once, values are read when asked for.
/// All calls may come from any thread; HDF5 itself is entered by one thread at a time.
class TensorFile {
public:
    /// Throws Error with the reason when the file cannot be opened or listed, and Cancelled.
    static std::shared_ptr<TensorFile> open(const std::filesystem::path& path,
                                            const OpenOptions& options);
    virtual ~TensorFile() = default;

    virtual const std::filesystem::path& path() const = 0;
    /// Layout for people and for `inspect --json`: "keras2", "keras3", "ann-benchmarks",
    /// "matlab-7.3", "h5ad", "hugging-face", "generic".
    virtual std::string layout() const = 0;
    /// Every entry in the order of the file, quantizable or not.
    virtual std::span<const TensorInfo> tensors() const = 0;
    const TensorInfo* find(const std::string& name) const;

    // What follows may first have to probe a large dataset, which takes as long as reading it, and
    // throws Cancelled within a moment of a stop request.

    /// Opens a tensor folded by `fold`. Throws Error if it is not numeric or cannot be read safely.
    virtual std::unique_ptr<TensorSource> source(const std::string& name, const FoldRule& fold,
                                                 const std::stop_token& stop = {}) const = 0;
    /// Reads a whole tensor as float64 in file order; for side information such as Hessians.
    virtual std::vector<double> readDoubles(const std::string& name,
                                            const std::stop_token& stop = {}) const = 0;
    /// Reads a whole dataset of integers in file order; for token ids.
    virtual std::vector<std::int64_t> readIntegers(const std::string& name,
                                                   const std::stop_token& stop = {}) const = 0;
    /// Reads the first `columns` integers of each row of a dataset with two axes, row by row; for
    /// neighbours, of which files hold more than are asked for. Throws Error when it has fewer.
    virtual std::vector<std::int64_t> readFirstIntegers(const std::string& name, Index columns,
                                                        const std::stop_token& stop = {}) const = 0;
    /// Attributes of the root group that are short texts or numbers, as text.
    virtual std::map<std::string, std::string> rootAttributes() const = 0;
    virtual std::optional<SearchGroundTruth> groundTruth() const = 0;

    /// Identity of the content for resuming runs: a 128-bit XXH3 hash over the file's size and all
    /// its bytes, as 32 hex digits; where links into other files are followed, over the
    /// fingerprints of those files too. Computed once for as long as the files do not change.
    virtual std::string fingerprint(const std::stop_token& stop) const = 0;
};

}  // namespace quantscope
