// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/input_check.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

void refuseOtherContent(const InputFile& read, const std::filesystem::path& path,
                        const std::string& fingerprint, const std::string& role) {
    if (fingerprint == read.fingerprint) return;
    throw Error("'" + printableText(path.string()) + "' is not " + role + " ('" +
                    printableText(read.path) + "'): its content differs.",
                "Give that file with the content it had, or run the experiment again on this one.");
}

}  // namespace quantscope
