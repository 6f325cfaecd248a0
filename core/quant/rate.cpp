// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/rate.h"

#include <numeric>

namespace quantscope {

std::string_view ratePartName(RatePart part) {
    switch (part) {
        case RatePart::Codes:
            return "codes";
        case RatePart::Scales:
            return "scales";
        case RatePart::Codebooks:
            return "codebooks";
        case RatePart::Transforms:
            return "transforms";
        case RatePart::Outliers:
            return "outliers";
        case RatePart::Factors:
            return "factors";
        case RatePart::Padding:
            return "padding";
    }
    return "";
}

std::uint64_t RateLedger::totalBits() const {
    return std::accumulate(bits.begin(), bits.end(), std::uint64_t{0});
}

RateLedger& RateLedger::operator+=(const RateLedger& other) {
    for (std::size_t i = 0; i < bits.size(); ++i)
        bits[i] += other.bits[i];
    return *this;
}

double RateLedger::bitsPerWeight(Index weights) const {
    return weights > 0 ? static_cast<double>(totalBits()) / static_cast<double>(weights) : 0.0;
}

double RateLedger::bitsPerWeight(RatePart part, Index weights) const {
    return weights > 0 ? static_cast<double>((*this)[part]) / static_cast<double>(weights) : 0.0;
}

}  // namespace quantscope
