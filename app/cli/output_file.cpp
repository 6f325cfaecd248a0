// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/output_file.h"

#include <system_error>

#include "core/base/error.h"
#include "core/base/output_target.h"
#include "core/base/utf8.h"

namespace quantscope {

void declareForce(CLI::App& app, bool& force) {
    app.add_flag("--force", force, "Replace the file if it exists");
}

void checkOutput(const std::filesystem::path& out, bool force,
                 const std::vector<std::string>& inputs) {
    const std::filesystem::path target = outputTarget(out);
    std::error_code ignored;
    if (!std::filesystem::exists(target, ignored)) return;
    const std::string name = "'" + printableText(out.string()) + "'";
    for (const std::string& input : inputs) {
        if (std::filesystem::equivalent(target, input, ignored)) {
            throw Error("The output file " + name + " is one that the command reads.",
                        "Choose another name.");
        }
    }
    if (!force) {
        throw Error("The output file " + name + " exists.",
                    "Choose another name, or add --force to replace it.");
    }
}

}  // namespace quantscope
