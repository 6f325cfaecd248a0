// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/quant/codeword_format.h"
#include "core/quant/encoded_tensor.h"
#include "plugins/vptq/vptq_settings.h"

namespace quantscope::vptq {

/// Names of sections, after those of the gains and of CodewordFormat.
inline constexpr const char* columnsSection = "columns";  ///< A bit per column: an outlier or not.
std::string codesSection(const ColumnKind& kind);
std::string bookSection(const ColumnKind& kind, Index stage);

/// A bit for each of `cols` columns, set for `outliers` (ascending).
Section columnMap(Index cols, std::span<const Index> outliers);

/// What an encoded tensor holds besides its codes: which column is of which kind, the gains of the
/// rows, and the codebooks.
struct VptqModel {
    /// Where a column is coded.
    struct Place {
        std::size_t kind = 0;
        Index rank = 0;  ///< Among the columns of the kind.
    };

    VptqSettings settings;
    Index rows = 0;
    Index cols = 0;
    std::vector<ColumnKind> kinds;
    std::vector<Place> places;  ///< By column.
    std::vector<double> gains;
    CodewordFormat format{true, 0};
    std::vector<std::vector<Matrix>> books;  ///< By kind and stage, as decoders read them.

    /// Throws Error when the sections do not fit together.
    static VptqModel load(const EncodedTensor& tensor);

    double gainOf(Index row) const { return gains[settings.gains.unitOf(row)]; }
    /// What the codes of a vector (one per stage) say of one of its rows, without gain.
    float component(std::size_t kind, std::span<const std::uint32_t> codes, Index at) const;
};

/// Throws Error when the codes do not fit the tensor's shape.
void checkCodes(const EncodedTensor& tensor);
/// The codes of the vectors of a kind, stage by stage and vector by vector, in 32 bits each, and
/// their sections.
/// After checkCodes().
std::vector<std::uint32_t> loadCodes(const EncodedTensor& tensor, const ColumnKind& kind);
Section storeCodes(const ColumnKind& kind, Index rows, std::span<const std::uint32_t> codes);

/// What all that costs.
RateLedger rateOf(const VptqSettings& settings, Index rows, Index cols);

}  // namespace quantscope::vptq
