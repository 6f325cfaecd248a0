// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/permute/permute_method.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"

namespace quantscope::permute {

namespace {

constexpr const char* orderSection = "order";

using Order = std::vector<Index>;  // Position -> channel.

int indexWidth(Index count) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count - 1)));
}

bool sortsColumns(const ParameterValues& values) {
    return values.choice("side") == "columns";
}

Index channelCount(const ParameterValues& values, Index rows, Index cols) {
    return sortsColumns(values) ? cols : rows;
}

std::vector<double> channelEnergies(MatrixView weights, bool ofColumns,
                                    const std::stop_token& stop) {
    std::vector<double> energies(static_cast<std::size_t>(ofColumns ? weights.cols : weights.rows));
    for (Index r = 0; r < weights.rows; ++r) {
        throwIfStopped(stop);
        for (Index c = 0; c < weights.cols; ++c) {
            const auto weight = static_cast<double>(weights(r, c));
            energies[static_cast<std::size_t>(ofColumns ? c : r)] += weight * weight;
        }
    }
    return energies;
}

// Largest first, and equal ones in their order.
void sortByEnergy(Order& order, const std::vector<double>& energies, const std::stop_token& stop) {
    constexpr unsigned comparisonsBetweenLooks = 1U << 16;
    unsigned comparisons = 0;
    std::ranges::stable_sort(order, [&](Index a, Index b) {
        if (++comparisons % comparisonsBetweenLooks == 0) throwIfStopped(stop);
        return energies[static_cast<std::size_t>(a)] > energies[static_cast<std::size_t>(b)];
    });
}

void permuteRow(const Order& order, std::span<float> row, bool invert) {
    const std::vector<float> before(row.begin(), row.end());
    for (std::size_t i = 0; i < row.size(); ++i) {
        const auto channel = static_cast<std::size_t>(order[i]);
        if (invert) {
            row[channel] = before[i];
        } else {
            row[i] = before[channel];
        }
    }
}

void permuteRows(const Order& order, MatrixSpan rows, bool invert) {
    Matrix before(rows.rows, rows.cols);
    for (Index r = 0; r < rows.rows; ++r)
        std::ranges::copy(rows.row(r), before.span().row(r).begin());
    for (Index i = 0; i < rows.rows; ++i) {
        const Index channel = order[static_cast<std::size_t>(i)];
        std::ranges::copy(before.view().row(invert ? i : channel),
                          rows.row(invert ? channel : i).begin());
    }
}

class PermuteTransform final : public Transform {
public:
    PermuteTransform(bool ofColumns, Order order)
        : m_ofColumns(ofColumns), m_order(std::move(order)) {}

    void apply(MatrixSpan weights, const std::stop_token& stop) const override {
        if (!m_ofColumns) return permuteRows(m_order, weights, false);
        parallelFor(weights.rows, blockRows(weights.cols), stop, [&](Index begin, Index end) {
            for (Index r = begin; r < end; ++r)
                permuteRow(m_order, weights.row(r), false);
        });
    }

    void invert(Index /*firstRow*/, MatrixSpan rows) const override {
        if (!m_ofColumns) return permuteRows(m_order, rows, true);
        for (Index r = 0; r < rows.rows; ++r)
            permuteRow(m_order, rows.row(r), true);
    }
    bool rowByRow() const override { return m_ofColumns; }

    std::shared_ptr<const Hessian> applyTo(std::shared_ptr<const Hessian> hessian,
                                           const std::stop_token& stop) const override {
        if (!m_ofColumns) return hessian;
        auto permuted = std::make_shared<Hessian>(*hessian);
        const auto size = static_cast<std::size_t>(hessian->size);
        for (std::size_t i = 0; i < size; ++i) {
            throwIfStopped(stop);
            const auto from = static_cast<std::size_t>(m_order[i]);
            permuted->diagonal[i] = hessian->diagonal[from];
            for (std::size_t j = 0; j < size && !hessian->full.empty(); ++j) {
                permuted->full[i * size + j] =
                    hessian->full[from * size + static_cast<std::size_t>(m_order[j])];
            }
        }
        return permuted;
    }

    std::vector<Section> sections() const override {
        std::vector<std::uint32_t> codes;
        for (const Index channel : m_order)
            codes.push_back(static_cast<std::uint32_t>(channel));
        const int width = indexWidth(std::ssize(m_order));
        return {{orderSection, RatePart::Transforms,
                 PackedCodes::bitCount(std::ssize(codes), width), PackedCodes::pack(codes, width)}};
    }

private:
    bool m_ofColumns;
    Order m_order;
};

}  // namespace

std::string PermuteMethod::help() const {
    return "Sorts the columns, or rows, from the largest root mean square to the smallest before "
           "another method quantizes them, so that channels of one size share blocks and scales; "
           "the order is stored and undone after decoding. A Hessian is sorted with the columns.";
}

std::vector<ParameterSpec> PermuteMethod::ownParameters() const {
    return {choiceParameter(
        {"side", "Sort", "Rows: all rows have to be decoded for one."}, "columns",
        {{"columns", "Columns (input channels)"}, {"rows", "Rows (output channels)"}})};
}

TransformCost PermuteMethod::cost(const ParameterValues& values, Index rows, Index cols,
                                  const SideInformation& side) const {
    const Index count = channelCount(values, rows, cols);
    const std::uint64_t bits = PackedCodes::bitCount(count, indexWidth(count));
    TransformCost cost;
    cost.rate[RatePart::Transforms] = bits;
    cost.rate[RatePart::Padding] = (8 - bits % 8) % 8;
    cost.multiplyAdds = 3.0 * static_cast<double>(rows) * static_cast<double>(cols);
    if (sortsColumns(values) && side.hessian && side.hessian->isFull()) {
        const auto entries = static_cast<std::uint64_t>(cols) * static_cast<std::uint64_t>(cols);
        cost.multiplyAdds += static_cast<double>(entries);
        cost.workingBytes = sizeof(double) * entries;
    }
    return cost;
}

std::unique_ptr<Transform> PermuteMethod::fit(const ParameterValues& values, MatrixView weights,
                                              const SideInformation& /*side*/,
                                              const RunContext& context) const {
    const bool ofColumns = sortsColumns(values);
    const std::vector<double> energies = channelEnergies(weights, ofColumns, context.stop());
    Order order(energies.size());
    std::iota(order.begin(), order.end(), Index{0});
    sortByEnergy(order, energies, context.stop());
    return std::make_unique<PermuteTransform>(ofColumns, std::move(order));
}

std::unique_ptr<Transform> PermuteMethod::load(const ParameterValues& values,
                                               const EncodedTensor& tensor) const {
    const Error damaged("The encoded tensor (permute) is damaged: its order does not fit.",
                        "Read the artifact from its original place, or quantize again.");
    const Index count = channelCount(values, tensor.rows, tensor.cols);
    const std::vector<std::uint8_t>& bytes = tensor.section(orderSection).bytes;
    if (bytes.size() != PackedCodes::byteCount(count, indexWidth(count))) throw damaged;
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(count));
    PackedCodes::unpack(bytes, 0, indexWidth(count), codes);
    Order order(codes.begin(), codes.end());
    std::vector<bool> seen(order.size());
    for (const Index channel : order) {
        if (channel >= count || seen[static_cast<std::size_t>(channel)]) throw damaged;
        seen[static_cast<std::size_t>(channel)] = true;
    }
    return std::make_unique<PermuteTransform>(sortsColumns(values), std::move(order));
}

}  // namespace quantscope::permute
