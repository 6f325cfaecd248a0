// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/quant/code_grid.h"
#include "core/quant/codebook.h"
#include "core/quant/encoded_tensor.h"
#include "core/quant/run_context.h"
#include "core/quant/side_information.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// What is known before a quantizer runs on a rows x cols tensor.
struct Preflight {
    /// Why it cannot run, in words with a way out; empty when it can. ("The 8 slices need 1 to 64
    /// columns each, but the tensor has 6 columns. Choose m <= 6.")
    std::string refusal;
    /// Runs, but the user should know ("Each of 8 codebooks has 256 codewords and wants about 9,984
    /// training vectors; the tensor has 64.").
    std::vector<std::string> warnings;
    RateLedger rate;                 ///< Exactly what the result will cost, unless ...
    bool rateIsExact = true;         ///< ... it depends on the weights; then `rate` is an estimate.
    std::uint64_t workingBytes = 0;  ///< Peak memory besides the result, roughly.
    double multiplyAdds = 0.0;       ///< Work, roughly; for time estimates.
    /// Layer loss to expect, relative to that of rounding to nearest; for methods that carry errors
    /// over, where it can be told at once.
    std::optional<double> expectedGain;
};

/// Turns the stored bytes of a tensor back into values. Immutable; all calls from any thread.
class Decoder {
public:
    virtual ~Decoder() = default;

    /// Fills `out` (rows x all columns) with rows firstRow ...
    virtual void decode(Index firstRow, MatrixSpan out) const = 0;
    virtual std::vector<Codebook> codebooks() const = 0;
    /// The values that the weight at (row, column) could have taken, ascending; empty where codes
    /// stand for vectors. For pictures of the levels.
    virtual std::vector<float> levels(Index row, Index column) const = 0;

    /// For those who read codes with programs of their own; empty where values follow from more
    /// than codes and codewords.
    virtual std::optional<CodeShape> codeShape() const { return std::nullopt; }
    /// Fills `out` with the codes of rows firstRow ..., row by row, vector by vector. Only with a
    /// codeShape(), of which `out` holds whole rows.
    virtual void codes(Index /*firstRow*/, std::span<std::uint32_t> /*out*/) const {}

    /// Stages of which the tensor is the sum, and the first ones alone a coarser one; 0 for none.
    virtual Index stages() const { return 0; }
    /// As decode(), with the first `count` of stages() alone, at least one.
    virtual void decodeStages(Index /*count*/, Index firstRow, MatrixSpan out) const {
        decode(firstRow, out);
    }
};

/// A method with parameters: quantizes tensors. Immutable; all calls from any thread.
class Quantizer {
public:
    virtual ~Quantizer() = default;

    /// Judges a tensor by its shape and by what side information there is; must be fast. Values of
    /// a Hessian may be missing (Hessian::hasValues); what depends on them is left to quantize.
    virtual Preflight preflight(Index rows, Index cols, const SideInformation& side) const = 0;

    /// Trains on `weights` and encodes them; only called when preflight does not refuse. Loops go
    /// through core/base/parallel.h; random numbers come from `context`. Adds its times to
    /// `seconds.train` and `seconds.encode`. Throws Error (NaN in the weights, for example) or
    /// Cancelled.
    virtual EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                                   const RunContext& context, PhaseSeconds& seconds) const = 0;

    /// Whether fitGrid() has something to offer.
    virtual bool hasGrid() const { return false; }
    /// Why fitGrid() cannot offer a grid for tensors with `cols` columns, with a way out; empty
    /// when it can.
    virtual std::string refuseGrid(Index /*cols*/) const {
        if (hasGrid()) return {};
        return "It has no grid on which codes could be chosen column by column. Choose another "
               "base, for example scalar.";
    }
    /// How many consecutive input channels a code of that grid stands for, on a tensor with `cols`
    /// columns: CodeGrid::columnsPerCode(), before anything is trained. Only where refuseGrid() has
    /// nothing to say.
    virtual Index channelsPerCode(Index /*cols*/) const { return 1; }
    /// The grid that quantize() would code `weights` on, for methods that choose the codes
    /// themselves; null when the codes cannot be chosen column by column. `weights` outlives it.
    /// Adds its time to `seconds.train`. Throws as quantize() does.
    virtual std::unique_ptr<CodeGrid> fitGrid(const TensorSource& /*weights*/,
                                              const SideInformation& /*side*/,
                                              const RunContext& /*context*/,
                                              PhaseSeconds& /*seconds*/) const {
        return nullptr;
    }
};

}  // namespace quantscope
