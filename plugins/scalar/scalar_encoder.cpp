// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_encoder.h"

#include <bit>
#include <numeric>

#include "core/base/float16.h"
#include "core/base/parallel.h"
#include "core/quant/byte_codes.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "plugins/scalar/scalar_sections.h"
#include "plugins/scalar/table_training.h"
#include "plugins/scalar/unit_passes.h"

namespace quantscope::scalar {

namespace {

// Rounds of refitting scales and retraining the table; the error falls by less than 1% after these.
constexpr int refitRounds = 4;

// Every block but the last must end on a whole byte of codes.
Index alignedRows(Index rows, Index cols, int bits) {
    const Index rowBits = cols % 8 * bits;
    const Index unit = 8 / std::gcd<Index>(8, rowBits);
    return (rows + unit - 1) / unit * unit;
}

Section tableSection(const LevelTable& table, bool half) {
    Section section{levelsSection, RatePart::Codebooks, 0, {}};
    for (const float level : table.levels()) {
        const std::uint32_t word = half ? toFloat16(level) : std::bit_cast<std::uint32_t>(level);
        for (int i = 0; i < (half ? 2 : 4); ++i) {
            section.bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
        }
    }
    section.usedBits = section.bytes.size() * 8;
    return section;
}

}  // namespace

ScalarEncoder::ScalarEncoder(const ScalarSettings& settings, const TensorSource& weights,
                             const ScaleFormat& format, std::vector<float> importance,
                             const std::stop_token& stop)
    : m_settings(settings),
      m_layout(settings, weights.rows(), weights.cols()),
      m_format(format),
      m_rule(settings.wide(), format),
      m_reader(weights, stop),
      m_importance(std::move(importance)),
      m_scales(static_cast<std::size_t>(m_layout.unitCount())) {
    if (settings.zeroBits() > 0) m_zeroPoints.resize(m_scales.size());
}

// In a column on its own all weights count the same.
std::span<const float> ScalarEncoder::importanceOf(Index column, std::size_t count) const {
    if (m_importance.empty() || m_layout.byColumns()) return {};
    return std::span(m_importance).subspan(static_cast<std::size_t>(column), count);
}

void ScalarEncoder::train(const RunContext& context) {
    if (m_settings.hasTable()) {
        trainTable(context);
    } else if (needsTraining()) {
        fitUniformUnits(context);
    }
}

void ScalarEncoder::setGrid(Index unit, const UniformGrid& grid) {
    m_scales[static_cast<std::size_t>(unit)] = grid.scale * m_settings.nestedFactor();
    if (!m_zeroPoints.empty()) {
        m_zeroPoints[static_cast<std::size_t>(unit)] =
            m_settings.scheme == Scheme::Range ? grid.shift : grid.offset;
    }
}

void ScalarEncoder::fitUniformUnits(const RunContext& context) {
    context.progress(0.0, "finding ranges");
    const std::vector<UnitRange> ranges = gatherUnits<UnitRange>(
        m_reader, m_layout, [this](UnitRange& range, std::span<const float> weights, Index, Index) {
            m_rule.gather(range, weights);
        });
    std::vector<double> shrinks(ranges.size(), 1.0);
    if (m_settings.minimizeError && !m_rule.isBinary()) {
        context.progress(0.4, "searching the clip");
        const std::vector<ClipErrors> errors = gatherUnits<ClipErrors>(
            m_reader, m_layout,
            [&](ClipErrors& sums, std::span<const float> weights, Index unit, Index column) {
                sums.add(weights, importanceOf(column, weights.size()),
                         ranges[static_cast<std::size_t>(unit)], m_rule);
            });
        std::ranges::transform(errors, shrinks.begin(), &ClipErrors::bestShrink);
    }
    for (std::size_t unit = 0; unit < ranges.size(); ++unit) {
        setGrid(static_cast<Index>(unit), m_rule.grid(ranges[unit], shrinks[unit]));
    }
}

void ScalarEncoder::trainTable(const RunContext& context) {
    context.progress(0.0, "finding ranges");
    const std::vector<UnitRange> ranges = gatherUnits<UnitRange>(
        m_reader, m_layout,
        [](UnitRange& range, std::span<const float> weights, Index, Index) { range.add(weights); });
    std::ranges::transform(ranges, m_scales.begin(), [this](const UnitRange& range) {
        return m_format.rounded(range.extent());
    });
    context.progress(0.1, "training levels");
    m_table = tableForScales();
    // With one scale for the tensor the table itself takes any factor, so there is nothing to
    // refit.
    if (!m_settings.minimizeError || m_layout.wholeTensor()) return;
    for (int round = 0; round < refitRounds; ++round) {
        context.progress(0.2 + 0.1 * round, "refitting scales and levels");
        if (!refitScales()) break;
        m_table = tableForScales();
    }
}

LevelTable ScalarEncoder::tableForScales() {
    const auto histogram = gatherRows<ScaledHistogram>(
        m_reader, m_layout,
        [this](ScaledHistogram& sums, Index row, std::span<const float> weights) {
            m_layout.forEachRun(row, [&](Index unit, Index first, Index count) {
                const auto at = static_cast<std::size_t>(first);
                const auto length = static_cast<std::size_t>(count);
                const std::span<const float> importance =
                    m_importance.empty() ? std::span<const float>()
                                         : std::span(m_importance).subspan(at, length);
                sums.add(weights.subspan(at, length), importance,
                         m_scales[static_cast<std::size_t>(unit)]);
            });
        });
    return histogram.trainedTable(m_settings, m_reader.stop());
}

bool ScalarEncoder::refitScales() {
    const std::vector<ScaleFit> fits = gatherUnits<ScaleFit>(
        m_reader, m_layout,
        [this](ScaleFit& fit, std::span<const float> weights, Index unit, Index column) {
            fit.add(weights, importanceOf(column, weights.size()),
                    m_scales[static_cast<std::size_t>(unit)], m_table);
        });
    bool changed = false;
    for (std::size_t unit = 0; unit < fits.size(); ++unit) {
        const double next = m_format.rounded(fits[unit].scale());
        if (!fits[unit].improves(m_scales[unit], next)) continue;
        m_scales[unit] = next;
        changed = true;
    }
    return changed;
}

UniformGrid ScalarEncoder::fitUnit(std::span<const float> weights, Index column,
                                   const GridRule& rule) const {
    UnitRange range;
    forEachPiece(weights, m_reader.stop(),
                 [&](Index, std::span<const float> piece) { rule.gather(range, piece); });
    if (!m_settings.minimizeError || rule.isBinary()) return rule.grid(range);
    ClipErrors errors;
    forEachPiece(weights, m_reader.stop(), [&](Index at, std::span<const float> piece) {
        errors.add(piece, importanceOf(column + at, piece.size()), range, rule);
    });
    return rule.grid(range, errors.bestShrink());
}

UniformGrid ScalarEncoder::gridOf(Index unit) const {
    const auto at = static_cast<std::size_t>(unit);
    return m_rule.stored(m_scales[at] / m_settings.nestedFactor(),
                         m_zeroPoints.empty() ? 0.0 : m_zeroPoints[at]);
}

void ScalarEncoder::refit(Index unit, std::span<const float> weights, Index column,
                          const ScaleFormat& format) {
    setGrid(unit, fitUnit(weights, column, GridRule(m_settings, format)));
}

void ScalarEncoder::fitRows(const RunContext& context) {
    m_codes.assign(PackedCodes::byteCount(m_layout.rows() * m_layout.cols(), m_settings.bits), 0);
    if (needsTraining()) return;
    context.progress(0.0, "finding ranges");
    parallelFor(m_layout.rows(), m_reader.rowsAtOnce(), m_reader.stop(),
                [&](Index begin, Index end) {
                    std::vector<float> storage;
                    const MatrixView block = m_reader.read(begin, end - begin, storage);
                    for (Index r = 0; r < block.rows; ++r) {
                        m_layout.forEachRun(begin + r, [&](Index unit, Index first, Index count) {
                            const auto run = block.row(r).subspan(static_cast<std::size_t>(first),
                                                                  static_cast<std::size_t>(count));
                            setGrid(unit, fitUnit(run, first, m_rule));
                        });
                    }
                });
}

void ScalarEncoder::setUnit(Index unit, double scale, double zeroPoint) {
    const auto at = static_cast<std::size_t>(unit);
    m_scales[at] = scale;
    if (!m_zeroPoints.empty()) m_zeroPoints[at] = zeroPoint;
}

void ScalarEncoder::readRow(Index row, std::span<std::uint32_t> codes) const {
    PackedCodes::unpack(m_codes, row * m_layout.cols(), m_settings.bits, codes);
}

void ScalarEncoder::storeRows(Index firstRow, std::span<const std::uint32_t> codes) {
    PackedCodes::packAt(m_codes, firstRow * m_layout.cols(), codes, m_settings.bits);
}

void ScalarEncoder::encode(const RunContext& context) {
    m_codes.assign(PackedCodes::byteCount(m_layout.rows() * m_layout.cols(), m_settings.bits), 0);
    if (m_settings.bits <= 8) {
        encodeAs<std::uint8_t>(context);
    } else {
        encodeAs<std::uint32_t>(context);
    }
}

template <typename Code>
void ScalarEncoder::encodeAs(const RunContext& context) {
    const Index rows = m_layout.rows();
    const Index cols = m_layout.cols();
    ProgressCounter progress(context, static_cast<double>(rows), "encoding");
    parallelFor(rows, alignedRows(m_reader.rowsAtOnce(), cols, m_settings.bits), m_reader.stop(),
                [&](Index begin, Index end) {
                    std::vector<float> storage;
                    const MatrixView block = m_reader.read(begin, end - begin, storage);
                    encodeBlock<Code>(begin, block);
                    progress.add(static_cast<double>(end - begin));
                });
}

template <typename Code>
void ScalarEncoder::encodeBlock(Index firstRow, MatrixView block) {
    const Index first = firstRow * m_layout.cols();
    const auto encodeRows = [&](Code* codes) {
        for (Index r = 0; r < block.rows; ++r)
            encodeRow(firstRow + r, block.row(r), codes + r * m_layout.cols());
    };
    if constexpr (sizeof(Code) == 1) {
        // Codes of 8 bits lie as they are stored.
        if (m_settings.bits == 8) return encodeRows(m_codes.data() + first);
    }
    std::vector<Code> codes(static_cast<std::size_t>(block.size()));
    encodeRows(codes.data());
    if constexpr (sizeof(Code) == 1) {
        ByteCodes::packAt(m_codes, first, codes, m_settings.bits);
    } else {
        PackedCodes::packAt(m_codes, first, codes, m_settings.bits);
    }
}

template <typename Code>
void ScalarEncoder::encodeRow(Index row, std::span<const float> weights, Code* codes) {
    const bool fitNow = !needsTraining();
    m_layout.forEachRun(row, [&](Index unit, Index first, Index count) {
        const auto run =
            weights.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
        if (fitNow) setGrid(unit, fitUnit(run, first, m_rule));
        Code* next = codes + first;
        forEachPiece(run, m_reader.stop(), [&](Index, std::span<const float> piece) {
            encodeRun(unit, piece, next);
            next += piece.size();
        });
    });
}

template <typename Code>
void ScalarEncoder::encodeRun(Index unit, std::span<const float> weights, Code* codes) const {
    if (m_settings.hasTable()) {
        const double scale = m_scales[static_cast<std::size_t>(unit)];
        for (const float weight : weights)
            *codes++ = static_cast<Code>(m_table.code(scale > 0.0 ? weight / scale : 0.0));
        return;
    }
    const UniformGrid grid = gridOf(unit);
    if (m_settings.nestedBits > 0) {
        for (const float weight : weights) {
            *codes++ =
                static_cast<Code>(nestedCode(grid.code(weight), grid, m_settings.nestedFactor()));
        }
        return;
    }
    if constexpr (sizeof(Code) == 1) {
        if (grid.suitsSinglePrecision()) return grid.encode(weights, codes);
    }
    for (const float weight : weights)
        *codes++ = static_cast<Code>(grid.code(weight));
}

// Codes, or the bits of floats.
std::vector<std::uint32_t> ScalarEncoder::zeroWords() const {
    std::vector<std::uint32_t> words;
    words.reserve(m_zeroPoints.size());
    for (const double zero : m_zeroPoints) {
        const auto value = static_cast<float>(zero);
        if (m_settings.scheme != Scheme::Range) {
            words.push_back(static_cast<std::uint32_t>(zero));
        } else {
            words.push_back(m_settings.zeroBits() == 16 ? std::uint32_t{toFloat16(value)}
                                                        : std::bit_cast<std::uint32_t>(value));
        }
    }
    return words;
}

std::vector<Section> ScalarEncoder::takeSections(const ScaleFormat& format) {
    std::vector<Section> sections;
    const Index count = m_layout.rows() * m_layout.cols();
    sections.push_back({codesSection, RatePart::Codes,
                        PackedCodes::bitCount(count, m_settings.bits), std::move(m_codes)});
    std::vector<std::uint8_t> scales = format.store(m_scales);
    sections.push_back({scalesSection, RatePart::Scales, scales.size() * 8, std::move(scales)});
    if (!m_zeroPoints.empty()) {
        const int width = m_settings.zeroBits();
        sections.push_back({zerosSection, RatePart::Scales,
                            PackedCodes::bitCount(m_layout.unitCount(), width),
                            PackedCodes::pack(zeroWords(), width)});
    }
    if (m_settings.hasTable()) sections.push_back(tableSection(m_table, m_settings.hasHalfTable()));
    return sections;
}

}  // namespace quantscope::scalar
