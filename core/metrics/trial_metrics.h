// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/metrics/metric_info.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/run_context.h"
#include "core/quant/side_information.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Measured figures of a trial; definitions in allMetrics(). Absent where a metric does not apply.
/// NMSE and SQNR may be infinite.
struct TrialMetrics {
    std::optional<double> nmse;
    std::optional<double> sqnrDb;
    std::optional<double> mse;
    std::optional<double> rmse;
    std::optional<double> cosine;
    std::optional<double> maxAbsError;
    std::optional<double> hessianError;
    std::optional<double> gaussianGapDb;
    std::optional<double> shannonPercent;
    std::optional<double> incoherenceBefore;
    std::optional<double> incoherenceAfter;
    std::optional<double> kurtosisBefore;
    std::optional<double> kurtosisAfter;
    std::optional<double> qsurBefore;
    std::optional<double> qsurAfter;
    std::optional<double> utilization;
    std::optional<double> codebookPerplexity;
    std::optional<double> deadCodes;
    std::optional<double> entropyBitsPerWeight;
    std::optional<double> recallAt10;
    std::optional<double> nearestIn10;
    /// What nmse and hessianError are relative to, |W|^2 and tr(W H W^T): the weights with which
    /// those of several tensors are combined. Written to JSON, but not among allMetrics().
    std::optional<double> weightEnergy;
    std::optional<double> hessianEnergy;

    bool operator==(const TrialMetrics&) const = default;

    /// Sets gap and share of the Gaussian bound from the SQNR at this rate; leaves them absent
    /// where the SQNR is unknown or infinite, the share also without any bits.
    void compareWithBound(double bitsPerWeight);

    /// The figure with this id of allMetrics(); absent where it does not apply. Throws Error for an
    /// unknown id.
    std::optional<double> value(std::string_view id) const;

    /// These of allMetrics() alone, besides the energies. Throws Error for an unknown id.
    TrialMetrics only(std::span<const std::string> ids) const;

    /// Keys are the ids; metrics that do not apply are left out, infinite ones are null, and minus
    /// infinity is "-inf".
    Json toJson() const;
    /// Throws Error when a known key holds something else; ignores others.
    static TrialMetrics fromJson(const Json& json);
};

/// Compares `weights` with what `quantized` decodes to, in row blocks, and judges its codebooks.
/// With a Hessian in `side` its size must equal the number of columns. Adds the wall time of
/// decoding to `seconds.decode`. Same bits at any thread count. Throws Error (unreadable weights)
/// or Cancelled.
TrialMetrics measure(const TensorSource& weights, const QuantizedTensor& quantized,
                     const SideInformation& side, const RunContext& context, PhaseSeconds& seconds);

/// Memory that measure() takes besides what it is given, roughly; with or without a full Hessian.
std::uint64_t measuringBytes(Index rows, Index cols, bool fullHessian);

}  // namespace quantscope
