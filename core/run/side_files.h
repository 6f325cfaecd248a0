// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/hessian/codebook_file.h"
#include "core/hessian/hessian_file.h"

namespace quantscope {

/// Open files with what is known of tensors besides their values. Each may be null.
struct SideFiles {
    std::shared_ptr<const HessianFile> hessians = {};
    std::shared_ptr<const CodebookFile> codebooks = {};

    bool operator==(const SideFiles&) const = default;
};

/// What they say of a tensor whose folded form has `cols` columns: descriptions without values.
/// Throws Error when something does not fit.
SideInformation describeSide(const SideFiles& files, const std::string& tensor, Index cols);
/// The same with its values. Throws Cancelled as well.
SideInformation sideInformation(const SideFiles& files, const std::string& tensor, Index cols,
                                const std::stop_token& stop = {});

}  // namespace quantscope
