// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <ios>
#include <iterator>
#include <set>
#include <vector>

#include "core/base/error.h"
#include "core/base/output_target.h"
#include "core/base/system_reason.h"

namespace quantscope {

namespace {

// Line and column (both from 1) of a byte position.
std::string placeOf(const std::string& text, std::size_t byte) {
    const std::string before = text.substr(0, std::min(byte, text.size()));
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t start = before.rfind('\n');
    const std::size_t column = before.size() - (start == std::string::npos ? 0 : start + 1) + 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// Refuses what the parser lets pass: keys given twice, where one would silently win, and nesting so
// deep that code which walks the document would run out of stack.
class JsonGuard {
public:
    explicit JsonGuard(const std::filesystem::path& path) : m_path(path) {}

    void check(int depth, Json::parse_event_t event, const Json& parsed) {
        constexpr int deepest = 100;
        if (depth > deepest) {
            throw Error("'" + m_path.string() + "' is nested more than " + std::to_string(deepest) +
                        " levels deep.");
        }
        if (event == Json::parse_event_t::object_start) {
            m_keys.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            m_keys.pop_back();
        } else if (event == Json::parse_event_t::key &&
                   !m_keys.back().insert(parsed.get<std::string>()).second) {
            throw Error("'" + m_path.string() + "' has the key '" + parsed.get<std::string>() +
                            "' twice in one object.",
                        "Keep one of them.");
        }
    }

private:
    const std::filesystem::path& m_path;
    std::vector<std::set<std::string>> m_keys;
};

bool writeAll(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return fsync(file) == 0;
}

}  // namespace

std::string readTextFile(const std::filesystem::path& path) {
    errno = 0;
    try {
        std::ifstream file(path, std::ios::binary);
        if (file) return {std::istreambuf_iterator<char>(file), {}};
    } catch (const std::ios_base::failure&) {
        // Opening succeeds and reading throws: a folder, or a fault of the disk; errno says which.
    }
    throw Error("'" + path.string() + "' cannot be read: " + systemReason(errno) + ".",
                "Check the path and the permissions.");
}

Json readJsonFile(const std::filesystem::path& path) {
    const std::string text = readTextFile(path);
    JsonGuard guard(path);
    try {
        return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
            guard.check(depth, event, parsed);
            return true;
        });
    } catch (const Json::parse_error& error) {
        // The parser's byte counts from 1 and is 0 when the text is empty.
        const std::size_t byte = error.byte > 0 ? error.byte - 1 : 0;
        throw Error("'" + path.string() + "' is not valid JSON: it cannot be understood at " +
                        placeOf(text, byte) + ".",
                    "Correct that place; JSON wants double quotes and no trailing commas.");
    }
}

void writeTextFile(const std::filesystem::path& path, std::string_view content) {
    const std::filesystem::path target = outputTarget(path);
    const std::filesystem::path aside = target.string() + ".part-" + std::to_string(getpid());
    const int file = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool written = file >= 0 && writeAll(file, content);
    int error = errno;
    if (file >= 0) close(file);
    if (written && rename(aside.c_str(), target.c_str()) != 0) {
        error = errno;
        written = false;
    }
    if (!written) {
        if (file >= 0) unlink(aside.c_str());
        throw Error("'" + path.string() + "' cannot be written: " + systemReason(error) + ".",
                    "Choose a folder that exists, that you may write to and that has space.");
    }
}

}  // namespace quantscope
