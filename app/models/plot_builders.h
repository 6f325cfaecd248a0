// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "app/models/plot_data.h"
#include "app/models/result_set.h"
#include "core/tensor/statistics.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Pure functions from records to what plots draw; see also trade_off_builder.h and
/// error_map_builder.h.

/// Usage of every codebook of a trial, most used codeword first. Empty for a failed trial.
UtilizationData buildUtilization(const TrialRecord& record);

/// What the slices or stages of a trial have to do with (Codebook::varianceShare, residualEnergy);
/// empty for trials without such figures.
SharesData buildShares(const TrialRecord& record);

/// Up to so many trials of one tensor are compared by the use of their codebooks.
inline constexpr std::size_t mostUtilizationTrials = 6;
/// Usage of the codebooks of several trials on one tensor, named by what tells the trials apart
/// ("revive=none: codebook"); nothing when they are more than may be compared, or of several
/// tensors.
std::optional<UtilizationData> compareUtilization(const RecordList& records);

/// Curves of the training of a trial, in the order of its record. Empty where nothing is trained.
TrainingData buildTraining(const TrialRecord& record);

/// Bits per weight by ledger part, in the order given; failed trials are left out. Bars of one
/// tensor bear the name of the method alone, others that and a short name of the tensor.
RateBarsData buildRateBars(const RecordList& records);

/// One bar per method over all tensors: total bits of each part over total weights, in the order of
/// the methods' first records. Only methods with a result on every tensor have a bar.
RateBarsData buildMethodRateBars(const RecordList& records);

/// The bins of a histogram.
struct HistogramAxis {
    double low = 0.0;
    double binWidth = 1.0;
    int bins = 1;

    double high() const { return low + bins * binWidth; }
};

/// `bins` bins over the extremes of the weights, each widened by the width of a cell of
/// ValueHistogram so that it lies inside; or over what lies within `sigmas` standard deviations of
/// the mean, where that is less (0: no such limit). Whole numbers get bins of as many of them each,
/// and so perhaps fewer bins: others would show combs that are not in the data.
HistogramAxis histogramAxis(const TensorStatistics& statistics, int bins, double sigmas);

/// Density of a tensor's weights over `bins` bins between its extremes, with the levels of a trial;
/// `record` may be null. Tails beyond `sigmas` standard deviations are cut off the axis (said in
/// the note), unless `sigmas` is 0.
LevelsData buildLevels(const TensorStatistics& statistics, const TrialRecord* record,
                       int bins = 200, double sigmas = 0.0);

/// Adds the distribution of a trial's decoded values, over the bins that `data` has.
void addDecoded(LevelsData& data, const TensorStatistics& decoded);

/// What a trial makes of its tensor: the weights as its quantizer saw them (of unit length by row,
/// where the trial says so), its levels and, when `decoded` is not null, the decoded values. Reads
/// both sources in parallel; to be called inside a job. Throws Error or Cancelled.
LevelsData buildTrialLevels(const TrialRecord& record, const TensorSource& weights,
                            const TensorSource* decoded, const std::stop_token& stop);

/// The whole configuration and every figure of a trial, line by line, for hover texts.
QString trialDetails(const TrialRecord& record);

/// "scalar:bits=4 on layers.0.q_proj".
QString trialTitle(const TrialRecord& record);

}  // namespace quantscope
