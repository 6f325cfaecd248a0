// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"

namespace quantscope::samples {

/// Made-up plot data of known shape, for tests and for the gallery.

/// Methods of four families at several rates, as on a Gaussian matrix, with the Gaussian bound, the
/// front and one baseline. NMSE, or SQNR in dB.
TradeOffData tradeOff(bool decibels = false);
/// Several tensors with a front each, long names and a remark about failed trials.
TradeOffData tradeOffOfTensors();
/// `count` points in two clouds, every thousandth on the front.
TradeOffData crowdedTradeOff(int count);
/// `values` at 1, 2, 3, ... bits per weight, trials "t0", "t1", ..., family "scalar".
TradeOffData plainTradeOff(const std::vector<double>& values, const MetricInfo& metric);

/// Stages whose usage falls off by a power law; the last `dead` codewords of each are dead.
UtilizationData utilization(int codebooks, int codewords, int dead, double exponent);
RateBarsData rateBars(int count, bool longLabels);
/// `curves` stages that fall towards a limit each, `iterations` values or fewer.
TrainingData training(int curves, int iterations);
SharesData shares(int slices, bool rotated);
/// `tensors` with results at 2, 3, ... 6 bits; every fifth is locked.
PlanData plan(int tensors);
BudgetCurveData budgetCurve();
/// Methods and plans from 2 to 6 bits over a model with a perplexity of 4.
PerplexityData perplexity();
/// Losses over four decades.
SensitivityData sensitivity(int tensors);
/// Around what was expected.
GainData gains();
/// A Gaussian with the levels of a uniform quantizer of `bits` bits.
LevelsData levels(int bits);
/// Smooth error with one bad output channel; `spike` makes one cell dwarf the rest.
ErrorMapData errorMap(int rows, int cols, bool spike);

MetricInfo nmse();
MetricInfo sqnr();

}  // namespace quantscope::samples
