// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/output_target.h"

#include <string>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

std::string kindOf(std::filesystem::file_type type) {
    switch (type) {
        case std::filesystem::file_type::directory:
            return "a folder";
        case std::filesystem::file_type::fifo:
            return "a pipe";
        case std::filesystem::file_type::socket:
            return "a socket";
        default:
            return "a device";
    }
}

Error refusal(const std::filesystem::path& path, const std::string& why) {
    return Error("'" + printableText(path.string()) + "' " + why + ".", "Choose another name.");
}

}  // namespace

std::filesystem::path outputTarget(const std::filesystem::path& path) {
    using std::filesystem::file_type;
    // What cannot be looked at cannot be written either, and writing knows the better reason.
    std::error_code ignored;
    const bool isLink = std::filesystem::is_symlink(path, ignored);
    const file_type type = std::filesystem::status(path, ignored).type();
    if (type == file_type::regular) {
        return isLink ? std::filesystem::canonical(path) : path;
    }
    if (type == file_type::none || type == file_type::unknown) return path;
    if (type != file_type::not_found) {
        throw refusal(path, "is " + kindOf(type) + ", which no file may take the place of");
    }
    if (isLink) throw refusal(path, "is a link to something that does not exist");
    return path;
}

}  // namespace quantscope
