// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/encoded_tensor.h"

#include <algorithm>

#include "core/base/error.h"

namespace quantscope {

const Section& EncodedTensor::section(std::string_view name) const {
    const auto found = std::ranges::find(sections, name, &Section::name);
    if (found == sections.end()) {
        throw Error(
            "The encoded tensor (" + method.id + ") has no section '" + std::string(name) + "'.",
            "The artifact is damaged or was written by another version; quantize again.");
    }
    return *found;
}

bool EncodedTensor::hasSection(std::string_view name) const {
    return std::ranges::find(sections, name, &Section::name) != sections.end();
}

RateLedger EncodedTensor::rate() const {
    RateLedger ledger;
    for (const Section& section : sections) {
        ledger[section.part] += section.usedBits;
        ledger[RatePart::Padding] += section.bytes.size() * 8 - section.usedBits;
    }
    return ledger;
}

}  // namespace quantscope
