// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/outliers/outliers_method.h"

#include <cmath>

#include "plugins/outliers/kept_repair.h"
#include "plugins/outliers/kept_weights.h"

namespace quantscope::outliers {

namespace {

bool keepsColumns(const ParameterValues& values) {
    return values.choice("form") == "columns";
}

bool picksByLoss(const ParameterValues& values) {
    return !keepsColumns(values) && values.choice("pick") == "loss";
}

// The number of weights that are kept.
Index keptIn(const ParameterValues& values, Index rows, Index cols) {
    const double percent = values.real("percent");
    return keepsColumns(values) ? rows * keptCount(percent, cols) : keptCount(percent, rows * cols);
}

class OutlierTransform final : public Transform {
public:
    explicit OutlierTransform(KeptWeights kept) : m_kept(std::move(kept)) {}

    // Zeros take part in what the base does, but do not widen any range.
    void apply(MatrixSpan weights, const std::stop_token& /*stop*/) const override {
        for (Index r = 0; r < weights.rows; ++r)
            m_kept.forEachIn(r, [&](Index column, float) { weights(r, column) = 0.0F; });
    }

    void invert(Index firstRow, MatrixSpan rows) const override {
        for (Index r = 0; r < rows.rows; ++r) {
            m_kept.forEachIn(firstRow + r,
                             [&](Index column, float value) { rows(r, column) = value; });
        }
    }

    std::vector<Section> sections() const override { return m_kept.sections(); }

private:
    KeptWeights m_kept;
};

}  // namespace

std::string OutliersMethod::help() const {
    return "Keeps the weights that count most, by w^2 times the Hessian's diagonal, as 16-bit "
           "floats with their places, and leaves the others, with zeros in their stead, to another "
           "method (SpQR, Dettmers et al., 2023; SqueezeLLM, Kim et al., 2024); or whole input "
           "channels (LLM.int8(), Dettmers et al., 2022). Picked by the layer loss, which weights "
           "are kept and at which values is decided in turn with the codes of the others "
           "(QuantEase, Behdin et al., 2023).";
}

std::vector<ParameterSpec> OutliersMethod::ownParameters() const {
    return {
        realParameter({"percent", "Kept weights",
                       "Share of the weights, or columns, that are kept.", "percent"},
                      0.5, 0.0, 50.0, 0.1),
        choiceParameter(
            {"form", "Form", "Single weights, or whole input channels."}, "sparse",
            {{"sparse", "Single weights"}, {"columns", "Whole columns (input channels)"}}),
        choiceParameter({"pick", "Picked by",
                         "Size: by the weights alone. Layer loss: starting from these, weights "
                         "and codes take turns in making up for what the other loses; needs the "
                         "full Hessian."},
                        "size", {{"size", "Size"}, {"loss", "Layer loss (QuantEase)"}})
            .onlyWith("form", {"sparse"}),
        integerParameter({"rounds", "Rounds",
                          "How often the others are coded and weights are picked, in turn; the "
                          "best round is kept.",
                          "rounds"},
                         3, 1, mostPickingRounds)
            .onlyWith("pick", {"loss"}),
        choiceParameter({"start", "Starts from",
                         "What is kept while the others are coded for the first time: the "
                         "weights picked by size, below whose loss it never ends; or none, so "
                         "that the largest errors are picked, which pays where the base is not "
                         "thrown off by large weights."},
                        "size", {{"size", "Weights picked by size"}, {"none", "No weights"}})
            .onlyWith("pick", {"loss"})
            .foldedAway(),
        booleanParameter({"hessian", "Use the Hessian",
                          "Ranks by w^2 times the Hessian's diagonal, where one is given, "
                          "instead of w^2 alone. Picking by the layer loss always does."},
                         true)};
}

TransformCost OutliersMethod::cost(const ParameterValues& values, Index rows, Index cols,
                                   const SideInformation& /*side*/) const {
    TransformCost cost;
    cost.rate = KeptWeights::rate(rows, cols, keptIn(values, rows, cols));
    cost.multiplyAdds = 8.0 * static_cast<double>(rows) * static_cast<double>(cols);
    return cost;
}

std::unique_ptr<Transform> OutliersMethod::fit(const ParameterValues& values, MatrixView weights,
                                               const SideInformation& side,
                                               const RunContext& context) const {
    const Hessian* hessian = values.boolean("hessian") ? side.hessian.get() : nullptr;
    const double percent = values.real("percent");
    if (keepsColumns(values)) {
        return std::make_unique<OutlierTransform>(
            largestColumns(weights, hessian, keptCount(percent, weights.cols), context.stop()));
    }
    return std::make_unique<OutlierTransform>(
        largestWeights(weights, hessian, keptCount(percent, weights.size()), context.stop()));
}

std::unique_ptr<Quantizer> OutliersMethod::quantizer(const MethodSpec& spec,
                                                     const MethodRegistry& registry) const {
    if (picksByLoss(ParameterValues(spec.parameters)))
        return makeRepairQuantizer(m_picker, spec, registry);
    return TransformMethod::quantizer(spec, registry);
}

std::unique_ptr<Transform> OutliersMethod::load(const ParameterValues& /*values*/,
                                                const EncodedTensor& tensor) const {
    return std::make_unique<OutlierTransform>(KeptWeights::load(tensor));
}

}  // namespace quantscope::outliers
