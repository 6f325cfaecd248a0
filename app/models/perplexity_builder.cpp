// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/perplexity_builder.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "app/models/trade_off_builder.h"

namespace quantscope {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("quantscope::PerplexityData", text);
}

PerplexityPoint::Kind kindOf(const EvaluationRecord& record) {
    switch (record.kind) {
        case EvaluationRecord::Kind::Plan:
            return PerplexityPoint::Kind::Plan;
        case EvaluationRecord::Kind::Artifacts:
            return PerplexityPoint::Kind::Artifacts;
        case EvaluationRecord::Kind::Model:
        case EvaluationRecord::Kind::Method:
            break;
    }
    return PerplexityPoint::Kind::Method;
}

void markFront(std::vector<PerplexityPoint>& points) {
    std::vector<double> bits;
    std::vector<double> values;
    for (const PerplexityPoint& point : points) {
        bits.push_back(point.bitsPerWeight);
        values.push_back(point.perplexity);
    }
    const std::vector<bool> front = paretoFront(bits, values, Better::Lower);
    for (std::size_t i = 0; i < points.size(); ++i)
        points[i].onFront = front[i];
}

}  // namespace

PerplexityData buildPerplexity(const std::vector<EvaluationRecord>& records,
                               const std::filesystem::path& tokens) {
    PerplexityData data;
    const std::string wanted = tokens.empty()
                                   ? std::string()
                                   : std::filesystem::absolute(tokens).lexically_normal().string();
    // The file may have changed since: its newest content counts.
    const auto newest = std::find_if(
        records.rbegin(), records.rend(),
        [&](const EvaluationRecord& record) { return wanted.empty() || record.tokens == wanted; });
    if (newest == records.rend()) return data;
    data.tokens = QString::fromStdString(std::filesystem::path(newest->tokens).filename().string());
    std::size_t others = 0;
    std::size_t infinite = 0;
    for (const EvaluationRecord& record : records) {
        if (record.tokensFingerprint != newest->tokensFingerprint) {
            ++others;
        } else if (record.kind == EvaluationRecord::Kind::Model) {
            data.reference = record.perplexity;
            data.referenceError = record.standardError;
        } else if (!std::isfinite(record.perplexity)) {
            ++infinite;
        } else {
            PerplexityPoint point;
            point.label = QString::fromStdString(record.label);
            point.family = QString::fromStdString(record.family);
            point.kind = kindOf(record);
            point.bitsPerWeight = record.bitsPerWeight;
            point.perplexity = record.perplexity;
            point.error = record.standardError;
            point.divergence = record.divergence;
            point.divergenceError = record.divergenceError;
            data.points.push_back(std::move(point));
        }
    }
    std::ranges::stable_sort(data.points, std::less(), &PerplexityPoint::bitsPerWeight);
    markFront(data.points);
    if (others > 0) {
        data.remarks << tr("%1 evaluations on other tokens are not shown.").arg(others);
    }
    if (infinite > 0) data.remarks << tr("%1 settings have no finite perplexity.").arg(infinite);
    return data;
}

}  // namespace quantscope
