// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/tensor_selection.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

bool isNameOf(const std::string& pattern, const std::string& name) {
    return pattern == name || pattern == printableText(name);
}

// Nobody chose; that is no wish for what only serves to measure the rest.
bool meansEverything(const DataSpec& data) {
    return data.tensors == std::vector<std::string>{"*"};
}

std::string quotedList(const std::vector<std::string>& words) {
    std::string list;
    for (const std::string& word : words)
        list += (list.empty() ? "'" : ", '") + word + "'";
    return list;
}

// "'a' (strings), 'b' (compound) and 12 more".
class ExampleList {
public:
    void add(const std::string& example) {
        constexpr int shown = 3;
        if (++m_count <= shown) m_text += (m_text.empty() ? "" : ", ") + example;
    }
    int count() const { return m_count; }
    std::string text() const {
        constexpr int shown = 3;
        return m_count <= shown ? m_text
                                : m_text + " and " + std::to_string(m_count - shown) + " more";
    }

private:
    std::string m_text;
    int m_count = 0;
};

[[noreturn]] void refuseNothingMatches(const TensorFile& file, const DataSpec& data) {
    std::vector<std::string> names;
    for (const TensorInfo& info : file.tensors()) {
        if (info.quantizable) names.push_back(info.name);
    }
    const std::string path = "'" + file.path().string() + "'";
    if (names.empty()) throw Error("There is nothing in " + path + " that can be quantized.");
    std::string near;
    if (data.tensors.size() == 1) near = nearestWord(data.tensors.front(), names);
    throw Error("No tensor of " + path + " matches " + quotedList(data.tensors) +
                    (data.exclude.empty() ? "" : " without " + quotedList(data.exclude)) + ".",
                (near.empty() ? "Its first one is '" + names.front() + "'. "
                              : "Did you mean '" + near + "'? ") +
                    "The command 'inspect' lists all names.");
}

FoldRule foldOf(const TensorInfo& info, const DataSpec& data) {
    for (const auto& [pattern, fold] : data.folds) {
        if (!meansTensor(pattern, info.name)) continue;
        try {
            fold.check(info.shape);
        } catch (const Error& error) {
            throw Error("The folding for '" + pattern + "' does not fit '" + info.name +
                            "': " + error.what(),
                        error.remedy());
        }
        return fold;
    }
    return info.fold;
}

void remarkUnusedPatterns(const TensorFile& file, const std::vector<std::string>& patterns,
                          const std::string& kind, std::vector<std::string>& remarks) {
    for (const std::string& pattern : patterns) {
        const bool used = std::ranges::any_of(file.tensors(), [&](const TensorInfo& info) {
            return meansTensor(pattern, info.name);
        });
        if (!used) remarks.push_back("The " + kind + " '" + pattern + "' matches nothing.");
    }
}

}  // namespace

bool meansTensor(const std::string& pattern, const std::string& name) {
    return isNameOf(pattern, name) || matchesGlob(pattern, name);
}

bool meansTensor(const std::vector<std::string>& patterns, const std::string& name) {
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return meansTensor(pattern, name); });
}

TensorPatterns::TensorPatterns(const std::vector<std::string>& patterns,
                               std::span<const TensorInfo> tensors) {
    for (const std::string& pattern : patterns) {
        const auto named = std::ranges::find_if(
            tensors, [&](const TensorInfo& info) { return isNameOf(pattern, info.name); });
        if (named != tensors.end()) {
            m_names.insert(named->name);
        } else {
            m_globs.push_back(pattern);
        }
    }
}

bool TensorPatterns::mean(const std::string& name) const {
    return m_names.contains(name) || std::ranges::any_of(m_globs, [&](const std::string& glob) {
               return matchesGlob(glob, name);
           });
}

TensorSelection selectTensors(const TensorFile& file, const DataSpec& data) {
    const std::optional<SearchGroundTruth> truth = file.groundTruth();
    const TensorPatterns chosen(data.tensors, file.tensors());
    const TensorPatterns excluded(data.exclude, file.tensors());
    TensorSelection selection;
    ExampleList unquantizable;
    ExampleList leftOut;
    for (const TensorInfo& info : file.tensors()) {
        if (!chosen.mean(info.name) || excluded.mean(info.name)) continue;
        if (!info.quantizable) {
            unquantizable.add("'" + info.name + "' (" + info.reason + ")");
            continue;
        }
        if (meansEverything(data)) {
            if (truth && truth->queries == info.name) {
                leftOut.add("'" + info.name + "' (queries of the search)");
                continue;
            }
            if (info.auxiliary) {
                leftOut.add("'" + info.name + "' (state of the optimizer)");
                continue;
            }
        }
        SelectedTensor tensor;
        tensor.info = &info;
        tensor.fold = foldOf(info, data);
        tensor.isSearched = truth && truth->base == info.name;
        tensor.normalized =
            data.normalize == Normalize::Rows ||
            (data.normalize == Normalize::Automatic && tensor.isSearched && truth->angular);
        selection.tensors.push_back(std::move(tensor));
        if (!info.reason.empty())
            selection.remarks.push_back("'" + info.name + "': " + info.reason);
    }
    if (selection.tensors.empty()) {
        if (leftOut.count() > 0) {
            throw Error("All that could be quantized in '" + file.path().string() +
                            "' is left out unless it is named: " + leftOut.text() + ".",
                        "Name the tensors to quantize.");
        }
        if (unquantizable.count() == 0) refuseNothingMatches(file, data);
        throw Error("Nothing that " + quotedList(data.tensors) + " matches in '" +
                        file.path().string() + "' can be quantized: " + unquantizable.text() + ".",
                    "Choose other tensors.");
    }
    if (unquantizable.count() > 0) {
        selection.remarks.push_back(
            "Left out, because they cannot be quantized: " + unquantizable.text() + ".");
    }
    if (leftOut.count() > 0) {
        selection.remarks.push_back("Left out, unless named: " + leftOut.text() + ".");
    }
    std::vector<std::string> folded;
    for (const auto& [pattern, fold] : data.folds)
        folded.push_back(pattern);
    remarkUnusedPatterns(file, data.tensors, "pattern", selection.remarks);
    remarkUnusedPatterns(file, data.exclude, "exclusion", selection.remarks);
    remarkUnusedPatterns(file, folded, "folding for", selection.remarks);
    return selection;
}

}  // namespace quantscope
