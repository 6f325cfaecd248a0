// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/kquant/kquant_layout.h"

namespace quantscope::kquant {

// Names of the sections of an encoded tensor. Superblocks are consecutive weights of the row-major
// tensor; the last one is filled up with zeros.
inline constexpr const char* codesSection = "codes";    ///< `bits` bits per weight.
inline constexpr const char* scalesSection = "scales";  ///< `scaleBits` bits per part.
inline constexpr const char* minimaSection = "minima";  ///< The same, of affine layouts.
/// binary16 per superblock, for affine layouts scale and minimum in turn.
inline constexpr const char* floatsSection = "superblocks";
/// 16 bits: the power of two that all floats are multiplied by.
inline constexpr const char* exponentSection = "exponent";
inline constexpr int exponentBits = 16;

/// The superblocks that a tensor of this many weights has.
Index superblockCount(const Layout& layout, Index weights);

/// Quantizes superblocks of consecutive weights on their own.
class KquantQuantizer final : public Quantizer {
public:
    /// `spec` is resolved.
    explicit KquantQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    Layout m_layout;
    bool m_useHessian;
};

}  // namespace quantscope::kquant
