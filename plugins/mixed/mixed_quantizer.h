// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>

#include "core/alloc/greedy_allocation.h"
#include "core/quant/method.h"
#include "plugins/mixed/bit_map.h"

namespace quantscope::mixed {

/// Gives groups of columns different numbers of bits and lets the base method quantize all columns
/// that have the same number together.
class MixedQuantizer final : public Quantizer {
public:
    /// `spec` is resolved. Throws Error when the base has no parameter "bits" or refuses a number
    /// of bits between min and max.
    MixedQuantizer(MethodSpec spec, const MethodRegistry& registry);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    /// When the base has a grid at every number of bits.
    bool hasGrid() const override;
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    struct Choices;

    Choices choicesFor(Index rows, Index cols, const SideInformation& side) const;
    std::vector<double> errorsAt(int bits, const TensorSource& weights, const SideInformation& side,
                                 const RunContext& context) const;
    BitMap allocate(const TensorSource& weights, const SideInformation& side,
                    const Choices& choices, const RunContext& context) const;
    EncodedTensor withMap(const TensorSource& weights, const BitMap& map) const;
    void refuseUnfit(int bits, const TensorSource& part, const SideInformation& side) const;
    void addPart(int bits, const std::vector<Index>& columns, const TensorSource& weights,
                 const SideInformation& side, const RunContext& context, PhaseSeconds& seconds,
                 EncodedTensor& encoded) const;

    MethodSpec m_spec;
    MixedSettings m_settings;
    const MethodRegistry& m_registry;
    bool m_baseBitsGiven = false;
    std::map<int, std::unique_ptr<Quantizer>> m_bases;  ///< By number of bits.
};

/// "3 bits/codes": sections of the part whose columns have 3 bits.
std::string partPrefix(int bits);

/// Adds what the base made of the columns with `bits` bits.
void appendPart(EncodedTensor& encoded, int bits, EncodedTensor part);

}  // namespace quantscope::mixed
