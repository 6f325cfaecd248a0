// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/hadamard/hadamard_method.h"

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "plugins/hadamard/rotation.h"

namespace quantscope::hadamard {

namespace {

constexpr const char* seedSection = "seed";
constexpr std::size_t seedBytes = 8;

// Streams of signs.
constexpr std::uint64_t columnStream = 0;
constexpr std::uint64_t rowStream = 1;

struct Sides {
    bool columns = true;  ///< Mixes the columns: every row is rotated.
    bool rows = true;

    static Sides from(const ParameterValues& values) {
        const std::string side = values.choice("side");
        return {side != "rows", side != "columns"};
    }
};

ParameterSpec sideParameter() {
    return choiceParameter({"side", "Mix",
                            "Columns: every row is rotated, which mixes input channels. Rows: "
                            "every column is, which mixes output channels, and all rows have to be "
                            "decoded for one. Both: QuIP# 2024, section 3."},
                           "both",
                           {{"columns", "Columns (input channels)"},
                            {"rows", "Rows (output channels)"},
                            {"both", "Both"}});
}

// The odd factor of a size is rotated by a dense matrix.
std::string refuseSize(Index size, const std::string& what, const std::string& other) {
    constexpr Index largest = 4096;
    const Index odd = Rotation::oddFactor(size);
    if (odd <= largest) return {};
    return "The " + std::to_string(size) + " " + what + " have the odd factor " +
           std::to_string(odd) + ", for which a rotation would take too long (at most " +
           std::to_string(largest) + "). Choose side=" + other + ".";
}

class HadamardTransform final : public Transform {
public:
    HadamardTransform(Sides sides, Index rows, Index cols, std::uint64_t seed) : m_seed(seed) {
        if (sides.columns) m_ofRows.emplace(cols, seed, columnStream);
        if (sides.rows) m_ofColumns.emplace(rows, seed, rowStream);
    }

    void apply(MatrixSpan weights, const std::stop_token& stop) const override {
        if (m_ofRows) rotateRows(*m_ofRows, Direction::Apply, weights, stop);
        if (m_ofColumns) rotateColumns(*m_ofColumns, Direction::Apply, weights, stop);
    }

    void invert(Index /*firstRow*/, MatrixSpan rows) const override {
        if (m_ofColumns) rotateColumns(*m_ofColumns, Direction::Invert, rows, {});
        if (!m_ofRows) return;
        for (Index r = 0; r < rows.rows; ++r)
            rotate(*m_ofRows, Direction::Invert, rows.row(r));
    }
    bool rowByRow() const override { return !m_ofColumns; }

    std::shared_ptr<const Hessian> applyTo(std::shared_ptr<const Hessian> hessian,
                                           const std::stop_token& stop) const override {
        if (!m_ofRows) return hessian;
        auto rotated = std::make_shared<Hessian>();
        rotated->size = hessian->size;
        rotated->source = hessian->source + ", rotated";
        if (hessian->full.empty()) {
            rotated->diagonal = m_ofRows->rotatedDiagonal(hessian->diagonal);
            return rotated;
        }
        Matrix matrix(hessian->size, hessian->size);
        std::ranges::transform(hessian->full, matrix.data(),
                               [](double value) { return static_cast<float>(value); });
        rotateRows(*m_ofRows, Direction::Apply, matrix.span(), stop);
        rotateColumns(*m_ofRows, Direction::Apply, matrix.span(), stop);
        rotated->full.resize(hessian->full.size());
        for (Index i = 0; i < rotated->size; ++i) {
            for (Index j = 0; j < rotated->size; ++j) {
                rotated->full[static_cast<std::size_t>(i * rotated->size + j)] =
                    (static_cast<double>(matrix(i, j)) + static_cast<double>(matrix(j, i))) / 2.0;
            }
            rotated->diagonal.push_back(static_cast<double>(matrix(i, i)));
        }
        return rotated;
    }

    std::vector<Section> sections() const override {
        Section section{seedSection, RatePart::Transforms, 8 * seedBytes, {}};
        for (std::size_t i = 0; i < seedBytes; ++i)
            section.bytes.push_back(static_cast<std::uint8_t>(m_seed >> (8 * i)));
        return {std::move(section)};
    }

private:
    std::uint64_t m_seed;
    std::optional<Rotation> m_ofRows;
    std::optional<Rotation> m_ofColumns;
};

}  // namespace

std::string HadamardMethod::help() const {
    return "Rotates the weights by random signs and a Hadamard matrix before another method "
           "quantizes them, and back after decoding: outliers are spread over all weights, which "
           "then look Gaussian (Chee et al., QuIP, 2023; Tseng et al., QuIP#, 2024). Only a seed "
           "is stored. A Hessian is rotated with the weights.";
}

std::vector<ParameterSpec> HadamardMethod::ownParameters() const {
    return {sideParameter()};
}

TransformCost HadamardMethod::cost(const ParameterValues& values, Index rows, Index cols,
                                   const SideInformation& side) const {
    const Sides sides = Sides::from(values);
    TransformCost cost;
    cost.rate[RatePart::Transforms] = 8 * seedBytes;
    if (sides.columns) cost.refusal = refuseSize(cols, "columns", "rows");
    if (sides.rows && cost.refusal.empty()) cost.refusal = refuseSize(rows, "rows", "columns");
    const auto weights = static_cast<double>(rows) * static_cast<double>(cols);
    if (sides.columns) cost.multiplyAdds += weights * Rotation::multiplyAddsPerValue(cols);
    if (sides.rows) cost.multiplyAdds += weights * Rotation::multiplyAddsPerValue(rows);
    if (sides.columns && side.hessian && side.hessian->isFull()) {
        const auto entries = static_cast<double>(cols) * static_cast<double>(cols);
        cost.multiplyAdds += 2.0 * entries * Rotation::multiplyAddsPerValue(cols);
        // A matrix of floats that is rotated, and the result.
        cost.workingBytes = (sizeof(float) + sizeof(double)) * static_cast<std::uint64_t>(entries);
    }
    return cost;
}

std::unique_ptr<Transform> HadamardMethod::fit(const ParameterValues& values, MatrixView weights,
                                               const SideInformation& /*side*/,
                                               const RunContext& context) const {
    return std::make_unique<HadamardTransform>(Sides::from(values), weights.rows, weights.cols,
                                               context.random(0)());
}

std::unique_ptr<Transform> HadamardMethod::load(const ParameterValues& values,
                                                const EncodedTensor& tensor) const {
    const Section& section = tensor.section(seedSection);
    if (section.bytes.size() != seedBytes) {
        throw Error("The encoded tensor (hadamard) is damaged: its seed is cut off.",
                    "Read the artifact from its original place, or quantize again.");
    }
    std::uint64_t seed = 0;
    for (std::size_t i = 0; i < seedBytes; ++i)
        seed |= static_cast<std::uint64_t>(section.bytes[i]) << (8 * i);
    return std::make_unique<HadamardTransform>(Sides::from(values), tensor.rows, tensor.cols, seed);
}

}  // namespace quantscope::hadamard
