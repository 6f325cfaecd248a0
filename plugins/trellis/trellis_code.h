// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <stop_token>

#include "core/quant/encoded_tensor.h"
#include "plugins/trellis/trellis_settings.h"

namespace quantscope::trellis {

/// The values of all states. Codes are about N(0,1).
class TrellisCode {
public:
    static constexpr const char* tableSection = "codebook/table";

    /// Trains the table of a hybrid code, on a fixed sample of N(0,1), so it is the same for every
    /// tensor. Throws Cancelled.
    TrellisCode(const TrellisSettings& settings, const std::stop_token& stop);
    /// Reads the table of a hybrid code. Throws Error when it does not fit.
    TrellisCode(const TrellisSettings& settings, const EncodedTensor& tensor);

    /// A row for each of the values of a step, 2^stateBits columns.
    MatrixView values() const { return m_values.view(); }
    /// The largest magnitude of a value.
    float largest() const;
    /// What has to be stored; nothing but for hybrid codes.
    std::optional<Section> section() const;
    static std::uint64_t storedBits(const TrellisSettings& settings);

private:
    void fill(const TrellisSettings& settings);

    Matrix m_values;
    Matrix m_table;  ///< 512 x V, hybrid codes only.
};

}  // namespace quantscope::trellis
