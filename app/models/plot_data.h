// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <array>
#include <optional>
#include <vector>

#include "core/metrics/metric_info.h"
#include "core/quant/rate.h"

namespace quantscope {

/// What the plots draw: plain values, reduced off the UI thread, with every label ready. The same
/// structs feed the window, figure files and the table twin of each plot.

/// One trial in the trade-off plot.
struct TradeOffPoint {
    QString trialId;
    QString tensor;
    QString method;  ///< The label; see labelOf().
    QString family;  ///< Method id; decides colour and marker shape.
    double bitsPerWeight = 0.0;
    double value = 0.0;  ///< Of the chosen metric.
    bool onFront = false;
    bool sampled = false;  ///< From a row sample (live preview), drawn dimmed.
    QString details;       ///< The whole configuration and all figures, for the hover text.
    QStringList members;   ///< Ids of all trials it stands for; more than one when aggregated.
};

/// A named curve over bits per weight.
struct TradeOffLine {
    QString name;  ///< "Gaussian bound (6.02 dB per bit)", "Uniform scalar, per row".
    std::vector<double> bitsPerWeight;
    std::vector<double> values;
};

/// Error against bits per weight. Points of one tensor, or weighted means over all chosen tensors.
struct TradeOffData {
    MetricInfo metric;
    std::vector<TradeOffPoint> points;
    /// Pareto-optimal points: one line overall, or one per tensor with a short name for it.
    std::vector<TradeOffLine> fronts;
    std::vector<TradeOffLine> bounds;
    std::vector<TradeOffLine> baselines;  ///< Of each tensor; the same name for the same kind.
    std::vector<QString> remarks;         ///< "2 failed trials are not shown", ...
};

/// Usage of one codebook, most used codeword first.
struct UtilizationSeries {
    QString name;                ///< "stage 1".
    std::vector<double> shares;  ///< Share of codes per codeword, descending; sums to 1.
    int dead = 0;
    double perplexity = 0.0;
};
struct UtilizationData {
    QString title;  ///< Method and tensor.
    std::vector<UtilizationSeries> codebooks;
};

/// Bits per weight of trials, stacked by ledger part.
struct RateBar {
    QString trialId;  ///< Empty for a bar that stands for several trials.
    QString label;
    std::array<double, allRateParts.size()> bitsPerWeight{};
};
struct RateBarsData {
    QString title;  ///< What all bars have in common: the tensor, "35 tensors together"; or empty.
    std::vector<RateBar> bars;
};

/// Figures of the codebooks of one trial, all of them shares of the same whole.
struct SharesSeries {
    QString name;                ///< "as they are", "rotated".
    std::vector<double> shares;  ///< One per codebook.
};
struct SharesData {
    QString title;
    QString axis;           ///< What a codebook belongs to: "Slice".
    QString measure;        ///< "Share of the variance (%)".
    QStringList codebooks;  ///< Their names.
    std::vector<SharesSeries> series;
};

/// What training minimized, iteration by iteration.
struct TrainingSeries {
    QString name;                ///< "stage 2".
    std::vector<double> values;  ///< NMSE of the training data.
};
struct TrainingData {
    QString title;
    QString note;  ///< "running"; empty when it has ended.
    std::vector<TrainingSeries> series;
};

/// A measured result that a tensor may get under a plan.
struct PlanChoice {
    QString trialId;
    QString method;
    double bitsPerWeight = 0.0;
    double loss = 0.0;
};

/// What a tensor gets under a plan.
struct PlanBar {
    QString tensor;
    QString label;                    ///< Short, and like no other's.
    QString family;                   ///< Method id of its result.
    std::vector<PlanChoice> choices;  ///< By ascending bits.
    int chosen = 0;                   ///< Among the choices.
    bool locked = false;
    QStringList tiedWith;    ///< Tensors that get the same method as this one.
    double lossShare = 0.0;  ///< Of the plan's loss.
    /// Loss that the next better result would save, and the next cheaper one add, per bit.
    std::optional<double> gainPerBit;
    std::optional<double> lossPerBit;

    const PlanChoice& choice() const { return choices[static_cast<std::size_t>(chosen)]; }
};
struct PlanData {
    double budget = 0.0;  ///< Bits per weight of all tensors together.
    std::vector<PlanBar> bars;
};

/// Losses that plans and single methods come to, by bits per weight of all tensors together.
struct BudgetPoint {
    double bitsPerWeight = 0.0;
    double loss = 0.0;
    QString label;  ///< Of a single method; empty for plans.
};
struct BudgetCurveData {
    QString lossName;                  ///< "tr(E H E^T)".
    std::vector<BudgetPoint> plans;    ///< By ascending bits.
    std::vector<BudgetPoint> uniform;  ///< One method for all tensors.
    std::optional<BudgetPoint> current;
};

/// A language model's perplexity while results of a run take the place of its tensors.
struct PerplexityPoint {
    /// What takes the place of the tensors.
    enum class Kind { Method, Plan, Artifacts };
    QString label;   ///< Text of the method, or what plan or artifacts these are.
    QString family;  ///< Method id; decides colour and marker shape. Empty for others.
    Kind kind = Kind::Method;
    double bitsPerWeight = 0.0;  ///< Of the replaced tensors.
    double perplexity = 0.0;
    double error = 0.0;       ///< Standard error of the perplexity.
    double divergence = 0.0;  ///< Nats a token, from the model as it is.
    double divergenceError = 0.0;
    bool onFront = false;
};
struct PerplexityData {
    QString tokens;                       ///< Name of the file.
    std::vector<PerplexityPoint> points;  ///< By ascending bits.
    std::optional<double> reference;      ///< Of the model as it is.
    double referenceError = 0.0;
    QStringList remarks;
    QString problem;  ///< Why there are no points; empty when there is nothing wrong.
};

/// What one method alone costs each tensor, or what a tensor's curve says.
struct SensitivityBar {
    QString trialId;
    QString tensor;
    QString label;  ///< Short, and like no other's.
    double bitsPerWeight = 0.0;
    double loss = 0.0;
    double lossShare = 0.0;            ///< Of the sum over all tensors.
    std::optional<double> gainPerBit;  ///< The most that a better result of the tensor saves.
};
struct SensitivityData {
    QString method;  ///< Label of the method.
    QString family;
    QString lossName;
    std::vector<SensitivityBar> bars;  ///< In the order of the run.
    QStringList methods;               ///< What could be chosen: those with results on all tensors.
};

/// What error feedback was expected to gain by the Hessian, and what it gained.
struct GainPoint {
    QString trialId;
    QString tensor;
    QString method;
    QString base;           ///< Id of the method whose grid was rounded to.
    double expected = 0.0;  ///< tr D / tr H: layer loss over that of rounding to nearest.
    double obtained = 0.0;  ///< The same ratio as it came out, on a sample of the rows.
};
struct GainData {
    std::vector<GainPoint> points;
};

/// Distribution of the weights with the values that the quantizer offers.
struct LevelsData {
    QString title;
    double low = 0.0;  ///< Left border of the first bin.
    double binWidth = 0.0;
    std::vector<double> weightDensity;   ///< Share of weights per bin.
    std::vector<double> decodedDensity;  ///< Share of decoded values per bin; may be empty.
    std::vector<double> levels;          ///< Reconstruction values; empty for vector quantizers.
    QString note;                        ///< "sample of 4,096 rows"; empty when exact.
};

/// Error per cell of the matrix, reduced to at most a few hundred cells a side (root mean square of
/// the error in each cell, relative to the root mean square of all weights).
struct ErrorMapData {
    QString title;
    int rows = 0;
    int cols = 0;
    std::vector<double> values;  ///< Row-major, rows x cols; row 0 is that of the matrix.
    double tensorRows = 0.0;     ///< Extent of the axes.
    double tensorCols = 0.0;
};

}  // namespace quantscope
