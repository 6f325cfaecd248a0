// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_settings.h"

#include <algorithm>
#include <iterator>

#include "core/base/error.h"

namespace quantscope::e8 {

namespace {

constexpr int leastBits = 2;
constexpr int mostBits = 4;

ParameterSpec bitsParameter() {
    return integerParameter({"bits", "Bits per weight",
                             "2: the book E8P of 2^16 points. 3 and 4: what is left is coded "
                             "again, by 256 points of E8 or by E8P (QuIP# 2024, section 4).",
                             "bits"},
                            2, leastBits, mostBits);
}

ParameterSpec alongParameter() {
    return choiceParameter(
        {"along", "Vectors along",
         "Rows: eight consecutive columns of a row. Columns: eight consecutive rows of a column; "
         "error feedback (gptq) then goes from column to column, in any order, and otherwise from "
         "eight columns to the next eight."},
        "row", {{"row", "Rows"}, {"column", "Columns (input channels)"}});
}

}  // namespace

RowVectors E8Settings::layout(Index rows, Index cols) const {
    constexpr Index dim = 8;
    return along == Along::Rows ? RowVectors{rows, cols, dim} : RowVectors{cols, rows, dim};
}

E8Settings E8Settings::from(const ParameterValues& values) {
    const std::int64_t bits = values.integer("bits");
    if (bits < leastBits || bits > mostBits) {
        throw Error("The parameter 'bits' of e8 cannot be " + std::to_string(bits) + ".",
                    "The artifact is damaged or was written by another version; quantize again.");
    }
    const Along along = values.choice("along") == "column" ? Along::Columns : Along::Rows;
    return {static_cast<int>(bits), along, GainSettings::from(values)};
}

double E8Settings::inputScale() const {
    return bits == 2 ? 1.03 : (bits == 3 ? 0.97 : 0.92);
}

double E8Settings::residualScale() const {
    return bits == 3 ? 2.07 : 3.8;
}

std::vector<ParameterSpec> e8Parameters() {
    std::vector<ParameterSpec> schema = {bitsParameter(), alongParameter()};
    std::ranges::move(GainSettings::parameters(), std::back_inserter(schema));
    return schema;
}

}  // namespace quantscope::e8
