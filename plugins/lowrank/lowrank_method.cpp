// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/lowrank/lowrank_method.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/kernels/leading_subspace.h"
#include "core/kernels/product.h"
#include "core/tensor/tensor_source.h"
#include "plugins/lowrank/factor_fit.h"
#include "plugins/lowrank/stored_factor.h"

namespace quantscope::lowrank {

namespace {

constexpr const char* leftName = "factors/left";
constexpr const char* rightName = "factors/right";
constexpr int mostRounds = 20;

Index rankOf(const ParameterValues& values) {
    return std::clamp<Index>(values.integer("rank"), 1, mostLeadingVectors);
}

bool usesHessian(const ParameterValues& values) {
    return values.choice("fit") == "hessian";
}

FactorType typeOf(const ParameterValues& values) {
    return values.choice("factors") == "int8" ? FactorType::Byte : FactorType::Half;
}

class LowRankRepair final : public Repair {
public:
    LowRankRepair(Index rank, StoredFactor left, StoredFactor right, Index rows, Index cols)
        : m_rank(rank),
          m_rows(rows),
          m_cols(cols),
          m_left(std::move(left)),
          m_right(std::move(right)) {}

    void apply(Index firstRow, MatrixSpan rows) const override { add(1.0, firstRow, rows); }

    /// Takes away what apply() adds.
    void remove(Index firstRow, MatrixSpan rows) const { add(-1.0, firstRow, rows); }

    std::vector<Section> sections() const override {
        std::vector<Section> sections = m_left.sections(leftName);
        for (Section& section : m_right.sections(rightName))
            sections.push_back(std::move(section));
        return sections;
    }

private:
    void add(double sign, Index firstRow, MatrixSpan rows) const {
        std::vector<double> sums(static_cast<std::size_t>(rows.size()));
        const StridedView<double> left{m_left.values().data() + firstRow, rows.rows, m_rank, 1,
                                       m_rows};
        const StridedView<double> right{m_right.values().data(), m_rank, m_cols, m_cols, 1};
        addProduct(sign, left, right, sums.data(), m_cols);
        const double* from = sums.data();
        for (Index r = 0; r < rows.rows; ++r) {
            for (float& value : rows.row(r))
                value = toFiniteFloat(static_cast<double>(value) + *from++);
        }
    }

    Index m_rank;
    Index m_rows;
    Index m_cols;
    StoredFactor m_left;  ///< Transposed.
    StoredFactor m_right;
};

Errors errorsOf(const RepairCase& state, const std::stop_token& stop) {
    Errors errors{state.weights.rows, state.weights.cols, {}};
    errors.values.resize(static_cast<std::size_t>(state.weights.size()));
    parallelFor(errors.rows, blockRows(errors.cols), stop, [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) {
            std::ranges::transform(
                state.weights.row(r), state.decoded.row(r), errors.values.begin() + r * errors.cols,
                [](float w, float q) { return static_cast<double>(w) - static_cast<double>(q); });
        }
    });
    return errors;
}

std::vector<std::string> remarksOn(Index found, Index rank, const Hessian* hessian) {
    std::vector<std::string> remarks;
    if (hessian != nullptr && hessian->full.empty()) {
        remarks.emplace_back(
            "Only the diagonal of the Hessian is known: the factors are the best "
            "ones for errors weighted by it.");
    }
    if (found < rank) {
        remarks.push_back("The errors have rank " + std::to_string(found) + ": " +
                          std::to_string(rank - found) +
                          " components of the factors are 0. Choose rank=" +
                          std::to_string(std::max<Index>(1, found)) + ".");
    }
    return remarks;
}

}  // namespace

std::string LowRankMethod::help() const {
    return "Adds to what another method decodes to a product of two thin matrices, rows x rank and "
           "rank x columns, that takes as much as it can off the layer loss (EoRA, Liu et al. "
           "2024), or off the squared error. In further rounds, the other method codes what the "
           "product leaves, and the product is fitted anew (LoftQ, Li et al. 2023).";
}

std::vector<ParameterSpec> LowRankMethod::ownParameters() const {
    return {integerParameter({"rank", "Rank",
                              "Components of the product. Each costs as many numbers as a row and "
                              "a column have.",
                              "components"},
                             8, 1, static_cast<double>(mostLeadingVectors)),
            choiceParameter({"fit", "Fitted to",
                             "What the product makes as small as it can: the layer loss, which "
                             "needs the Hessian or its diagonal, or the squared error."},
                            "hessian",
                            {{"hessian", "The layer loss (EoRA)"}, {"plain", "The squared error"}}),
            integerParameter({"rounds", "Rounds",
                              "How often the base codes and the product is fitted, in turn; the "
                              "best round is kept.",
                              "rounds"},
                             1, 1, mostRounds),
            choiceParameter(
                {"factors", "Stored as",
                 "Number format of the factors, beside a 16-bit scale for each column "
                 "of the left one and row of the right one. Integers lose hardly anything."},
                "fp16", {{"fp16", "16-bit floats"}, {"int8", "8-bit integers"}})
                .foldedAway()};
}

TransformCost LowRankMethod::cost(const ParameterValues& values, Index rows, Index cols,
                                  const SideInformation& side) const {
    TransformCost cost;
    const Index rank = rankOf(values);
    const Index most = std::min(rows, cols);
    if (rank > most) {
        cost.refusal = "A matrix of " + std::to_string(rows) + " rows and " + std::to_string(cols) +
                       " columns has no rank above " + std::to_string(most) +
                       ". Choose rank <= " + std::to_string(most) + ".";
        return cost;
    }
    if (usesHessian(values) && !side.hessian) {
        cost.refusal =
            "Fitting to the layer loss needs the Hessian of the layer's inputs, and there is none "
            "for this tensor. Name a file with --hessians (the calibrate command makes one), or "
            "choose fit=plain.";
        return cost;
    }
    const FactorType type = typeOf(values);
    cost.rate[RatePart::Factors] =
        StoredFactor::bitCount(type, rank, rows) + StoredFactor::bitCount(type, rank, cols);
    // A basis of some times the rank, and what the errors make of it.
    constexpr Index blocks = 16;
    const Index basis = std::min(blocks * rank, most);
    const auto weights = static_cast<double>(rows) * static_cast<double>(cols);
    const bool full = usesHessian(values) && side.hessian->isFull();
    const double square = full ? static_cast<double>(cols) * static_cast<double>(cols) : 0.0;
    cost.multiplyAdds =
        static_cast<double>(basis) * (2.0 * weights + square) + weights * cols / 2.0;
    cost.workingBytes =
        sizeof(double) * static_cast<std::uint64_t>(rows * cols + 3 * basis * (rows + cols));
    return cost;
}

int LowRankMethod::rounds(const ParameterValues& values) const {
    return static_cast<int>(std::clamp<std::int64_t>(values.integer("rounds"), 1, mostRounds));
}

std::shared_ptr<const Hessian> LowRankMethod::judge(const ParameterValues& values,
                                                    const SideInformation& side) const {
    return usesHessian(values) ? side.hessian : nullptr;
}

Matrix LowRankMethod::firstTarget(const ParameterValues& values, MatrixView weights,
                                  const SideInformation& side, const RunContext& context) const {
    const TransformCost judged = cost(values, weights.rows, weights.cols, side);
    if (!judged.refusal.empty()) throw Error(judged.refusal);
    Matrix target(weights.rows, weights.cols);
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(context.stop());
        std::ranges::copy(weights.row(r), target.span().row(r).begin());
    }
    return target;
}

FittedRepair LowRankMethod::fit(const ParameterValues& values, const RepairCase& state,
                                const SideInformation& side, const RunContext& context) const {
    const std::shared_ptr<const Hessian> hessian = judge(values, side);
    const Index rank = rankOf(values);
    const FactorType type = typeOf(values);
    const Index rows = state.weights.rows;
    const Index cols = state.weights.cols;
    const Errors errors = errorsOf(state, context.stop());
    std::vector<double> outputs = leadingOutputs(errors, hessian.get(), rank, context);
    const Index found = std::ssize(outputs) / rows;
    outputs.resize(static_cast<std::size_t>(rank * rows));
    StoredFactor left = StoredFactor::round(type, rank, rows, outputs);
    StoredFactor right = StoredFactor::round(
        type, rank, cols, bestRightFactor(errors, left.values(), rank, context.stop()));
    auto repair =
        std::make_unique<LowRankRepair>(rank, std::move(left), std::move(right), rows, cols);

    Matrix next = firstTarget(values, state.weights, side, context);
    parallelFor(rows, blockRows(cols), context.stop(), [&](Index begin, Index end) {
        repair->remove(begin, next.span().middleRows(begin, end - begin));
    });
    return {std::move(repair), std::move(next), remarksOn(found, rank, hessian.get())};
}

std::unique_ptr<Repair> LowRankMethod::load(const ParameterValues& values,
                                            const EncodedTensor& tensor) const {
    const Index rank = rankOf(values);
    const FactorType type = typeOf(values);
    return std::make_unique<LowRankRepair>(
        rank, StoredFactor::load(type, rank, tensor.rows, tensor, leftName),
        StoredFactor::load(type, rank, tensor.cols, tensor, rightName), tensor.rows, tensor.cols);
}

}  // namespace quantscope::lowrank
