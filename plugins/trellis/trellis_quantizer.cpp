// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_quantizer.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/parallel.h"
#include "core/quant/nearest_rounding.h"
#include "core/quant/progress_counter.h"
#include "core/tensor/weight_reader.h"
#include "plugins/trellis/trellis_decoder.h"
#include "plugins/trellis/trellis_encoder.h"
#include "plugins/trellis/trellis_grid.h"

namespace quantscope::trellis {

namespace {

/// What weights are divided by before they are coded, by unit.
std::vector<double> divisors(const TrellisSettings& settings, const TensorSource& weights,
                             const std::stop_token& stop) {
    std::vector<double> divisors = rootMeanSquares(weights, settings.gains, stop);
    for (double& divisor : divisors)
        divisor /= settings.inputScale();
    return divisors;
}

/// One run over the tensor: rows come in, blocks go out.
class Coding {
public:
    Coding(const TrellisSettings& settings, const DividedSource& weights, const TrellisCode& code,
           const RunContext& context)
        : m_settings(settings),
          m_code(code),
          m_layout(settings, weights.rows(), weights.cols()),
          m_weights(weights),
          m_fits(weights.divisors().size()),
          m_reader(weights, context.stop()),
          m_progress(context, static_cast<double>(weights.rows() * weights.cols()), "encoding"),
          m_rows(weights.rows()),
          m_cols(weights.cols()),
          m_bytes((m_layout.totalBits() + 7) / 8) {}

    void run() {
        constexpr Index weightsAtOnce = Index{1} << 20;
        const Index step = std::max<Index>(1, weightsAtOnce / m_cols);
        for (Index first = 0; first < m_rows; first += step) {
            const Index count = std::min(step, m_rows - first);
            readRows(first, count);
            codeBlocks(first + count == m_rows);
        }
    }

    Section codes() {
        return {TrellisQuantizer::codesSection, RatePart::Codes, m_layout.totalBits(),
                std::move(m_bytes)};
    }

    std::vector<double> gains() const {
        std::vector<double> gains;
        for (std::size_t unit = 0; unit < m_fits.size(); ++unit)
            gains.push_back(m_fits[unit].gain() * m_weights.divisors()[unit]);
        return gains;
    }

private:
    // Appends rows to the weights that wait for their block to be full.
    void readRows(Index first, Index count) {
        const auto waiting = static_cast<Index>(m_waiting.size());
        m_waiting.resize(static_cast<std::size_t>(waiting + count * m_cols));
        const Index rowsAtOnce = m_reader.rowsAtOnce();
        parallelFor(count, rowsAtOnce, m_reader.stop(), [&](Index begin, Index end) {
            std::vector<float> storage;
            m_reader.read(first + begin, end - begin, storage);
            std::ranges::copy(storage, m_waiting.begin() + waiting + begin * m_cols);
        });
    }

    void codeBlocks(bool last) {
        const auto waiting = static_cast<Index>(m_waiting.size());
        const Index blocks =
            last ? (waiting + blockLength - 1) / blockLength : waiting / blockLength;
        const Index coded = std::min(waiting, blocks * blockLength);
        std::vector<float> decoded(static_cast<std::size_t>(coded));
        const Index firstBlock = m_coded / blockLength;
        // Few blocks per search, because a block can take milliseconds.
        constexpr Index blocksPerSearch = 16;
        parallelFor(blocks, blocksPerSearch, m_reader.stop(), [&](Index begin, Index end) {
            BlockEncoder encoder(m_settings, m_code);
            for (Index block = begin; block < end; ++block) {
                throwIfStopped(m_reader.stop());
                const auto at = static_cast<std::size_t>(block * blockLength);
                const auto count = static_cast<std::size_t>(m_layout.weightsOf(firstBlock + block));
                encoder.encode(std::span<const float>(m_waiting).subspan(at, count),
                               m_layout.schedule(firstBlock + block),
                               m_bytes.data() + m_layout.firstByte(firstBlock + block),
                               std::span(decoded).subspan(at, count));
            }
            m_progress.add(static_cast<double>((end - begin) * blockLength));
        });
        addFits(decoded);
        m_waiting.erase(m_waiting.begin(), m_waiting.begin() + coded);
        m_coded += coded;
    }

    void addFits(std::span<const float> decoded) {
        for (std::size_t i = 0; i < decoded.size(); ++i) {
            const Index row = (m_coded + static_cast<Index>(i)) / m_cols;
            m_fits[m_settings.gains.unitOf(row)].add(m_waiting[i], decoded[i]);
        }
    }

    const TrellisSettings& m_settings;
    const TrellisCode& m_code;
    const BlockLayout m_layout;
    const DividedSource& m_weights;
    std::vector<GainFit> m_fits;  ///< By unit.
    const WeightReader m_reader;
    ProgressCounter m_progress;
    const Index m_rows;
    const Index m_cols;
    std::vector<std::uint8_t> m_bytes;
    std::vector<float> m_waiting;  ///< Weights that are read and not coded yet.
    Index m_coded = 0;             ///< Weights that are coded.
};

RateLedger exactRate(const TrellisSettings& settings, Index rows, Index cols) {
    const BlockLayout layout(settings, rows, cols);
    RateLedger rate;
    rate[RatePart::Codes] = layout.totalBits();
    rate[RatePart::Padding] = (8 - layout.totalBits() % 8) % 8;
    rate[RatePart::Scales] = settings.gains.bitCount(rows);
    rate[RatePart::Codebooks] = TrellisCode::storedBits(settings);
    return rate;
}

std::uint64_t workingBytes(const TrellisSettings& settings) {
    constexpr std::uint64_t buffers = std::uint64_t{32} << 20;
    constexpr std::uint64_t threads = 16;
    const std::uint64_t states = std::uint64_t{1} << settings.stateBits;
    // Costs and values, and which predecessor was best, for at most half the states in every step.
    return buffers + threads * states * (16 + static_cast<std::uint64_t>(blockLength) / 2);
}

}  // namespace

TrellisQuantizer::TrellisQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(TrellisSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight TrellisQuantizer::preflight(Index rows, Index cols,
                                      const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    result.rate = exactRate(m_settings, rows, cols);
    result.workingBytes = workingBytes(m_settings);
    // Closing the ring takes a third of the search again; a state costs about two multiply-adds.
    constexpr double perState = 1.33 * 2.0;
    const double passes = m_settings.along == Along::Columns ? 2.0 : 1.0;
    result.multiplyAdds = static_cast<double>(rows) * static_cast<double>(cols) * passes *
                          perState * std::exp2(m_settings.stateBits) / m_settings.valuesPerStep;
    return result;
}

EncodedTensor TrellisQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                         const RunContext& context, PhaseSeconds& seconds) const {
    if (m_settings.along == Along::Columns) {
        const std::unique_ptr<CodeGrid> grid =
            fitGrid(weights, side, context.part(0.0, 0.5, 0), seconds);
        const PhaseTimer timer(seconds.encode);
        roundToNearest(weights, *grid, context.part(0.5, 1.0, 1));
        return grid->finish();
    }
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    std::optional<TrellisCode> code;
    std::optional<DividedSource> divided;
    {
        const PhaseTimer timer(seconds.train);
        code.emplace(m_settings, context.stop());
        divided.emplace(weights, m_settings.gains, divisors(m_settings, weights, context.stop()));
    }
    const PhaseTimer timer(seconds.encode);
    Coding coding(m_settings, *divided, *code, context);
    coding.run();
    encoded.sections.push_back(coding.codes());
    encoded.sections.push_back(m_settings.gains.store(coding.gains()));
    if (auto table = code->section()) encoded.sections.push_back(std::move(*table));
    return encoded;
}

std::unique_ptr<CodeGrid> TrellisQuantizer::fitGrid(const TensorSource& weights,
                                                    const SideInformation& /*side*/,
                                                    const RunContext& context,
                                                    PhaseSeconds& seconds) const {
    if (m_settings.along == Along::Rows) return nullptr;
    const PhaseTimer timer(seconds.train);
    const TrellisCode code(m_settings, context.stop());
    const auto gridWith = [&](Section scales) {
        return std::make_unique<TrellisGrid>(m_spec, m_settings, weights.rows(), weights.cols(),
                                             code, std::move(scales));
    };
    // Scales of least squared error follow from codes, which are chosen for the deviation first.
    const auto first =
        gridWith(m_settings.gains.store(divisors(m_settings, weights, context.stop())));
    roundToNearest(weights, *first, context);
    const auto encoded = std::make_shared<const EncodedTensor>(first->finish());
    const TrellisDecoder decoder(encoded);
    return gridWith(refittedGains(
        *encoded, weights, m_settings.gains,
        [&](Index firstRow, MatrixSpan out) { decoder.decode(firstRow, out); }, context.stop()));
}

}  // namespace quantscope::trellis
