// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/fold_rule.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

Index elementCount(const Shape& shape) {
    Index count = 1;
    for (const Index length : shape)
        count *= length;
    return count;
}

std::string formatShape(const Shape& shape) {
    if (shape.empty()) return "scalar";
    std::string text;
    for (const Index length : shape) {
        if (!text.empty()) text += 'x';
        text += std::to_string(length);
    }
    return text;
}

std::string FoldRule::toText() const {
    std::string text = "rows=";
    for (std::size_t i = 0; i < rowAxes.size(); ++i) {
        if (i > 0) text += ',';
        text += std::to_string(rowAxes[i]);
    }
    return text;
}

FoldRule FoldRule::parse(std::string_view text) {
    static constexpr std::string_view prefix = "rows=";
    const Error malformed(
        "'" + std::string(text) + "' is not a folding rule.",
        "Write rows= and the axes that become rows, for example rows=0 or rows=3.");
    if (!text.starts_with(prefix)) throw malformed;
    text.remove_prefix(prefix.size());
    FoldRule rule;
    rule.rowAxes.clear();
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        std::int64_t axis = 0;
        if (!parseNumber(text.substr(0, comma), axis) || axis < 0 || axis > 31) throw malformed;
        rule.rowAxes.push_back(static_cast<int>(axis));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    return rule;
}

void FoldRule::check(const Shape& shape) const {
    for (std::size_t i = 0; i < rowAxes.size(); ++i) {
        if (rowAxes[i] < 0 || rowAxes[i] >= static_cast<int>(shape.size())) {
            throw Error("Folding rule " + toText() + " names axis " + std::to_string(rowAxes[i]) +
                            ", but the tensor (" + formatShape(shape) + ") has " +
                            std::to_string(shape.size()) + " axes.",
                        "Axes count from 0.");
        }
        if (std::count(rowAxes.begin(), rowAxes.end(), rowAxes[i]) > 1) {
            throw Error("Folding rule " + toText() + " names axis " + std::to_string(rowAxes[i]) +
                        " twice.");
        }
    }
}

Index FoldRule::rows(const Shape& shape) const {
    Index count = 1;
    for (const int axis : rowAxes)
        count *= shape[static_cast<std::size_t>(axis)];
    return count;
}

Index FoldRule::cols(const Shape& shape) const {
    Index count = 1;
    for (const int axis : columnAxes(shape))
        count *= shape[static_cast<std::size_t>(axis)];
    return count;
}

std::vector<int> FoldRule::columnAxes(const Shape& shape) const {
    std::vector<int> axes;
    for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
        if (std::find(rowAxes.begin(), rowAxes.end(), axis) == rowAxes.end()) axes.push_back(axis);
    }
    return axes;
}

bool FoldRule::keepsFileOrder(const Shape& shape) const {
    // Axes of length 1 do not move anything, wherever they stand.
    std::vector<int> order;
    for (const int axis : rowAxes)
        order.push_back(axis);
    for (const int axis : columnAxes(shape))
        order.push_back(axis);
    std::erase_if(order, [&](int axis) { return shape[static_cast<std::size_t>(axis)] == 1; });
    return std::is_sorted(order.begin(), order.end());
}

}  // namespace quantscope
