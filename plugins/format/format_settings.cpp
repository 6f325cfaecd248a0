// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/format_settings.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace quantscope::format {

namespace {

constexpr int leastBits = 2;
constexpr int mostBits = 8;
constexpr double largestBlock = 4096;

/// A type of the method: its name, and what it is made of.
struct NamedFormat {
    ParameterChoice choice;
    FormatSettings settings;
};

std::vector<NamedFormat> namedFormats(int bits, bool doubleQuantized) {
    const auto mx = [](Element element) {
        return FormatSettings{std::move(element), ScaleKind::PowerOfTwo, ScaleRule::Exponent, 32};
    };
    const auto scaled = [](Element element, Index block, ScaleKind scale = ScaleKind::Half) {
        return FormatSettings{std::move(element), scale, ScaleRule::Largest, block};
    };
    FormatSettings nf4 =
        scaled(Element::normalFloat(), 64, doubleQuantized ? ScaleKind::Byte : ScaleKind::Single);
    nf4.across = true;
    FormatSettings ternary = scaled(Element::ternary(), 0);
    ternary.rule = ScaleRule::Ternary;
    // Multiples of 2^(2-bits), so that the largest is just below 2.
    const float unit = std::ldexp(1.0F, 2 - bits);
    return {{{"nf4", "NF4 (normal float)"}, nf4},
            {{"mxfp4", "MXFP4 (E2M1)"}, mx(Element::floatingPoint(2, 1, 6.0F))},
            {{"mxfp6", "MXFP6 (E2M3)"}, mx(Element::floatingPoint(2, 3, 7.5F))},
            {{"mxfp6e3m2", "MXFP6 (E3M2)"}, mx(Element::floatingPoint(3, 2, 28.0F))},
            {{"mxfp8", "MXFP8 (E4M3)"}, mx(Element::floatingPoint(4, 3, 448.0F))},
            {{"mxfp8e5m2", "MXFP8 (E5M2)"}, mx(Element::floatingPoint(5, 2, 57344.0F))},
            {{"mxint8", "MXINT8"}, mx(Element::integer(8, 1.0F / 64.0F))},
            {{"nvfp4", "NVFP4 (E2M1, E4M3 scales)"},
             scaled(Element::floatingPoint(2, 1, 6.0F), 16, ScaleKind::Float8)},
            {{"fp4", "FP4 (E2M1, 16-bit scales)"}, scaled(Element::floatingPoint(2, 1, 6.0F), 32)},
            {{"fp8", "FP8 (E4M3)"}, scaled(Element::floatingPoint(4, 3, 448.0F), 0)},
            {{"fp8e5m2", "FP8 (E5M2)"}, scaled(Element::floatingPoint(5, 2, 57344.0F), 0)},
            {{"bfp", "Block floating point"}, mx(Element::integer(bits, unit))},
            {{"ternary", "Ternary (five in a byte)"}, ternary},
            {{"sqrt2", "Powers of the root of two"}, scaled(Element::rootsOfTwo(bits), 32)}};
}

ParameterSpec typeParameter() {
    std::vector<ParameterChoice> choices;
    for (const NamedFormat& named : namedFormats(4, true))
        choices.push_back(named.choice);
    return choiceParameter(
        {"type", "Format",
         "Elements and scales: QLoRA 2023 (nf4), OCP Microscaling 1.0, 2023 (mx...), NVIDIA 2024 "
         "(nvfp4), FP8 formats 2022 (fp8), Ternary Weight Networks 2016."},
        "nf4", std::move(choices));
}

ParameterSpec bitsParameter() {
    return integerParameter({"bits", "Bits per element", "Width of a code.", "bits"}, 4, leastBits,
                            mostBits)
        .onlyWith("type", {"bfp", "sqrt2"});
}

ParameterSpec blockParameter() {
    return integerParameter(
        {"block", "Block size",
         "Weights that share a scale; 0 is what the format says: 64 for nf4, 16 for nvfp4, rows "
         "for fp8 and ternary, else 32. Blocks lie in rows, and the last of a row may be shorter; "
         "those of nf4 go on in the next row.",
         "weights"},
        0, 0, largestBlock, 16);
}

ParameterSpec searchParameter() {
    return booleanParameter({"search", "Search scales",
                             "Off: scales as the format defines them. On: of the neighbouring "
                             "scales, the one with the least squared error."},
                            false);
}

ParameterSpec doubleParameter() {
    return booleanParameter({"double", "Double quantization",
                             "Scales in 8 bits about their mean, 256 of them with a 32-bit float "
                             "of their own (QLoRA 2023, section 3), instead of 32-bit floats."},
                            true)
        .onlyWith("type", {"nf4"});
}

[[noreturn]] void impossible(const std::string& name) {
    throw Error("The parameter '" + name + "' of format has an impossible value.",
                "The artifact is damaged or was written by another version; quantize again.");
}

}  // namespace

FormatSettings FormatSettings::from(const ParameterValues& values) {
    const std::int64_t bits = values.integer("bits");
    if (bits < leastBits || bits > mostBits) impossible("bits");
    const std::vector<NamedFormat> formats =
        namedFormats(static_cast<int>(bits), values.boolean("double"));
    const auto named = std::ranges::find(formats, values.choice("type"),
                                         [](const NamedFormat& one) { return one.choice.value; });
    if (named == formats.end()) impossible("type");
    FormatSettings settings = named->settings;
    const std::int64_t block = values.integer("block");
    if (block < 0 || static_cast<double>(block) > largestBlock) impossible("block");
    if (block > 0) settings.block = block;
    settings.search = values.boolean("search");
    return settings;
}

std::vector<ParameterSpec> formatParameters() {
    return {typeParameter(), bitsParameter(), blockParameter(), searchParameter(),
            doubleParameter()};
}

}  // namespace quantscope::format
