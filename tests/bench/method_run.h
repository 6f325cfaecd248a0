// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "core/quant/method.h"
#include "core/tensor/tensor_source.h"

namespace quantscope::bench {

/// What quantizing a matrix took and lost.
struct MethodRun {
    double trainSeconds = 0.0;   ///< Processor seconds until encoding begins.
    double encodeSeconds = 0.0;  ///< The rest.
    double decodeSeconds = 0.0;
    double wallTrainSeconds = 0.0;
    double wallEncodeSeconds = 0.0;
    double relativeError = 0.0;  ///< Squared error over energy.
    double bitsPerWeight = 0.0;
};

/// Quantizes and decodes as a trial does. `text`: "pq:m=16,bits=8".
MethodRun runMethod(std::shared_ptr<const Method> method, const std::string& text,
                    const TensorSource& source, std::uint64_t seed);

}  // namespace quantscope::bench
