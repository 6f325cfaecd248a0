// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_choice.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

using Names = std::set<std::string>;

std::string lastSegment(const std::string& name) {
    return name.substr(name.rfind('/') + 1);
}

// Finds the names that a pattern means. Names themselves and whole groups, which is what a choice
// in the tree is made of, are looked up; other globs are compared with every name.
class NameIndex {
public:
    explicit NameIndex(Names names) : m_names(std::move(names)) {
        for (const std::string& name : m_names)
            m_bySegment.emplace(lastSegment(name), &name);
    }

    const Names& names() const { return m_names; }

    // As TensorPatterns says.
    Names matching(const std::string& pattern) const {
        return m_names.contains(pattern) ? Names{pattern} : matchingOneByOne(pattern);
    }

    // As meansTensor says, which knows no other names and so takes a name as a glob as well.
    Names matchingOneByOne(const std::string& pattern) const {
        Names matched;
        if (pattern.find_first_of("*?[\\") != std::string::npos) {
            std::ranges::copy_if(
                m_names, std::inserter(matched, matched.end()),
                [&](const std::string& name) { return meansTensor(pattern, name); });
            return matched;
        }
        if (m_names.contains(pattern)) matched.insert(pattern);
        if (pattern.find('/') != std::string::npos) return matched;
        const auto [first, last] = m_bySegment.equal_range(pattern);
        for (auto entry = first; entry != last; ++entry)
            matched.insert(*entry->second);
        return matched;
    }

    Names matchingAny(const std::vector<std::string>& patterns) const {
        Names matched;
        for (const std::string& pattern : patterns)
            matched.merge(matching(pattern));
        return matched;
    }

    // The names that begin with `group` and a slash.
    Names below(const std::string& group) const {
        const std::string prefix = group + '/';
        const auto first = m_names.lower_bound(prefix);
        const auto last = std::find_if_not(first, m_names.end(), [&](const std::string& name) {
            return name.starts_with(prefix);
        });
        return {first, last};
    }

private:
    Names m_names;
    std::multimap<std::string, const std::string*> m_bySegment;
};

// Whether every one of `few` is among `many`.
bool areAllIn(const Names& many, const Names& few) {
    return std::ranges::all_of(few, [&](const std::string& name) { return many.contains(name); });
}

bool haveCommon(const Names& many, const Names& few) {
    return std::ranges::any_of(few, [&](const std::string& name) { return many.contains(name); });
}

Names quantizableNames(std::span<const TensorInfo> tensors) {
    Names names;
    for (const TensorInfo& tensor : tensors) {
        if (tensor.quantizable) names.insert(tensor.name);
    }
    return names;
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

std::string exactPattern(const NameIndex& index, const std::string& name) {
    for (const std::string& pattern : {name, quoted(name)}) {
        if (index.matchingOneByOne(pattern).size() <= 1) return pattern;
    }
    return boundToWholeName(name);
}

// Fewest patterns of the kinds "group/*" and exact names that match all of `wanted` and nothing
// else.
std::vector<std::string> cover(const NameIndex& index, const Names& wanted) {
    std::vector<std::string> patterns;
    Names left = wanted;
    Names unfitting;  // Groups with an unwanted name, or with one name alone.
    const auto takesGroup = [&](const std::string& group) {
        if (unfitting.contains(group)) return false;
        const Names names = index.below(group);
        if (names.size() < 2 || !areAllIn(wanted, names)) {
            unfitting.insert(group);
            return false;
        }
        patterns.push_back(quoted(group) + "/*");
        for (const std::string& name : names)
            left.erase(name);
        return true;
    };
    while (!left.empty()) {
        const std::string name = *left.begin();
        bool taken = false;
        for (auto slash = name.find('/'); slash != std::string::npos && !taken;
             slash = name.find('/', slash + 1)) {
            taken = takesGroup(name.substr(0, slash));
        }
        if (taken) continue;
        patterns.push_back(exactPattern(index, name));
        left.erase(name);
    }
    return patterns;
}

void append(std::vector<std::string>& patterns, const std::vector<std::string>& more) {
    patterns.insert(patterns.end(), more.begin(), more.end());
}

Names difference(const Names& names, const Names& taken) {
    Names rest;
    std::ranges::set_difference(names, taken, std::inserter(rest, rest.end()));
    return rest;
}

// Patterns of the user that choose nothing unwanted stay; the rest is covered anew.
DataSpec withoutExclusions(const NameIndex& index, DataSpec data, const Names& wanted) {
    data.exclude.clear();
    std::erase_if(data.tensors, [&](const std::string& pattern) {
        const Names matched = index.matching(pattern);
        return matched.empty() || !areAllIn(wanted, matched);
    });
    append(data.tensors, cover(index, difference(wanted, index.matchingAny(data.tensors))));
    return data;
}

// Patterns that choose anything wanted stay, and what they choose besides is excluded.
DataSpec withExclusions(const NameIndex& index, DataSpec data, const Names& wanted) {
    std::erase_if(data.exclude, [&](const std::string& pattern) {
        const Names matched = index.matching(pattern);
        return matched.empty() || haveCommon(wanted, matched);
    });
    std::erase_if(data.tensors, [&](const std::string& pattern) {
        return !haveCommon(wanted, index.matching(pattern));
    });
    const Names taken = index.matchingAny(data.tensors);
    const Names unwanted = difference(difference(taken, wanted), index.matchingAny(data.exclude));
    append(data.tensors, cover(index, difference(wanted, taken)));
    append(data.exclude, cover(index, unwanted));
    return data;
}

}  // namespace

Names chosenTensors(std::span<const TensorInfo> tensors, const DataSpec& data) {
    const NameIndex index(quantizableNames(tensors));
    Names chosen = difference(index.matchingAny(data.tensors), index.matchingAny(data.exclude));
    // As selectTensors does it for those who do not choose.
    if (data.tensors == std::vector<std::string>{"*"}) {
        for (const TensorInfo& tensor : tensors) {
            if (tensor.auxiliary) chosen.erase(tensor.name);
        }
    }
    return chosen;
}

DataSpec withChosenTensors(std::span<const TensorInfo> tensors, const DataSpec& data,
                           const Names& wanted) {
    const NameIndex index(quantizableNames(tensors));
    // "*" is for those who do not choose; it leaves out the queries of a search.
    const bool cautioned = std::ranges::any_of(tensors, [](const TensorInfo& tensor) {
        return tensor.quantizable && !tensor.reason.empty();
    });
    const bool everything = !cautioned && !wanted.empty() && wanted.size() == index.names().size();
    DataSpec fresh = data;
    fresh.tensors = everything ? std::vector<std::string>{"*"} : cover(index, wanted);
    fresh.exclude.clear();
    // The first of the shortest: what the user wrote stays where that costs nothing.
    const std::array candidates = {withExclusions(index, data, wanted),
                                   withoutExclusions(index, data, wanted), std::move(fresh)};
    return *std::ranges::min_element(candidates, {}, [](const DataSpec& candidate) {
        return candidate.tensors.size() + candidate.exclude.size();
    });
}

std::string exactPattern(std::span<const TensorInfo> tensors, const std::string& name) {
    Names names;
    for (const TensorInfo& tensor : tensors)
        names.insert(tensor.name);
    return exactPattern(NameIndex(std::move(names)), name);
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
