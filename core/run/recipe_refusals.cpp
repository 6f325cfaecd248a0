// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/recipe_refusals.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

void RecipeRefusals::add(const std::string& what, const std::string& tensor) {
    m_tensors[what].push_back(printableText(tensor));
}

void RecipeRefusals::throwIfAny(const std::string& program, const std::string& remedy) const {
    if (m_tensors.empty()) return;
    std::string list;
    for (const auto& [what, tensors] : m_tensors) {
        list += "\n  " + what + " (" + tensors.front();
        if (tensors.size() > 1) list += " and " + std::to_string(tensors.size() - 1) + " more";
        list += ")";
    }
    throw Error("The plan cannot be said in the words of " + program + ".",
                remedy + " These are in the way:" + list);
}

}  // namespace quantscope
