// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace quantscope {

/// A table for the terminal: columns padded to their widest entry, numbers to the right.
class TextTable {
public:
    enum class Align { Left, Right };

    /// Entries wider than `widest` columns of the terminal lose their middle.
    void addColumn(std::string title, Align align, std::size_t widest = std::string::npos);
    /// The usual limit for names out of files, which may have hundreds of characters.
    static constexpr std::size_t widestName = 60;
    /// One text per column.
    void addRow(std::vector<std::string> cells);
    void print(std::ostream& out) const;

private:
    struct Column {
        std::string title;
        Align align = Align::Left;
        std::size_t widest = std::string::npos;
    };
    std::vector<Column> m_columns;
    std::vector<std::vector<std::string>> m_rows;
};

}  // namespace quantscope
