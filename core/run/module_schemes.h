// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/run/plan_recipes.h"
#include "core/run/recipe_scheme.h"

namespace quantscope {

/// A plan as programs around PyTorch see it: grids of integers by the name of the linear layer.
struct ModuleSchemes {
    std::map<std::string, IntegerScheme> schemes;
    std::map<std::string, Index> weights;
    std::set<std::string> others;  ///< Layers of the model that the plan does not name.
    bool knowsColumns = true;      ///< Otherwise groups may be longer than rows have room for.

    /// What each layer gets, in words; the others nothing, which `left` stands for.
    std::map<std::string, std::string> meanings(const std::string& left) const;
    std::vector<std::string> modulesWith(const IntegerScheme& scheme) const;
    std::vector<IntegerScheme> distinct() const;  ///< By bits.
};

/// Throws Error as exportPlan does. `check` throws Error for a scheme that `program` does not have.
ModuleSchemes moduleSchemes(const std::vector<RecipeTensor>& tensors,
                            const std::vector<std::string>& others, const std::string& program,
                            const std::function<void(const IntegerScheme&)>& check);

}  // namespace quantscope
