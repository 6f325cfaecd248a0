// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtTest>
#include <algorithm>
#include <string>

#include "core/base/parallel.h"
#include "tests/plugins/conformance/loaded_plugins.h"
#include "tests/plugins/conformance/variants.h"
#include "tests/plugins/method_bench.h"

// What the tests of the suite share: one data row for each setting of each plugin, and running one.

namespace quantscope::test {

// Sanitizers and missing optimization make everything several times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
constexpr double slowness = 5.0;
#else
constexpr double slowness = 1.0;
#endif

constexpr std::uint64_t trialSeed = 7;

inline EncodedTensor encode(const MethodSpec& spec, const TensorSource& source,
                            const RunContext& context = RunContext(trialSeed)) {
    PhaseSeconds seconds;
    const auto quantizer = registry().quantizer(spec);
    const SideInformation side = sideFor(*quantizer, source.rows(), source.cols());
    return quantizer->quantize(source, side, context, seconds);
}

inline QuantizedTensor quantize(const MethodSpec& spec, const Matrix& weights) {
    return {encode(spec, ViewSource(weights.view())), registry()};
}

inline bool sameValues(MatrixView a, MatrixView b) {
    if (a.rows != b.rows || a.cols != b.cols) return false;
    for (Index r = 0; r < a.rows; ++r) {
        if (std::memcmp(a.row(r).data(), b.row(r).data(), a.row(r).size_bytes()) != 0) return false;
    }
    return true;
}

/// Adds a row "text of the setting" for each of `variants`, with the setting as JSON text.
inline void addRows(const std::vector<MethodSpec>& variants) {
    for (const MethodSpec& spec : variants) {
        const std::string label = registry().abbreviate(spec).toText();
        QTest::newRow(label.c_str()) << QString::fromStdString(spec.toJson().dump());
    }
}

inline void addPlainRows(const Occasion& occasion = {}) {
    QTest::addColumn<QString>("method");
    for (const auto& method : registry().methods())
        addRows(plainVariants(*method, occasion));
}

inline void addPlainAndRandomRows(int randomCount, const Occasion& occasion = {}) {
    addPlainRows(occasion);
    for (const auto& method : registry().methods()) {
        addRows(randomVariants(*method, occasion, randomCount));
    }
}

/// Whether `method` is the setting or a method in its parameters: a method that only chooses codes
/// may leave a tensor of the method whose codes they are.
inline bool isOrHolds(const MethodSpec& spec, const MethodSpec& method) {
    if (spec == method) return true;
    const std::vector<ParameterSpec> schema = registry().method(spec.id).parameters();
    return std::ranges::any_of(schema, [&](const ParameterSpec& parameter) {
        return parameter.type == ParameterType::Method &&
               isOrHolds(MethodSpec::fromJson(spec.parameters.at(parameter.id)), method);
    });
}

/// The setting of the current row.
inline MethodSpec currentMethod() {
    return MethodSpec::fromJson(Json::parse(
        (*static_cast<QString*>(QTest::qData("method", qMetaTypeId<QString>()))).toStdString()));
}

}  // namespace quantscope::test
