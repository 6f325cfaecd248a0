// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "core/quant/row_vectors.h"
#include "plugins/e8/e8_books.h"
#include "plugins/e8/e8_settings.h"

namespace quantscope::e8 {

/// The books of a number of bits, and the codes made with them: E8P in the lower 16 bits, the code
/// of the residual above it.
class E8Code {
public:
    explicit E8Code(const E8Settings& settings);

    /// `vectors`: n x 8, of unit variance.
    void encode(MatrixView vectors, std::span<std::uint32_t> codes) const;
    Point point(std::uint32_t code) const;

private:
    void encodeResidual(MatrixView residuals, std::span<std::uint32_t> codes) const;

    E8Settings m_settings;
    E8pBook m_first;
    E8Book m_small;  ///< Second book of 3 bits.
};

/// Quantizes vectors of eight weights of a row by points of the lattice E8.
class E8Quantizer final : public Quantizer {
public:
    static constexpr const char* codesSection = "codes";

    /// `spec` is resolved.
    explicit E8Quantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    bool hasGrid() const override { return true; }
    Index channelsPerCode(Index /*cols*/) const override {
        return m_settings.along == Along::Rows ? dim : 1;
    }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    E8Settings m_settings;
};

/// Writes the points of the vectors of some rows to `out`, without gain; vectors along rows.
void decodeRows(const E8Code& code, const RowVectors& layout, int width,
                std::span<const std::uint8_t> bytes, Index firstRow, MatrixSpan out);

}  // namespace quantscope::e8
