// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <regex>
#include <string_view>
#include <vector>

#include "core/base/utf8.h"
#include "core/io/hdf5_gate.h"

namespace quantscope {

namespace {

herr_t collect(unsigned /*depth*/, const H5E_error2_t* entry, void* messages) noexcept {
    try {
        static_cast<std::vector<std::string>*>(messages)->emplace_back(
            entry->desc != nullptr ? entry->desc : "");
        return 0;
    } catch (...) {
        return -1;
    }
}

/// What HDF5 says in its own terms, and what that means.
struct Translation {
    std::string_view contains;
    std::string_view meaning;
};

constexpr auto translations = std::to_array<Translation>({
    {"No space left on device", "the disk is full"},
    {"Disk quota exceeded", "the disk quota is used up"},
    {"File too large", "the file would be larger than is allowed here (see ulimit -f)"},
    {"file signature not found", "it is not an HDF5 file"},
    {"bad byte number in an address", "its first bytes (the HDF5 superblock) are damaged"},
    {"bad superblock", "its first bytes (the HDF5 superblock) are damaged"},
    {"unknown symbol table entry cache type", "the entry of its root group is damaged"},
    {"Fletcher32 checksum", "a checksum does not match: the stored values are damaged"},
    {"incorrect metadata checksum", "a checksum does not match: the headers are damaged"},
    {"addr overflow", "it points beyond the end of the file"},
    {"unable to open external raw data file", "the external file that holds its values is missing"},
    {"inflate() failed", "its gzip-compressed values are damaged"},
    {"szip_filter: decompression failed", "its szip-compressed values are damaged"},
    {"filter plugin is not available", "it needs a compression filter that is not installed"},
    {"is not registered", "it needs a compression filter that is not installed"},
    {"component not found", "there is no such object"},
    {"doesn't exist", "there is no such object"},
    {"unable to find link class", "only the program that made it can follow such a link"},
    {"too many links", "its links lead in a circle"},
    {"memory allocation failed", "there is not enough memory for what its headers ask for"},
    {"Resource temporarily unavailable", "another program has the file open for writing"},
});

std::string translateTruncation(const std::string& message) {
    static const std::regex pattern("truncated file: eof = ([0-9]+), .*stored_eof = ([0-9]+)");
    std::smatch match;
    if (!std::regex_search(message, match, pattern)) return {};
    return "the file is cut off: it should have " + match[2].str() + " bytes but has " +
           match[1].str();
}

}  // namespace

std::string hdf5Reason(const Hdf5Pass& /*pass*/) {
    // Upward: the first message comes from the innermost call and is the most specific one.
    std::vector<std::string> messages;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &messages);
    H5Eclear2(H5E_DEFAULT);
    for (const std::string& message : messages) {
        if (std::string meaning = translateTruncation(message); !meaning.empty()) return meaning;
        for (const Translation& translation : translations) {
            if (message.find(translation.contains) != std::string::npos) {
                return std::string(translation.meaning);
            }
        }
    }
    const auto found =
        std::ranges::find_if(messages, [](const auto& text) { return !text.empty(); });
    if (found == messages.end()) return "the HDF5 library gave no reason";
    return "the HDF5 library says '" + printableText(*found) + "'";
}

Error hdf5Error(const Hdf5Pass& pass, const std::string& what, std::string remedy) {
    return Error(what + ": " + hdf5Reason(pass) + ".", std::move(remedy));
}

}  // namespace quantscope
