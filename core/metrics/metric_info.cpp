// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metrics/metric_info.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

constexpr std::array metricTable = {
    MetricInfo{"nmse", "NMSE", "", Better::Lower, "|W - Q|^2 / |W|^2",
               "0 when W and Q are both zero, infinite when W alone is zero. A weight error, not a "
               "measure of the model's quality."},
    MetricInfo{"sqnr_db", "SQNR", "dB", Better::Higher, "-10 log10(NMSE)",
               "Infinite when nothing is lost; about 6.02 dB per bit is the most that a Gaussian "
               "source allows."},
    MetricInfo{"mse", "MSE", "", Better::Lower, "|W - Q|^2 / n",
               "Mean squared error per weight, in the squared unit of the weights."},
    MetricInfo{"rmse", "RMSE", "", Better::Lower, "sqrt(|W - Q|^2 / n)",
               "Root of the mean squared error, in the unit of the weights."},
    MetricInfo{"cosine", "Cosine similarity", "", Better::Higher, "<W, Q> / (|W| |Q|)",
               "Over the whole tensor as one vector; 1 when both are zero, 0 when one is."},
    MetricInfo{"max_abs_error", "Largest absolute error", "", Better::Lower, "max |w - q|",
               "In the unit of the weights."},
    MetricInfo{"hessian_error", "Hessian-weighted error", "", Better::Lower,
               "tr(E H E^T) / tr(W H W^T)",
               "Share of the layer's output energy that is lost; H is the given Hessian, or its "
               "diagonal when only that is known. Shown only with side information."},
    MetricInfo{
        "gaussian_gap_db", "Gap to the Gaussian bound", "dB", Better::Lower,
        "20 log10(2) x bits per weight - SQNR",
        "How far the SQNR stays below what any quantizer could reach on independent Gaussian "
        "weights with the same total bits. Negative values show that the weights are not "
        "like that."},
    MetricInfo{
        "shannon_percent", "Share of Shannon's SQNR", "%", Better::Higher,
        "100 x SQNR / (20 log10(2) x bits per weight)",
        "What part of the SQNR that the bits allow on independent Gaussian weights is reached. "
        "Above 100 where the weights are not like that."},
    MetricInfo{"incoherence_before", "Incoherence before transforms", "", Better::Lower,
               "max |w| sqrt(n) / |W|",
               "Of the weights; shown only where a transform stands in front of the quantizer."},
    MetricInfo{"incoherence_after", "Incoherence after transforms", "", Better::Lower,
               "max |w| sqrt(n) / |W|",
               "Of what the quantizer behind the last transform gets. Of n Gaussian weights about "
               "sqrt(2 ln n)."},
    MetricInfo{"kurtosis_before", "Kurtosis before transforms", "", Better::Lower,
               "n sum (w - m)^4 / (sum (w - m)^2)^2",
               "Of the weights, m their mean; shown only where a transform stands in front of the "
               "quantizer."},
    MetricInfo{"kurtosis_after", "Kurtosis after transforms", "", Better::Lower,
               "n sum (w - m)^4 / (sum (w - m)^2)^2",
               "Of what the quantizer behind the last transform gets; 3 for Gaussian weights."},
    MetricInfo{"qsur_before", "Space utilization before transforms (QSUR)", "", Better::Higher,
               "(volume of the 99% ellipsoid / (2 max |w|)^d)^(1/d)",
               "Of the weights, by the covariance of the rows in runs of d = 16 columns (OSTQuant "
               "2025); shown only where a transform stands in front of the quantizer."},
    MetricInfo{
        "qsur_after", "Space utilization after transforms (QSUR)", "", Better::Higher,
        "(volume of the 99% ellipsoid / (2 max |w|)^d)^(1/d)",
        "Of what the quantizer behind the last transform gets. A larger share of the cube that "
        "a grid covers is used; a comparison, as the ellipsoid may stand out of the cube."},
    MetricInfo{"utilization", "Codebook utilization", "", Better::Higher, "used codewords / K",
               "Mean over the codebooks; counts are exact, over all codes."},
    MetricInfo{"codebook_perplexity", "Codebook perplexity", "", Better::Higher,
               "2^H, H = -sum p_k log2 p_k",
               "Mean over the codebooks; K when all codewords are used equally often."},
    MetricInfo{"dead_codes", "Dead codes", "", Better::Lower, "codewords with a count of 0",
               "Sum over the codebooks: paid for, but never used."},
    MetricInfo{"entropy_bits_per_weight", "Entropy-coded bits per weight", "", Better::Lower,
               "(sum over codebooks of codes x H + bits of all other parts) / n",
               "What the tensor would cost if the codes of each codebook were entropy-coded on "
               "their own, without memory; not the size of the saved file."},
    MetricInfo{
        "recall_at_10", "Recall@10", "", Better::Higher,
        "mean over queries of |found 10 and true 10| / 10",
        "Exact queries against reconstructed vectors by squared Euclidean distance, compared "
        "with the file's neighbours by row number."},
    MetricInfo{"nearest_in_10", "Nearest in top 10", "", Better::Higher,
               "share of queries whose true nearest row is among the found 10",
               "Faiss calls this 1-recall@10."},
};

}  // namespace

std::span<const MetricInfo> allMetrics() {
    return metricTable;
}

const MetricInfo& metricInfo(std::string_view id) {
    const auto found = std::ranges::find(metricTable, id, &MetricInfo::id);
    if (found != metricTable.end()) return *found;
    std::vector<std::string> ids;
    std::string list;
    for (const MetricInfo& info : metricTable) {
        ids.emplace_back(info.id);
        list += (list.empty() ? "" : ", ") + ids.back();
    }
    const std::string near = nearestWord(id, ids);
    throw Error("There is no metric '" + std::string(id) + "'.",
                (near.empty() ? "" : "Did you mean '" + near + "'? ") + "Available: " + list + ".");
}

}  // namespace quantscope
