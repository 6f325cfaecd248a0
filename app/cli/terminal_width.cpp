// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/terminal_width.h"

#include <QList>
#include <QString>
#include <algorithm>
#include <array>

namespace quantscope {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// East Asian Wide and Fullwidth (Unicode, annex 11), by blocks.
constexpr std::array wideRanges = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0xA4CF},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},
    Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF},
    Range{0x1F900, 0x1FAFF}, Range{0x20000, 0x3FFFD},
};

std::size_t widthOf(char32_t character) {
    const QChar::Category category = QChar::category(character);
    if (category == QChar::Mark_NonSpacing || category == QChar::Mark_Enclosing ||
        category == QChar::Other_Format) {
        return 0;
    }
    return std::ranges::any_of(wideRanges,
                               [character](const Range& range) {
                                   return character >= range.first && character <= range.last;
                               })
               ? 2
               : 1;
}

}  // namespace

std::size_t terminalWidth(std::string_view text) {
    std::size_t width = 0;
    const QString decoded = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
    for (const char32_t character : decoded.toUcs4())
        width += widthOf(character);
    return width;
}

std::string elidedMiddle(const std::string& text, std::size_t widest) {
    constexpr std::string_view gap = "...";
    if (text.size() <= widest || terminalWidth(text) <= widest || widest <= gap.size()) return text;
    const QList<uint> characters = QString::fromStdString(text).toUcs4();
    const std::size_t shown = widest - gap.size();
    qsizetype begin = 0;
    for (std::size_t width = 0; begin < characters.size(); ++begin) {
        width += widthOf(characters[begin]);
        if (width > (shown + 1) / 2) break;
    }
    qsizetype end = characters.size();
    for (std::size_t width = 0; end > begin; --end) {
        width += widthOf(characters[end - 1]);
        if (width > shown / 2) break;
    }
    const auto part = [&](qsizetype from, qsizetype to) {
        QString piece;
        for (qsizetype i = from; i < to; ++i)
            piece += QString::fromUcs4(reinterpret_cast<const char32_t*>(&characters[i]), 1);
        return piece.toStdString();
    };
    return part(0, begin) + std::string(gap) + part(end, characters.size());
}

}  // namespace quantscope
