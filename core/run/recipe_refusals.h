// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

namespace quantscope {

/// What a plan holds that another program has no equivalent for, collected so that all of it can be
/// told at once.
class RecipeRefusals {
public:
    /// `what`: a method or tensor with the reason, as "e8:bits=2: it is no grid of integers".
    void add(const std::string& what, const std::string& tensor);
    /// Throws Error with the whole list when something was added.
    void throwIfAny(const std::string& program, const std::string& remedy) const;

private:
    std::map<std::string, std::vector<std::string>> m_tensors;
};

}  // namespace quantscope
