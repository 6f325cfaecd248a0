// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/csv_text.h"

#include <algorithm>

#include "core/base/error.h"

namespace quantscope {

namespace {

std::string csvField(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

[[noreturn]] void refuseQuotes(std::size_t line) {
    throw Error("Line " + std::to_string(line) + " of the table has quotes out of place.",
                "Write it again.");
}

// Takes one field from the front of `text`; what stands between it and the next stays.
std::string takeField(std::string_view& text, std::size_t line) {
    if (!text.starts_with('"')) {
        const std::size_t end = std::min(text.find_first_of(",\r\n"), text.size());
        std::string field(text.substr(0, end));
        if (field.find('"') != std::string::npos) refuseQuotes(line);
        text.remove_prefix(end);
        return field;
    }
    std::string field;
    text.remove_prefix(1);
    while (true) {
        const std::size_t quote = text.find('"');
        if (quote == std::string_view::npos) refuseQuotes(line);
        field += text.substr(0, quote);
        text.remove_prefix(quote + 1);
        if (!text.starts_with('"')) break;
        field += '"';
        text.remove_prefix(1);
    }
    if (!text.empty() && text.find_first_of(",\r\n") != 0) refuseQuotes(line);
    return field;
}

}  // namespace

std::string csvLine(const std::vector<std::string>& fields) {
    std::string line;
    for (const std::string& field : fields) {
        if (&field != &fields.front()) line += ',';
        line += csvField(field);
    }
    return line + "\r\n";
}

std::vector<std::vector<std::string>> parseCsv(std::string_view text) {
    std::vector<std::vector<std::string>> lines;
    while (!text.empty()) {
        std::vector<std::string> fields = {takeField(text, lines.size() + 1)};
        while (text.starts_with(',')) {
            text.remove_prefix(1);
            fields.push_back(takeField(text, lines.size() + 1));
        }
        if (text.starts_with('\r')) text.remove_prefix(1);
        if (text.starts_with('\n')) text.remove_prefix(1);
        lines.push_back(std::move(fields));
    }
    return lines;
}

}  // namespace quantscope
