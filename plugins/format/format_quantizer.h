// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/format/block_scales.h"
#include "plugins/format/format_settings.h"

namespace quantscope::format {

/// How codes lie in their section: one after the other, or, where they are ternary, five in a byte
/// (the first counts least) and rows beginning with whole bytes.
class CodePacking {
public:
    static constexpr const char* sectionName = "codes";

    CodePacking(const Element& element, Index cols)
        : m_width(element.width()), m_inBytes(element.isTernary()), m_cols(cols) {}

    int bitsPerCode() const { return m_inBytes ? 8 : m_width; }
    Index valuesPerCode() const { return m_inBytes ? digits : 1; }
    /// Stored codes of a row.
    Index perRow() const { return m_inBytes ? (m_cols + digits - 1) / digits : m_cols; }

    void pack(std::span<const std::uint32_t> codes, Index firstRow,
              std::span<std::uint8_t> bytes) const;
    /// Codes of one row.
    void unpack(std::span<const std::uint8_t> bytes, Index row,
                std::span<std::uint32_t> codes) const;

private:
    static constexpr Index digits = 5;

    int m_width;
    bool m_inBytes;
    Index m_cols;
};

/// Quantizes weights in a number format. Reads the tensor in blocks of rows, twice: for the scales
/// and for the codes.
class FormatQuantizer final : public Quantizer {
public:
    /// `spec` is resolved.
    explicit FormatQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;

private:
    double scaleFor(std::span<const float> weights) const;
    double ruleScale(std::span<const float> weights) const;
    std::vector<double> scaleCandidates(double scale) const;

    MethodSpec m_spec;
    FormatSettings m_settings;
    ScaleCoder m_scaleCoder;
};

}  // namespace quantscope::format
