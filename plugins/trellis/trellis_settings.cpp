// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/trellis/block_schedule.h"

namespace quantscope::trellis {

namespace {

constexpr double leastBits = 1.0;
constexpr double mostBits = 6.0;
constexpr int leastStateBits = 8;
constexpr int mostStateBits = 16;

ParameterSpec bitsParameter() {
    return realParameter({"bits", "Bits per weight",
                          "Rate of the path, rounded to 1/32 bit; between whole numbers of bits "
                          "per step, steps of both kinds alternate.",
                          "bits"},
                         2.0, leastBits, mostBits, 0.25);
}

ParameterSpec stateParameter() {
    return integerParameter({"state", "State bits",
                             "L: the trellis has 2^L states. Every further bit lowers the error a "
                             "little and doubles the time; 12 to explore, 16 for final results.",
                             "bits"},
                            12, leastStateBits, mostStateBits);
}

ParameterSpec codeParameter() {
    return choiceParameter({"code", "Code",
                            "How a state gives its values (QTIP 2024, section 3): computed from "
                            "its number alone, from a hash into a trained table of 512 entries, or "
                            "from a table of normal random numbers."},
                           "3inst",
                           {{"1mad", "1MAD (sum of bytes)"},
                            {"3inst", "3INST (sum of two halves)"},
                            {"hyb", "HYB (hash and table)"},
                            {"random", "Random table"}});
}

ParameterSpec valuesParameter() {
    return integerParameter(
               {"v", "Weights per step",
                "V: how many weights a state gives; with 2, half bits per weight are whole steps."},
               1, 1, 2)
        .onlyWith("code", {"hyb", "random"});
}

ParameterSpec alongParameter() {
    return choiceParameter(
        {"along", "Blocks along",
         "Rows: the tensor row by row in blocks of 256. Columns: each column in blocks of at most "
         "256 weights, a whole number of bytes each, rounded down; error feedback (gptq) can then "
         "carry errors from column to column."},
        "row", {{"row", "Rows"}, {"column", "Columns (input channels)"}});
}

[[noreturn]] void impossible(const std::string& name) {
    throw Error("The parameter '" + name + "' of trellis has an impossible value.",
                "The artifact is damaged or was written by another version; quantize again.");
}

CodeKind codeFrom(const std::string& value) {
    if (value == "1mad") return CodeKind::OneMad;
    if (value == "3inst") return CodeKind::ThreeInst;
    if (value == "hyb") return CodeKind::Hybrid;
    if (value == "random") return CodeKind::RandomTable;
    impossible("code");
}

void checkStep(const TrellisSettings& settings) {
    const int bitsPerStep = static_cast<int>(std::ceil(settings.bits() * settings.valuesPerStep));
    const int most = settings.mostBitsPerStep();
    if (bitsPerStep <= most) return;
    throw Error("A step of " + std::to_string(settings.valuesPerStep) + " weights with " +
                    formatNumber(settings.bits()) + " bits each is too large for a state of " +
                    std::to_string(settings.stateBits) + " bits: a step takes at most " +
                    std::to_string(most) + " bits.",
                "Choose fewer bits, v=1 or a larger state.");
}

}  // namespace

double TrellisSettings::bits() const {
    return static_cast<double>(blockBits) / static_cast<double>(blockLength);
}

double TrellisSettings::inputScale() const {
    constexpr std::array byBits = {1.0, 1.0, 0.97, 0.94, 0.90, 0.86, 0.82};
    const double whole = std::floor(bits());
    const auto below = static_cast<std::size_t>(whole);
    const std::size_t above = std::min(below + 1, byBits.size() - 1);
    return std::lerp(byBits[below], byBits[above], bits() - whole);
}

TrellisSettings TrellisSettings::from(const ParameterValues& values) {
    TrellisSettings settings;
    const double bits = values.real("bits");
    if (!(bits >= leastBits && bits <= mostBits)) impossible("bits");
    settings.blockBits = 8 * static_cast<int>(std::lround(bits * blockLength / 8.0));
    const std::int64_t state = values.integer("state");
    if (state < leastStateBits || state > mostStateBits) impossible("state");
    settings.stateBits = static_cast<int>(state);
    settings.code = codeFrom(values.choice("code"));
    const std::int64_t perStep = values.integer("v");
    if (perStep < 1 || perStep > 2) impossible("v");
    const bool isTable =
        settings.code == CodeKind::Hybrid || settings.code == CodeKind::RandomTable;
    settings.valuesPerStep = isTable ? static_cast<int>(perStep) : 1;
    settings.along = values.choice("along") == "column" ? Along::Columns : Along::Rows;
    settings.gains = GainSettings::from(values);
    checkStep(settings);
    return settings;
}

std::vector<ParameterSpec> trellisParameters() {
    std::vector<ParameterSpec> schema = {bitsParameter(), stateParameter(), codeParameter(),
                                         valuesParameter(), alongParameter()};
    std::ranges::move(GainSettings::parameters(), std::back_inserter(schema));
    return schema;
}

}  // namespace quantscope::trellis
