// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// A path through a bit-shift trellis.
struct TrellisPath {
    std::vector<std::uint32_t> states;  ///< One per step.
    double squaredError = 0.0;          ///< Sum of squared differences, to single precision.
};

/// The path of least squared error through a bit-shift trellis, by the Viterbi algorithm (Viterbi
/// 1967; Tseng et al., "QTIP", NeurIPS 2024, section 3). A state has L = stateBits() bits; a step
/// that takes k new bits leads from state s to ((s << k) mod 2^L) | bits, and emits the
/// V = valuesPerStep() values of the state it leads to. The instruction set is chosen at run time.
///
/// The costs carry k bits less than single precision, so targets should not exceed the values by
/// orders of magnitude. Ties go to the predecessor with the smallest number. One object serves one
/// thread; its tables of 2^L numbers for every step are kept from call to call.
class TrellisSearch {
public:
    /// `values`: one row for each of the V values of a state, 2^L columns. Copied.
    /// 2 <= L <= 16, V 1 or 2.
    TrellisSearch(int stateBits, MatrixView values);

    int stateBits() const { return m_stateBits; }
    int valuesPerStep() const { return static_cast<int>(m_values.size()); }

    /// `targets`: V per step. `shifts`: bits of each step, 1 <= k <= L - 1, at most 8.
    /// `overlap`, if given, is the number that the first state holds in its upper L - shifts[0]
    /// bits and the last one in its lower ones, which makes the bits of the path a ring. Writes the
    /// path into `path`.
    void solve(std::span<const float> targets, std::span<const std::uint8_t> shifts,
               std::optional<std::uint32_t> overlap, TrellisPath& path);

private:
    struct alignas(64) Line {
        std::array<float, 16> numbers;
    };

    void start(std::optional<std::uint32_t> overlap);
    std::uint32_t bestEnd(int firstShift, std::optional<std::uint32_t> overlap) const;

    int m_stateBits;
    std::vector<std::vector<Line>> m_values;  ///< V rows of 2^L.
    std::vector<Line> m_costs;                ///< Of the states after the last step.
    std::vector<Line> m_next;                 ///< Of the states after the step that is being made.
    std::vector<std::uint8_t> m_from;  ///< For every step, by group: which predecessor was best.
};

}  // namespace quantscope
