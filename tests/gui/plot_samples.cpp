// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_samples.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace quantscope::samples {

namespace {

void markFront(TradeOffData& data) {
    const bool lower = data.metric.better == Better::Lower;
    std::vector<std::size_t> order(data.points.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::ranges::sort(order, {}, [&](std::size_t i) { return data.points[i].bitsPerWeight; });
    TradeOffLine front{QStringLiteral("Pareto front"), {}, {}};
    for (const std::size_t i : order) {
        TradeOffPoint& point = data.points[i];
        const bool better = front.values.empty() || (lower ? point.value < front.values.back()
                                                           : point.value > front.values.back());
        point.onFront = better;
        if (!better) continue;
        front.bitsPerWeight.push_back(point.bitsPerWeight);
        front.values.push_back(point.value);
    }
    data.fronts = {front};
}

void addPoint(TradeOffData& data, const QString& family, const QString& method, double bits,
              double nmse) {
    TradeOffPoint point;
    point.trialId = QStringLiteral("t%1").arg(data.points.size());
    point.tensor = QStringLiteral("layers.0.self_attn.q_proj");
    point.method = method;
    point.family = family;
    point.bitsPerWeight = bits;
    point.value = data.metric.unit == "dB" ? -10.0 * std::log10(nmse) : nmse;
    point.details = QStringLiteral("%1 on %2\nbits per weight %3\nNMSE %4\nseed 0")
                        .arg(method, point.tensor)
                        .arg(bits)
                        .arg(nmse);
    data.points.push_back(point);
}

}  // namespace

MetricInfo nmse() {
    return {"nmse", "NMSE", "", Better::Lower, "", ""};
}

MetricInfo sqnr() {
    return {"sqnr_db", "SQNR", "dB", Better::Higher, "", ""};
}

TradeOffData tradeOff(bool decibels) {
    TradeOffData data;
    data.metric = decibels ? sqnr() : nmse();
    const auto shown = [&](double value) { return decibels ? -10.0 * std::log10(value) : value; };
    TradeOffLine bound{QStringLiteral("Gaussian bound (6.02 dB per bit)"), {}, {}};
    TradeOffLine baseline{QStringLiteral("Uniform scalar, per row"), {}, {}};
    for (int bits = 0; bits <= 10; ++bits) {
        bound.bitsPerWeight.push_back(bits);
        bound.values.push_back(shown(std::pow(4.0, -bits)));
    }
    for (int bits = 2; bits <= 8; ++bits) {
        const double uniform = 3.2 * std::pow(4.0, -bits) * (1.0 + 0.1 * bits);
        baseline.bitsPerWeight.push_back(bits + 0.25);
        baseline.values.push_back(shown(uniform));
        addPoint(data, "scalar", QStringLiteral("scalar:%1,row").arg(bits), bits + 0.25, uniform);
        addPoint(data, "scalar", QStringLiteral("scalar:%1,group,g32").arg(bits), bits + 0.53,
                 0.8 * uniform);
        addPoint(data, "scalar", QStringLiteral("scalar:%1,lloyd").arg(bits), bits + 0.05,
                 0.7 * uniform);
    }
    for (int m = 1; m <= 5; ++m) {
        addPoint(data, "pq", QStringLiteral("pq:m=%1,8").arg(8 * m), 0.9 * m + 0.6,
                 1.9 * std::pow(4.0, -0.9 * m));
    }
    for (int stages = 1; stages <= 6; ++stages) {
        addPoint(data, "rvq", QStringLiteral("rvq:%1x8,dim8").arg(stages), stages + 0.35,
                 1.45 * std::pow(4.0, -0.97 * stages));
    }
    for (int bits = 2; bits <= 5; ++bits) {
        addPoint(data, "mixed", QStringLiteral("mixed:%1").arg(bits), bits + 0.12,
                 1.6 * std::pow(4.0, -bits));
    }
    data.bounds = {bound};
    data.baselines = {baseline};
    markFront(data);
    return data;
}

TradeOffData tradeOffOfTensors() {
    TradeOffData all;
    all.metric = nmse();
    double factor = 1.0;
    for (const char* tensor : {"embed_tokens", "layers.0.q_proj", "layers.4.down_proj"}) {
        TradeOffData one = tradeOff();
        for (TradeOffPoint& point : one.points) {
            point.tensor = QString::fromLatin1(tensor);
            point.trialId += u'-' + point.tensor;
            point.value *= factor;
            all.points.push_back(point);
        }
        for (double& value : one.fronts[0].values)
            value *= factor;
        one.fronts[0].name = QString::fromLatin1(tensor);
        all.fronts.push_back(one.fronts[0]);
        all.bounds = one.bounds;
        factor *= 3.0;
    }
    all.points[3].sampled = true;
    all.points[5].sampled = true;
    all.remarks = {QStringLiteral("2 failed trials are not shown")};
    return all;
}

TradeOffData crowdedTradeOff(int count) {
    TradeOffData data;
    data.metric = nmse();
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    data.points.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const bool scalar = i % 3 != 0;
        const double bits = (scalar ? 4.0 : 2.5) + 0.7 * normal(random);
        TradeOffPoint point;
        point.trialId = QStringLiteral("t%1").arg(i);
        point.family = scalar ? QStringLiteral("scalar") : QStringLiteral("rvq");
        point.method = point.family;
        point.bitsPerWeight = std::max(0.1, bits);
        point.value = std::pow(4.0, -point.bitsPerWeight) * std::exp(1.0 + 0.4 * normal(random));
        point.onFront = i % 1000 == 0;
        data.points.push_back(point);
    }
    return data;
}

TradeOffData plainTradeOff(const std::vector<double>& values, const MetricInfo& metric) {
    TradeOffData data;
    data.metric = metric;
    for (std::size_t i = 0; i < values.size(); ++i) {
        TradeOffPoint point;
        point.trialId = QStringLiteral("t%1").arg(i);
        point.tensor = QStringLiteral("w");
        point.method = QStringLiteral("scalar:%1").arg(i + 1);
        point.family = QStringLiteral("scalar");
        point.bitsPerWeight = static_cast<double>(i) + 1.0;
        point.value = values[i];
        data.points.push_back(point);
    }
    return data;
}

UtilizationData utilization(int codebooks, int codewords, int dead, double exponent) {
    UtilizationData data;
    data.title = QStringLiteral("rvq:stages=%1,dim=8 on layers.0.self_attn.q_proj").arg(codebooks);
    for (int i = 0; i < codebooks; ++i) {
        UtilizationSeries series;
        series.name = QStringLiteral("stage %1").arg(i + 1);
        series.dead = std::min(codewords - 1, dead * i);
        double sum = 0.0;
        for (int k = 0; k < codewords; ++k) {
            const bool used = k < codewords - series.dead;
            const double share =
                used ? std::pow(1.0 + 0.05 * k, -exponent * (1.0 - 0.8 * i / codebooks)) : 0.0;
            series.shares.push_back(share);
            sum += share;
        }
        double entropy = 0.0;
        for (double& share : series.shares) {
            share /= sum;
            if (share > 0.0) entropy -= share * std::log2(share);
        }
        series.perplexity = std::exp2(entropy);
        data.codebooks.push_back(series);
    }
    return data;
}

SharesData shares(int slices, bool rotated) {
    SharesData data;
    data.title = QStringLiteral("pq:m=%1,rotation=opq on train").arg(slices);
    data.axis = QStringLiteral("Slice");
    data.measure = QStringLiteral("Share of the variance (%)");
    double sum = 0.0;
    for (int i = 0; i < slices; ++i)
        sum += std::pow(0.7, i);
    SharesSeries plain{QStringLiteral("Rows as they are"), {}};
    SharesSeries even{QStringLiteral("Rotated rows"), {}};
    for (int i = 0; i < slices; ++i) {
        data.codebooks << QStringLiteral("slice %1").arg(i + 1);
        plain.shares.push_back(std::pow(0.7, i) / sum);
        even.shares.push_back(1.0 / slices);
    }
    data.series.push_back(std::move(plain));
    if (rotated) data.series.push_back(std::move(even));
    return data;
}

TrainingData training(int curves, int iterations) {
    TrainingData data;
    data.title = QStringLiteral("rvq:stages=%1 on layers.0.self_attn.q_proj").arg(curves);
    for (int curve = 0; curve < curves; ++curve) {
        TrainingSeries series{QStringLiteral("stage %1").arg(curve + 1), {}};
        for (int i = 0; i < std::max(2, iterations - 3 * curve); ++i)
            series.values.push_back(std::pow(0.4, curve + 1) * (1.0 + 0.5 * std::exp(-0.4 * i)));
        data.series.push_back(std::move(series));
    }
    return data;
}

PlanData plan(int tensors) {
    PlanData data;
    data.budget = 4.0;
    for (int i = 0; i < tensors; ++i) {
        PlanBar bar;
        bar.tensor = QStringLiteral("layers.%1.self_attn.q_proj.weight").arg(i);
        bar.label = QString::number(i);
        bar.family = i % 3 == 0 ? QStringLiteral("rvq") : QStringLiteral("scalar");
        for (int bits = 2; bits <= 6; ++bits) {
            bar.choices.push_back({QStringLiteral("t%1-%2").arg(i).arg(bits),
                                   QStringLiteral("%1:bits=%2").arg(bar.family).arg(bits),
                                   bits + 0.1, std::exp2(-2.0 * bits)});
        }
        bar.chosen = i % 5;
        bar.locked = i % 5 == 0;
        bar.lossShare = 1.0 / tensors;
        if (bar.chosen < 4) bar.gainPerBit = 0.01;
        if (bar.chosen > 0) bar.lossPerBit = 0.03;
        data.bars.push_back(std::move(bar));
    }
    return data;
}

BudgetCurveData budgetCurve() {
    BudgetCurveData data;
    data.lossName = QStringLiteral("Squared error of the weights");
    for (int i = 0; i <= 20; ++i)
        data.plans.push_back({2.0 + 0.2 * i, std::exp2(-2.0 * (2.0 + 0.2 * i)), {}});
    for (int bits = 2; bits <= 6; ++bits) {
        data.uniform.push_back(
            {bits + 0.1, 2.0 * std::exp2(-2.0 * bits), QStringLiteral("scalar:bits=%1").arg(bits)});
    }
    data.current = BudgetPoint{4.0, std::exp2(-8.0), {}};
    return data;
}

PerplexityData perplexity() {
    PerplexityData data;
    data.tokens = QStringLiteral("evaluation-tokens.h5");
    data.reference = 4.0;
    data.referenceError = 0.05;
    for (int i = 0; i <= 8; ++i) {
        PerplexityPoint point;
        point.bitsPerWeight = 2.0 + 0.5 * i;
        point.perplexity = 4.0 + 400.0 * std::exp2(-2.0 * i) * (i % 3 == 2 ? 0.5 : 1.0);
        point.error = 0.02 * point.perplexity;
        point.divergence = std::log(point.perplexity / 4.0);
        point.kind = i % 3 == 2 ? PerplexityPoint::Kind::Plan : PerplexityPoint::Kind::Method;
        point.onFront = i % 3 != 1;
        point.family = i % 3 == 2   ? QString()
                       : i % 2 == 0 ? QStringLiteral("scalar")
                                    : QStringLiteral("rvq");
        point.label = QStringLiteral("setting %1").arg(i);
        data.points.push_back(point);
    }
    return data;
}

SensitivityData sensitivity(int tensors) {
    SensitivityData data;
    data.method = QStringLiteral("scalar:bits=3");
    data.family = QStringLiteral("scalar");
    data.lossName = QStringLiteral("Squared error of the weights");
    data.methods = QStringList{data.method};
    for (int i = 0; i < tensors; ++i) {
        SensitivityBar bar;
        bar.trialId = QStringLiteral("t%1").arg(i);
        bar.tensor = QStringLiteral("model.layers.%1.mlp.down_proj.weight").arg(i);
        bar.label = QStringLiteral("%1.mlp.down_proj").arg(i);
        bar.bitsPerWeight = 3.1;
        bar.loss = std::pow(10.0, i % 5 - 2);
        bar.lossShare = 1.0 / tensors;
        data.bars.push_back(bar);
    }
    return data;
}

GainData gains() {
    GainData data;
    for (int i = 0; i < 30; ++i) {
        GainPoint point;
        point.trialId = QStringLiteral("t%1").arg(i);
        point.tensor = QStringLiteral("layers.%1.mlp.up_proj").arg(i);
        point.base = i % 2 == 0 ? QStringLiteral("scalar") : QStringLiteral("trellis");
        point.method = QStringLiteral("gptq:base=%1").arg(point.base);
        point.expected = 0.1 + 0.02 * i;
        point.obtained = point.expected * (0.9 + 0.01 * (i * 7 % 20));
        data.points.push_back(point);
    }
    return data;
}

RateBarsData rateBars(int count, bool longLabels) {
    RateBarsData data;
    for (int i = 0; i < count; ++i) {
        RateBar bar;
        bar.trialId = QStringLiteral("t%1").arg(i);
        bar.label = longLabels ? QStringLiteral(
                                     "rvq:stages=%1,bits=8,dim=8,beam=4 on "
                                     "model.layers.%2.self_attn.q_proj.weight")
                                     .arg(i % 4 + 1)
                                     .arg(i)
                               : QStringLiteral("scalar:%1").arg(i + 2);
        const double codes = 1.0 + i % 7;
        bar.bitsPerWeight = {codes, 0.25, i % 2 ? 0.6 : 0.0, i % 3 ? 0.0 : 0.1, i % 4 ? 0.0 : 0.32,
                             0.02};
        data.bars.push_back(bar);
    }
    return data;
}

LevelsData levels(int bits) {
    LevelsData data;
    data.title = QStringLiteral("scalar:%1,row on layers.0.self_attn.q_proj").arg(bits);
    constexpr int bins = 200;
    data.low = -0.4;
    data.binWidth = 0.8 / bins;
    data.weightDensity.resize(bins);
    data.decodedDensity.assign(bins, 0.0);
    const int count = 1 << bits;
    const double step = 0.6 / count;
    for (int i = 0; i < count; ++i)
        data.levels.push_back((i - 0.5 * (count - 1)) * step);
    double sum = 0.0;
    for (int bin = 0; bin < bins; ++bin) {
        const double x = (data.low + (bin + 0.5) * data.binWidth) / 0.09;
        data.weightDensity[static_cast<std::size_t>(bin)] = std::exp(-0.5 * x * x) + 2e-4;
        sum += data.weightDensity[static_cast<std::size_t>(bin)];
    }
    for (int bin = 0; bin < bins; ++bin) {
        double& density = data.weightDensity[static_cast<std::size_t>(bin)];
        density /= sum;
        const double center = data.low + (bin + 0.5) * data.binWidth;
        const auto nearest = std::ranges::min_element(
            data.levels, {}, [&](double level) { return std::abs(level - center); });
        const int target = static_cast<int>((*nearest - data.low) / data.binWidth);
        data.decodedDensity[static_cast<std::size_t>(target)] += density;
    }
    return data;
}

ErrorMapData errorMap(int rows, int cols, bool spike) {
    ErrorMapData data;
    data.title = QStringLiteral("rvq:2,8 on layers.0.self_attn.q_proj");
    data.rows = rows;
    data.cols = cols;
    data.tensorRows = 8.0 * rows;
    data.tensorCols = 4.0 * cols;
    std::mt19937 random(3);
    std::uniform_real_distribution<double> uniform(0.9, 1.1);
    for (int row = 0; row < rows; ++row) {
        for (int col = 0; col < cols; ++col) {
            const double smooth = 0.05 + 0.03 * std::sin(0.2 * col) * std::cos(0.1 * row);
            data.values.push_back((row == rows / 4 ? 2.5 : 1.0) * smooth * uniform(random));
        }
    }
    if (spike) data.values[static_cast<std::size_t>(cols) + 2] = 6.0;
    return data;
}

}  // namespace quantscope::samples
