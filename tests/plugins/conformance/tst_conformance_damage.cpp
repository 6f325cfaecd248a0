// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits>

#include "tests/plugins/conformance/trials.h"

using namespace quantscope;
using test::gaussian;
using test::registry;

namespace {

constexpr test::Occasion occasion{260, 18, 1e8 / test::slowness};

enum class Outcome { Refused, Accepted };

/// Uses all of a decoder. Whatever is thrown but Error is a failure of the test; reads out of
/// bounds are for the address sanitizer to find.
Outcome use(const EncodedTensor& encoded) {
    try {
        const QuantizedTensor tensor(encoded, registry());
        constexpr Index mostRows = 512;
        Matrix values(std::min(tensor.rows(), mostRows), tensor.cols());
        tensor.decode(0, values.span());
        tensor.decode(tensor.rows() - values.rows(), values.span());
        tensor.codebooks();
        tensor.levels(0, 0);
        tensor.levels(tensor.rows() - 1, tensor.cols() - 1);
    } catch (const Error&) {
        return Outcome::Refused;
    }
    return Outcome::Accepted;
}

EncodedTensor sample() {
    return test::quantize(test::currentMethod(), gaussian(occasion.rows, occasion.cols)).encoded();
}

/// Everything inside `json` that can be replaced: the paths to objects, arrays and values.
std::vector<Json::json_pointer> places(const Json& json,
                                       const Json::json_pointer& at = Json::json_pointer()) {
    std::vector<Json::json_pointer> all;
    if (!at.empty()) all.push_back(at);
    if (!json.is_object()) return all;
    for (const auto& [key, value] : json.items()) {
        for (auto& place : places(value, at / key))
            all.push_back(std::move(place));
    }
    return all;
}

const std::vector<Json>& wrongValues() {
    static const std::vector<Json> values{nullptr,
                                          true,
                                          0,
                                          -1,
                                          1,
                                          3.5,
                                          99,
                                          1e300,
                                          std::int64_t{1} << 40,
                                          std::numeric_limits<std::int64_t>::max(),
                                          std::numeric_limits<std::int64_t>::min(),
                                          std::numeric_limits<std::uint64_t>::max(),
                                          "nonsense",
                                          Json::array({1, 2}),
                                          Json::object()};
    return values;
}

void useWithWrongValues(EncodedTensor& encoded, Json& json) {
    for (const Json::json_pointer& place : places(json)) {
        const Json whole = json;
        for (const Json& value : wrongValues()) {
            json[place] = value;
            use(encoded);
            json = whole;
        }
        json[place.parent_pointer()].erase(place.back());
        use(encoded);
        json = whole;
    }
}

}  // namespace

/// Artifacts come from anywhere: whatever their bytes, decoding ends with values or with an Error.
class TestConformanceDamage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wholeArtifactsAreAccepted_data() { test::addPlainRows(occasion); }
    void wholeArtifactsAreAccepted() { QCOMPARE(use(sample()), Outcome::Accepted); }

    void wrongSizesAreRefused_data() { test::addPlainRows(occasion); }
    void wrongSizesAreRefused() {
        const EncodedTensor whole = sample();
        for (std::size_t i = 0; i < whole.sections.size(); ++i) {
            const std::size_t size = whole.sections[i].bytes.size();
            const std::string name = whole.sections[i].name;
            for (const std::size_t wrong : {std::size_t{0}, size / 2, size - 1, size + 1}) {
                if (size == 0 && wrong >= size) continue;
                EncodedTensor damaged = whole;
                damaged.sections[i].bytes.resize(wrong);
                QVERIFY2(use(damaged) == Outcome::Refused || wrong == size, name.c_str());
            }
            EncodedTensor without = whole;
            without.sections.erase(without.sections.begin() + static_cast<Index>(i));
            QVERIFY2(use(without) == Outcome::Refused, name.c_str());
        }
    }

    void wrongShapesAreRefused_data() { test::addPlainRows(occasion); }
    void wrongShapesAreRefused() {
        const EncodedTensor whole = sample();
        constexpr Index largest = std::numeric_limits<Index>::max();
        for (const Index wrong : {Index{-1}, Index{0}, Index{1} << 31, Index{1} << 40,
                                  Index{1} << 60, Index{1} << 62, largest}) {
            EncodedTensor rows = whole;
            rows.rows = wrong;
            QVERIFY2(use(rows) == Outcome::Refused, std::to_string(wrong).c_str());
            EncodedTensor cols = whole;
            cols.cols = wrong;
            QVERIFY2(use(cols) == Outcome::Refused, std::to_string(wrong).c_str());
        }
        for (const Index other : {Index{1}, Index{7}, 2 * occasion.rows, occasion.rows * 1000}) {
            EncodedTensor rows = whole;
            rows.rows = other;
            QVERIFY2(use(rows) == Outcome::Refused, std::to_string(other).c_str());
            EncodedTensor cols = whole;
            cols.cols = other;
            use(cols);
            std::swap(rows.rows, rows.cols);
            use(rows);
        }
    }

    void wrongParametersAreSurvived_data() { test::addPlainRows(occasion); }
    void wrongParametersAreSurvived() {
        EncodedTensor encoded = sample();
        useWithWrongValues(encoded, encoded.method.parameters);
        encoded.method.parameters = Json::object();
        use(encoded);
        encoded.method.parameters = nullptr;
        QCOMPARE(use(encoded), Outcome::Refused);
        encoded.method.id = "nobody";
        QCOMPARE(use(encoded), Outcome::Refused);
    }

    void wrongHeadersAreSurvived_data() { test::addPlainRows(occasion); }
    void wrongHeadersAreSurvived() {
        EncodedTensor encoded = sample();
        useWithWrongValues(encoded, encoded.header);
        for (const Json& value : wrongValues()) {
            encoded.header = value;
            use(encoded);
        }
    }

    void wrongBytesAreSurvived_data() { test::addPlainRows(occasion); }
    void wrongBytesAreSurvived() {
        constexpr int flips = 24;
        constexpr int fillings = 4;
        const EncodedTensor whole = sample();
        Random random(11);
        for (std::size_t i = 0; i < whole.sections.size(); ++i) {
            const auto size = static_cast<Index>(whole.sections[i].bytes.size());
            EncodedTensor damaged = whole;
            std::vector<std::uint8_t>& bytes = damaged.sections[i].bytes;
            for (int flip = 0; flip < flips && size > 0; ++flip) {
                // The first bytes of a section say most.
                const Index at = flip < 4 ? std::min<Index>(flip, size - 1) : random.below(size);
                bytes[static_cast<std::size_t>(at)] ^=
                    static_cast<std::uint8_t>(1 + random.below(255));
                use(damaged);
                if (flip % 2 == 1) bytes = whole.sections[i].bytes;
            }
            for (int filling = 0; filling < fillings; ++filling) {
                for (std::uint8_t& byte : bytes) {
                    byte = filling == 0   ? std::uint8_t{0xFF}
                           : filling == 1 ? std::uint8_t{0}
                                          : static_cast<std::uint8_t>(random.below(256));
                }
                use(damaged);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestConformanceDamage)
#include "tst_conformance_damage.moc"
