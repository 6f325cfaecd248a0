// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/matrix_view.h"
#include "core/quant/method_spec.h"
#include "core/quant/rate.h"

namespace quantscope {

/// Bytes of an encoded tensor that are spent on one thing.
struct Section {
    std::string name;  ///< Self-describing: "codes", "scales", "codebook/stage 1".
    RatePart part = RatePart::Codes;
    std::uint64_t usedBits = 0;  ///< The rest of the bytes is padding.
    std::vector<std::uint8_t> bytes;
};

/// Everything that is stored of a quantized tensor: sections of bytes, and a small header that says
/// how to read them. A decoder works from this alone, so the ledger, which is the sum of the
/// sections, cannot leave anything out. The header must not grow with the tensor.
struct EncodedTensor {
    MethodSpec method;  ///< With every parameter, defaults included.
    Index rows = 0;
    Index cols = 0;
    /// What decoders need besides the sections. Every method may also add "details" (an object of
    /// figures about how the codes were chosen) and "remarks" (sentences for the user); both go to
    /// the trial's record.
    Json header = Json::object();
    std::vector<Section> sections;

    /// Throws Error when the section is missing (a damaged artifact).
    const Section& section(std::string_view name) const;
    bool hasSection(std::string_view name) const;
    RateLedger rate() const;
};

}  // namespace quantscope
