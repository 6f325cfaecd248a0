// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/text_table.h"

#include <algorithm>

#include "app/cli/terminal_width.h"
#include "core/base/utf8.h"

namespace quantscope {

void TextTable::addColumn(std::string title, Align align, std::size_t widest) {
    m_columns.push_back({std::move(title), align, widest});
}

void TextTable::addRow(std::vector<std::string> cells) {
    for (std::size_t c = 0; c < cells.size(); ++c)
        cells[c] = elidedMiddle(printableText(cells[c]), m_columns[c].widest);
    m_rows.push_back(std::move(cells));
}

void TextTable::print(std::ostream& out) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < m_columns.size(); ++c) {
        std::size_t width = terminalWidth(m_columns[c].title);
        for (const auto& row : m_rows)
            width = std::max(width, terminalWidth(row[c]));
        widths.push_back(width);
    }
    const auto printLine = [&](auto&& cell) {
        std::string line;
        for (std::size_t c = 0; c < m_columns.size(); ++c) {
            const std::string& text = cell(c);
            const std::string space(widths[c] - terminalWidth(text), ' ');
            if (c > 0) line += "  ";
            line += m_columns[c].align == Align::Right ? space + text : text + space;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    };
    printLine([&](std::size_t c) -> const std::string& { return m_columns[c].title; });
    for (const auto& row : m_rows) {
        printLine([&](std::size_t c) -> const std::string& { return row[c]; });
    }
}

}  // namespace quantscope
