// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_choice.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

using Names = std::set<std::string>;

bool matchesAny(const std::vector<std::string>& patterns, const std::string& name) {
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return meansTensor(pattern, name); });
}

Names quantizableNames(std::span<const TensorInfo> tensors) {
    Names names;
    for (const TensorInfo& tensor : tensors) {
        if (tensor.quantizable) names.insert(tensor.name);
    }
    return names;
}

Names matches(const std::string& pattern, const Names& names) {
    Names matched;
    std::ranges::copy_if(names, std::inserter(matched, matched.end()),
                         [&](const std::string& name) { return meansTensor(pattern, name); });
    return matched;
}

std::string quoted(const std::string& name) {
    std::string pattern;
    for (const char c : name) {
        if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern;
}

// A pattern without a slash is also compared with the last segment of longer names; a set that
// holds a slash makes it a pattern for whole names.
std::string boundToWholeName(const std::string& name) {
    const auto letter = std::ranges::find_if(
        name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; });
    if (letter == name.end()) return quoted(name);
    return quoted({name.begin(), letter}) + "[" + *letter + "/]" +
           quoted({std::next(letter), name.end()});
}

std::string exactPattern(const Names& names, const std::string& name) {
    for (const std::string& pattern : {name, quoted(name)}) {
        if (matches(pattern, names).size() <= 1) return pattern;
    }
    return boundToWholeName(name);
}

// Fewest patterns of the kinds "*", "group/*" and exact names that match all of `wanted` and
// nothing else of `all`.
std::vector<std::string> cover(const Names& all, const Names& wanted) {
    std::vector<std::string> patterns;
    Names left = wanted;
    const auto tryPattern = [&](const std::string& pattern) {
        const Names matched = matches(pattern, all);
        if (matched.size() < 2 || !std::ranges::includes(wanted, matched)) return false;
        patterns.push_back(pattern);
        for (const std::string& name : matched)
            left.erase(name);
        return true;
    };
    while (!left.empty()) {
        const std::string name = *left.begin();
        bool found = false;
        for (auto slash = name.find('/'); slash != std::string::npos && !found;
             slash = name.find('/', slash + 1)) {
            found = tryPattern(quoted(name.substr(0, slash)) + "/*");
        }
        if (found) continue;
        patterns.push_back(exactPattern(all, name));
        left.erase(name);
    }
    return patterns;
}

void append(std::vector<std::string>& patterns, const std::vector<std::string>& more) {
    patterns.insert(patterns.end(), more.begin(), more.end());
}

// Patterns of the user that choose nothing unwanted stay; the rest is covered anew.
DataSpec withoutExclusions(const Names& all, DataSpec data, const Names& wanted) {
    data.exclude.clear();
    std::erase_if(data.tensors, [&](const std::string& pattern) {
        const Names matched = matches(pattern, all);
        return matched.empty() || !std::ranges::includes(wanted, matched);
    });
    Names missing;
    std::ranges::copy_if(wanted, std::inserter(missing, missing.end()),
                         [&](const std::string& name) { return !matchesAny(data.tensors, name); });
    append(data.tensors, cover(all, missing));
    return data;
}

// Patterns that choose anything wanted stay, and what they choose besides is excluded.
DataSpec withExclusions(const Names& all, DataSpec data, const Names& wanted) {
    std::erase_if(data.exclude, [&](const std::string& pattern) {
        const Names matched = matches(pattern, all);
        return matched.empty() || std::ranges::any_of(matched, [&](const std::string& name) {
                   return wanted.contains(name);
               });
    });
    std::erase_if(data.tensors, [&](const std::string& pattern) {
        return std::ranges::none_of(matches(pattern, all),
                                    [&](const std::string& name) { return wanted.contains(name); });
    });
    Names missing;
    Names unwanted;
    for (const std::string& name : all) {
        const bool taken = matchesAny(data.tensors, name);
        if (wanted.contains(name) && !taken) missing.insert(name);
        if (!wanted.contains(name) && taken && !matchesAny(data.exclude, name)) {
            unwanted.insert(name);
        }
    }
    append(data.tensors, cover(all, missing));
    append(data.exclude, cover(all, unwanted));
    return data;
}

}  // namespace

Names chosenTensors(std::span<const TensorInfo> tensors, const DataSpec& data) {
    Names chosen;
    for (const TensorInfo& tensor : tensors) {
        if (tensor.quantizable && matchesAny(data.tensors, tensor.name) &&
            !matchesAny(data.exclude, tensor.name)) {
            chosen.insert(tensor.name);
        }
    }
    return chosen;
}

DataSpec withChosenTensors(std::span<const TensorInfo> tensors, const DataSpec& data,
                           const Names& wanted) {
    const Names all = quantizableNames(tensors);
    DataSpec fresh = data;
    fresh.tensors = wanted.size() == all.size() && !all.empty() ? std::vector<std::string>{"*"}
                                                                : cover(all, wanted);
    fresh.exclude.clear();
    // The first of the shortest: what the user wrote stays where that costs nothing.
    const std::array candidates = {withExclusions(all, data, wanted),
                                   withoutExclusions(all, data, wanted), std::move(fresh)};
    return *std::ranges::min_element(candidates, {}, [](const DataSpec& candidate) {
        return candidate.tensors.size() + candidate.exclude.size();
    });
}

std::string exactPattern(std::span<const TensorInfo> tensors, const std::string& name) {
    Names names;
    for (const TensorInfo& tensor : tensors)
        names.insert(tensor.name);
    return exactPattern(names, name);
}

FoldRule chosenFold(const TensorInfo& tensor, const DataSpec& data) {
    for (const auto& [pattern, fold] : data.folds) {
        if (meansTensor(pattern, tensor.name)) return fold;
    }
    return tensor.fold;
}

DataSpec withFold(std::span<const TensorInfo> tensors, const DataSpec& data,
                  const std::string& name, const FoldRule& fold) {
    DataSpec changed = data;
    const std::string pattern = exactPattern(tensors, name);
    std::erase_if(changed.folds, [&](const auto& entry) { return entry.first == pattern; });
    const auto tensor = std::ranges::find(tensors, name, &TensorInfo::name);
    if (tensor == tensors.end() || chosenFold(*tensor, changed) == fold) return changed;
    // The first match counts, so the tensor's own entry stands before the user's wider globs.
    changed.folds.insert(changed.folds.begin(), {pattern, fold});
    return changed;
}

}  // namespace quantscope
