// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/options.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "core/base/utf8.h"

namespace quantscope {

namespace {

std::string refuseNoSeed(const std::string& text) {
    std::uint64_t seed = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, seed);
    if (!text.empty() && result.ec == std::errc() && result.ptr == end) return {};
    return "'" + printableText(text) + "' is no seed: a whole number from 0 to 2^64 - 1";
}

}  // namespace

void declareSeed(CLI::App& app, std::uint64_t& seed, const std::string& help) {
    app.add_option("--seed", seed, help)->check(CLI::Validator(refuseNoSeed, ""));
}

CLI::Option* declareRepeatable(CLI::App& app, const std::string& name,
                               std::vector<std::string>& values, const std::string& help) {
    // Without take_all(), giving it twice would be one value too many.
    return app.add_option(name, values, help + "; may be repeated")
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false);
}

CLI::Option* declareList(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                         const std::string& help) {
    // Lists without a limit would have to allow extra arguments, and those that do are taken apart
    // at brackets and commas.
    constexpr int mostValues = 1'000'000;
    return app.add_option(name, values, help)->expected(1, mostValues)->allow_extra_args(false);
}

}  // namespace quantscope
