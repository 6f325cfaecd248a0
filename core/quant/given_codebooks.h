// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"
#include "core/quant/side_information.h"

namespace quantscope {

/// Extent of a codebook that a method needs.
struct CodebookSize {
    Index count = 0;
    Index dim = 0;

    bool operator==(const CodebookSize&) const = default;
};

/// The value of a parameter "start" for codebooks out of a file.
inline constexpr const char* givenStart = "given";
ParameterChoice givenStartChoice();

/// Why `given` (may be null, or a description) cannot be what codes with these codebooks start
/// from, with a way out; empty when it can. `otherStart` is the value of "start" without them.
std::string refuseGiven(const GivenCodebooks* given, const std::vector<CodebookSize>& wanted,
                        const std::string& otherStart);

/// Why errors cannot be weighted by the diagonal of the Hessian of a tensor with `cols` columns,
/// with a way out (`otherwise`: "error=squared"); empty when they can.
std::string refuseWeights(const SideInformation& side, Index cols, const std::string& otherwise);

/// Their codewords times 2^-exponent, as the vectors of a TrainingSample are. Throws Error when
/// they lie outside of what `half` (binary16, else binary32) can store at this scale.
std::vector<Matrix> scaledCodebooks(const GivenCodebooks& given, int exponent, bool half);

}  // namespace quantscope
