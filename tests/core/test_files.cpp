// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/test_files.h"

#include <algorithm>
#include <fstream>

#include "core/tensor/normalized_source.h"

namespace quantscope::test {

namespace {

std::vector<std::string> splitRecord(const std::string& line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            fields.back() += '"';
            ++i;
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (line[i] == ',' && !quoted) {
            fields.emplace_back();
        } else if (line[i] != '\r') {
            fields.back() += line[i];
        }
    }
    return fields;
}

}  // namespace

Matrix searchedVectors(const TensorFile& file, const std::string& tensor, bool angular) {
    Matrix vectors = readAll(*file.source(tensor, FoldRule{}), {});
    if (angular) normalizeRows(vectors.span());
    return vectors;
}

std::vector<std::vector<std::string>> readCsv(const std::filesystem::path& path) {
    std::ifstream stream(path);
    std::vector<std::vector<std::string>> records;
    std::string line;
    std::getline(stream, line);
    while (std::getline(stream, line)) {
        // A quoted field may hold the end of a line.
        for (std::string more;
             std::ranges::count(line, '"') % 2 != 0 && std::getline(stream, more);)
            line += '\n' + more;
        records.push_back(splitRecord(line));
    }
    return records;
}

}  // namespace quantscope::test
