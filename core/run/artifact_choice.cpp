// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/artifact_choice.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/store/result_store.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace fs = std::filesystem;

namespace {

std::string quoted(const fs::path& path) {
    return "'" + printableText(path.string()) + "'";
}

// The artifacts of one method of a run.
std::vector<fs::path> artifactsOfRun(const fs::path& folder, const std::string& method,
                                     const MethodRegistry& registry) {
    const auto store = ResultStore::open(folder);
    const std::vector<TrialRecord> records = inPlanOrder(store->records(), store->run());
    const std::string wanted = methodTextIn(records, method, registry);
    std::set<std::string> methods;
    std::vector<fs::path> paths;
    for (const TrialRecord& record : records) {
        if (record.failed()) continue;
        methods.insert(record.methodText);
        if (wanted.empty() || record.methodText == wanted)
            paths.push_back(store->artifactPath(record.trialId));
    }
    std::string list;
    for (const std::string& one : methods)
        list += "\n  " + one;
    if (paths.empty() && !wanted.empty()) {
        throw Error("The run " + quoted(folder) + " has no results of '" + wanted + "'.",
                    "Its methods are:" + list);
    }
    if (wanted.empty() && methods.size() > 1) {
        throw Error("The run " + quoted(folder) + " holds results of " +
                        std::to_string(methods.size()) + " methods.",
                    "Choose one with --method:" + list);
    }
    return paths;
}

}  // namespace

std::string methodTextIn(std::span<const TrialRecord> records, const std::string& text,
                         const MethodRegistry& registry) {
    try {
        const MethodSpec meant = registry.resolve(SweptMethod::parse(text).method);
        const auto found = std::ranges::find(records, meant, &TrialRecord::method);
        return found == records.end() ? text : found->methodText;
    } catch (const Error&) {
        return text;
    }
}

std::vector<fs::path> artifactsAt(const fs::path& path, const std::string& method,
                                  const MethodRegistry& registry) {
    if (!fs::is_directory(path)) return {path};
    if (fs::exists(path / "run.json")) return artifactsOfRun(path, method, registry);
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(path)) {
        if (entry.path().extension() == ".h5") paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
}

}  // namespace quantscope
