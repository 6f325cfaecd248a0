// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/quant/quantizer.h"
#include "core/tensor/tensor_info.h"

namespace quantscope {

/// One method with fixed parameters on one tensor.
struct Trial {
    /// Hash of everything that decides the result: tensor name and folding, the file's fingerprint,
    /// normalization, the resolved method, the side information's fingerprint, seed. 32 hex digits.
    std::string id;
    std::string tensor;
    FoldRule fold;
    Shape shape;  ///< As stored in the file.
    Index rows = 0;
    Index cols = 0;
    bool normalized = false;
    bool hasHessian = false;    ///< The side information has a Hessian for this tensor.
    bool hasCodebooks = false;  ///< Codebooks for this tensor are given.
    bool isSearched = false;    ///< The file has queries with exact neighbours among its rows.
    MethodSpec method;          ///< Resolved.
    std::string methodText;     ///< Abbreviated text form: the label everywhere.
    std::uint64_t seed = 0;
    Preflight preflight;
    /// Most memory that it takes while it runs, roughly: the method's, the result, side information
    /// and what measuring needs.
    std::uint64_t bytes = 0;
};

}  // namespace quantscope
