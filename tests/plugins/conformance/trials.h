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

/// Of the settings that a test is about: all, or, where everything is slow, some. Sanitizers look
/// for faults of memory and arithmetic, and those need each setting once, not under each test.
enum class Share { All, SomeWhereSlow };

/// Adds a row "text of the setting" for each of `variants`, with the setting as JSON text.
inline void addRows(const std::vector<MethodSpec>& variants, Share share = Share::All) {
    const std::size_t step = share == Share::SomeWhereSlow && slowness > 1.0 ? 6 : 1;
    for (std::size_t i = 0; i < variants.size(); i += step) {
        const MethodSpec& spec = variants[i];
        const std::string label = withoutDefaults(spec).toText();
        QTest::newRow(label.c_str()) << QString::fromStdString(spec.toJson().dump());
    }
}

inline void addPlainRows(const Occasion& occasion = {}, Share share = Share::All) {
    QTest::addColumn<QString>("method");
    for (const auto& method : registry().methods())
        addRows(plainVariants(*method, occasion), share);
}

inline void addSomeRows(const Occasion& occasion = {}) {
    addPlainRows(occasion, Share::SomeWhereSlow);
}

inline void addPlainAndRandomRows(int randomCount, Share share = Share::All) {
    const Occasion occasion;
    addPlainRows(occasion, share);
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
