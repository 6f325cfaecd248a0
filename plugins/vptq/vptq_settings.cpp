// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_settings.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"

namespace quantscope::vptq {

namespace {

constexpr int mostBits = 16;
constexpr int mostDim = 16;

ParameterSpec feedbackParameter() {
    return booleanParameter(
        {"feedback", "Error feedback",
         "Adds what the rounding of a column does to the layer's output to the columns after it. "
         "Needs the full Hessian; without it, vectors become the nearest codewords."},
        true);
}

ParameterSpec orderParameter() {
    return choiceParameter({"order", "Order of columns",
                            "Which columns are rounded first; the errors of early ones can still "
                            "be made up for."},
                           "act",
                           {{"act", "Largest inputs first (act-order)"},
                            {"natural", "As in the tensor"},
                            {"ascending", "Smallest inputs first"}})
        .onlyWith("feedback", {"true"})
        .foldedAway();
}

ParameterSpec dampingParameter() {
    return realParameter({"damping", "Damping",
                          "Added to the diagonal of the Hessian, as a part of its mean. Raised "
                          "tenfold, and reported, until the Hessian can be factored."},
                         0.01, 0.0, 1.0, 0.01)
        .onlyWith("feedback", {"true"})
        .foldedAway();
}

Error impossible(const std::string& id) {
    return Error("The parameter '" + id + "' of vptq has an impossible value.",
                 "The artifact is damaged or was written by another version; quantize again.");
}

ColumnOrder orderFrom(const std::string& value) {
    if (value == "act") return ColumnOrder::Descending;
    if (value == "natural") return ColumnOrder::Natural;
    if (value == "ascending") return ColumnOrder::Ascending;
    throw impossible("order");
}

std::int64_t within(const ParameterValues& values, const std::string& id, std::int64_t least,
                    std::int64_t most) {
    const std::int64_t value = values.integer(id);
    if (value >= least && value <= most) return value;
    throw impossible(id);
}

}  // namespace

std::vector<ParameterSpec> vptqParameters() {
    std::vector<ParameterSpec> schema = {
        integerParameter({"bits", "Bits per code",
                          "Width of a code; the codebook has 2^bits codewords. A weight costs "
                          "bits / dim.",
                          "bits"},
                         8, 1, mostBits),
        integerParameter({"dim", "Vector length",
                          "Consecutive rows of a column that are coded together. Where it does not "
                          "divide the rows, the last vector of a column is filled up with zeros.",
                          "rows"},
                         4, 1, mostDim),
        integerParameter({"residual", "Bits of a second code",
                          "Width of the code of what the first codeword leaves, in a codebook of "
                          "its own; 0 for none. That codebook is trained on what the nearest "
                          "codewords leave, without error feedback.",
                          "bits"},
                         0, 0, mostBits),
        realParameter({"outliers", "Outlier columns",
                       "Share of the columns, those with the largest diagonal of the Hessian, that "
                       "have a codebook of their own.",
                       "percent"},
                      0.0, 0.0, 50.0, 0.5),
        integerParameter({"outlier_bits", "Bits per code, outliers",
                          "Width of a code of the outlier columns.", "bits"},
                         8, 1, mostBits),
        integerParameter({"outlier_dim", "Vector length, outliers",
                          "Consecutive rows of an outlier column that are coded together.", "rows"},
                         2, 1, mostDim),
        feedbackParameter(),
        orderParameter(),
        dampingParameter()};
    for (ParameterSpec& parameter : GainSettings::parameters()) {
        // Gains of least squares need codes, and here codebooks are trained on what gains leave.
        if (parameter.id == "granularity") {
            parameter.help =
                "Which weights share a scale, the root of their mean square; behind a rotation one "
                "for the tensor is enough.";
        }
        schema.push_back(std::move(parameter));
    }
    schema.push_back(trainingIterationsParameter(
        "Most iterations of k-means; it ends earlier when the error hardly falls."));
    schema.push_back(trainingCountParameter());
    schema.push_back(CodewordFormat::parameter());
    return schema;
}

VptqSettings VptqSettings::from(const ParameterValues& values) {
    VptqSettings settings;
    settings.bits = static_cast<int>(within(values, "bits", 1, mostBits));
    settings.dim = within(values, "dim", 1, mostDim);
    settings.residualBits = static_cast<int>(within(values, "residual", 0, mostBits));
    settings.outlierPercent = std::clamp(values.real("outliers"), 0.0, 50.0);
    settings.outlierBits = static_cast<int>(within(values, "outlier_bits", 1, mostBits));
    settings.outlierDim = within(values, "outlier_dim", 1, mostDim);
    settings.feedback = values.boolean("feedback");
    settings.order = orderFrom(values.choice("order"));
    settings.damping = values.real("damping");
    settings.gains = GainSettings::from(values);
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    return settings;
}

Index VptqSettings::outlierColumns(Index cols) const {
    // Percents are no binary fractions: 0.1 of 1000 columns is one.
    constexpr double slack = 1e-9;
    const double share = outlierPercent / 100.0 * static_cast<double>(cols);
    return std::min(cols / 2, static_cast<Index>(std::floor(share + slack)));
}

std::vector<ColumnKind> VptqSettings::kinds(Index cols) const {
    const Index outliers = outlierColumns(cols);
    ColumnKind main{"main", cols - outliers, dim, {bits}, "bits"};
    if (residualBits > 0) {
        main.bits.push_back(residualBits);
        if (residualBits > bits) main.parameter = "residual";
    }
    if (outliers == 0) return {main};
    return {main, {"outliers", outliers, outlierDim, {outlierBits}, "outlier_bits"}};
}

Index VptqSettings::trainedVectors(const RowVectors& layout) const {
    return train > 0 ? std::min(train, layout.count()) : layout.count();
}

}  // namespace quantscope::vptq
