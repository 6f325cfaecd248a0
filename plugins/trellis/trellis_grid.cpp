// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_grid.h"

#include <algorithm>
#include <cmath>

#include "core/quant/fitted_gains.h"
#include "plugins/trellis/trellis_decoder.h"
#include "plugins/trellis/trellis_encoder.h"
#include "plugins/trellis/trellis_quantizer.h"

namespace quantscope::trellis {

namespace {

double squaredDistance(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double offset = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += offset * offset;
    }
    return sum;
}

}  // namespace

class TrellisGrid::Rows final : public GridRows {
public:
    Rows(TrellisGrid& grid, Index firstRow, Index count)
        : m_grid(grid),
          m_firstRow(firstRow),
          m_firstByte(firstByteOfRows(firstRow)),
          m_bytes(bytesOfRows(firstRow, count)),
          m_encoder(grid.m_settings, grid.m_code),
          m_values(grid.m_encoded.cols, count),
          m_rounded(static_cast<std::size_t>(grid.m_encoded.cols)) {}

    void round(Index column, MatrixView weights, MatrixSpan rounded) override {
        const bool again = m_rounded[static_cast<std::size_t>(column)];
        const std::span<float> chosen = m_values.span().row(column);
        forBlocks(column, weights.cols, [&](Index block, std::size_t first, std::size_t count) {
            const std::span<const float> aim = weights.row(0).subspan(first, count);
            const std::span<float> values = chosen.subspan(first, count);
            const BlockSchedule& schedule = m_grid.m_layout.schedule(block);
            m_candidate.assign(bytesOf(block), bytesOf(block) + schedule.bits() / 8);
            divide(aim, first);
            double nearest = INFINITY;
            if (again) {
                nearest = squaredDistance(aim, values);
                m_encoder.encodeAgain(m_targets, schedule, m_candidate.data(), m_decoded);
                nearest = takeIfNearer(nearest, block, first, aim, values);
            }
            m_encoder.encode(m_targets, schedule, m_candidate.data(), m_decoded);
            takeIfNearer(nearest, block, first, aim, values);
        });
        m_rounded[static_cast<std::size_t>(column)] = true;
        std::ranges::copy(chosen, rounded.row(0).begin());
    }

    void refit(Index /*column*/, MatrixView /*weights*/) override {}
    void commit() override { std::ranges::copy(m_bytes, m_grid.m_bytes.begin() + m_firstByte); }

    bool resume(MatrixSpan values) override {
        m_bytes = bytesOfRows(m_firstRow, m_values.cols());
        Matrix unscaled(m_values.cols(), m_values.rows());
        m_grid.readUnscaled(m_firstRow, unscaled.span());
        for (Index c = 0; c < m_values.rows(); ++c) {
            for (Index r = 0; r < m_values.cols(); ++r) {
                values(c, r) = m_values(c, r) =
                    withGain(unscaled(r, c), gainOf(static_cast<std::size_t>(r)));
            }
        }
        m_rounded.assign(m_rounded.size(), true);
        return true;
    }

private:
    // Blocks of the same rows follow each other.
    Index firstByteOfRows(Index row) const {
        const Index blocks = (row + blockLength - 1) / blockLength;
        return m_grid.m_layout.firstByte(blocks * m_grid.m_encoded.cols);
    }
    std::vector<std::uint8_t> bytesOfRows(Index firstRow, Index count) const {
        const auto begin = m_grid.m_bytes.begin();
        return {begin + firstByteOfRows(firstRow), begin + firstByteOfRows(firstRow + count)};
    }

    template <typename Body>
    void forBlocks(Index column, Index rows, const Body& body) const {
        const Index cols = m_grid.m_encoded.cols;
        for (Index first = 0; first < rows; first += blockLength) {
            const Index block = (m_firstRow + first) / blockLength * cols + column;
            body(block, static_cast<std::size_t>(first),
                 static_cast<std::size_t>(std::min(blockLength, rows - first)));
        }
    }

    // Takes the candidate's bits and values; returns the distance of what is chosen then.
    double takeIfNearer(double nearest, Index block, std::size_t first, std::span<const float> aim,
                        std::span<float> values) {
        for (std::size_t i = 0; i < m_decoded.size(); ++i)
            m_decoded[i] = withGain(m_decoded[i], gainOf(first + i));
        const double distance = squaredDistance(aim, m_decoded);
        if (!(distance < nearest)) return nearest;
        std::ranges::copy(m_candidate, bytesOf(block));
        std::ranges::copy(m_decoded, values.begin());
        return distance;
    }

    std::uint8_t* bytesOf(Index block) {
        return m_bytes.data() + m_grid.m_layout.firstByte(block) - m_firstByte;
    }
    double gainOf(std::size_t row) const {
        return m_grid.m_gains[m_grid.m_settings.gains.unitOf(m_firstRow + static_cast<Index>(row))];
    }

    // The targets of rows first ..., as the code has its values.
    void divide(std::span<const float> weights, std::size_t first) {
        m_targets.resize(weights.size());
        m_decoded.resize(weights.size());
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const double gain = gainOf(first + i);
            m_targets[i] =
                gain > 0.0 ? static_cast<float>(static_cast<double>(weights[i]) / gain) : 0.0F;
        }
    }

    TrellisGrid& m_grid;
    Index m_firstRow;
    Index m_firstByte;                  ///< Of these rows' blocks among the grid's bytes.
    std::vector<std::uint8_t> m_bytes;  ///< The present choice.
    BlockEncoder m_encoder;
    Matrix m_values;              ///< Of the present choice: columns x rows.
    std::vector<bool> m_rounded;  ///< By column.
    std::vector<float> m_targets;
    std::vector<float> m_decoded;
    std::vector<std::uint8_t> m_candidate;
};

TrellisGrid::TrellisGrid(MethodSpec spec, const TrellisSettings& settings, Index rows, Index cols,
                         TrellisCode code, Section scales)
    : m_settings(settings),
      m_layout(settings, rows, cols),
      m_code(std::move(code)),
      m_encoded{std::move(spec), rows, cols, Json::object(), {}},
      m_bytes(m_layout.totalBits() / 8) {
    m_encoded.sections.push_back(std::move(scales));
    m_gains = m_settings.gains.load(m_encoded);
}

std::unique_ptr<GridRows> TrellisGrid::rows(Index firstRow, Index count) {
    return std::make_unique<Rows>(*this, firstRow, count);
}

void TrellisGrid::readUnscaled(Index firstRow, MatrixSpan out) const {
    std::vector<float> run;
    for (Index r = 0; r < out.rows;) {
        const Index row = firstRow + r;
        const Index count = std::min(blockLength - row % blockLength, out.rows - r);
        run.resize(static_cast<std::size_t>(count));
        for (Index c = 0; c < out.cols; ++c) {
            const Index block = row / blockLength * out.cols + c;
            const BlockSchedule& schedule = m_layout.schedule(block);
            decodeRun(m_settings, m_code, schedule,
                      BitRing(m_bytes.data() + m_layout.firstByte(block), schedule.bits()),
                      static_cast<int>(row % blockLength), run);
            for (Index i = 0; i < count; ++i)
                out(r + i, c) = run[static_cast<std::size_t>(i)];
        }
        r += count;
    }
}

void TrellisGrid::takeScales(Section scales) {
    m_encoded.sections.back() = std::move(scales);
    m_gains = m_settings.gains.load(m_encoded);
}

std::unique_ptr<GridFit> TrellisGrid::fit() {
    return std::make_unique<FittedGains>(
        m_settings.gains, m_encoded.rows, m_gains,
        [this](Index firstRow, MatrixSpan out) { readUnscaled(firstRow, out); },
        [this](Section scales) { takeScales(std::move(scales)); });
}

EncodedTensor TrellisGrid::finish() {
    m_encoded.sections.insert(m_encoded.sections.begin(),
                              {TrellisQuantizer::codesSection, RatePart::Codes,
                               m_layout.totalBits(), std::move(m_bytes)});
    if (auto table = m_code.section()) m_encoded.sections.push_back(std::move(*table));
    return std::move(m_encoded);
}

}  // namespace quantscope::trellis
