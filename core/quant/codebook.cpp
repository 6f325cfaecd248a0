// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/codebook.h"

#include <cmath>
#include <numeric>

namespace quantscope {

CodebookUsage codebookUsage(const Codebook& codebook) {
    CodebookUsage usage;
    const auto total = static_cast<double>(
        std::accumulate(codebook.counts.begin(), codebook.counts.end(), std::uint64_t{0}));
    for (const std::uint64_t count : codebook.counts) {
        if (count == 0) continue;
        ++usage.used;
        const double share = static_cast<double>(count) / total;
        usage.entropyBits -= share * std::log2(share);
    }
    const std::uint64_t size = codebook.counts.size();
    usage.dead = size - usage.used;
    usage.utilization =
        size > 0 ? static_cast<double>(usage.used) / static_cast<double>(size) : 0.0;
    usage.perplexity = total > 0 ? std::exp2(usage.entropyBits) : 0.0;
    return usage;
}

}  // namespace quantscope
