// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor/fold_rule.h"

namespace quantscope {

/// How a file stores the values of a tensor.
struct StorageInfo {
    /// "contiguous", "chunked", "compact", "external", "virtual".
    std::string layout;
    Shape chunk;  ///< Chunk lengths; empty unless chunked.
    std::vector<std::string>
        filters;  ///< In pipeline order: "shuffle", "gzip", "filter 32001 (Blosc)".
    std::uint64_t storedBytes = 0;  ///< What the values take in the file.
};

/// One entry of a file as its headers describe it; no values were read.
struct TensorInfo {
    std::string name;   ///< Path in the file without the leading slash.
    Shape shape;        ///< As stored, outermost axis first.
    std::string dtype;  ///< "float32", "bfloat16", "float64 big-endian", "string", "compound", ...
    int bitsPerElement = 0;   ///< Of the stored type; what an unquantized element costs.
    std::uint64_t bytes = 0;  ///< Elements x element size, before compression.
    StorageInfo storage;
    bool quantizable = false;
    bool auxiliary = false;   ///< Serves training, not the model: quantized only when named.
    std::string reason;       ///< Why it is not quantizable, or a caution when it is; may be empty.
    std::string orientation;  ///< For people: "rows = output channels (PyTorch linear)".
    FoldRule fold;       ///< The folding that follows from the orientation; the user may change it.
    std::string link;    ///< "soft link to /a/b", "external link to x.h5:/a"; empty otherwise.
    std::string sameAs;  ///< Name of the entry that is the same data, listed first; may be empty.
};

}  // namespace quantscope
