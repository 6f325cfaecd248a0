// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/recipe_scheme.h"

#include "core/base/error.h"
#include "core/quant/parameter.h"

namespace quantscope {

namespace {

IntegerScheme scalarScheme(const ParameterValues& values) {
    if (values.choice("levels") != "uniform") throw Error("its levels are no equal steps");
    if (values.integer("nested") != 0) throw Error("its codes are a view of wider ones");
    const std::string scale = values.choice("scale");
    if (scale != "fp16") throw Error("its scales are " + scale + ", not fp16");
    IntegerScheme scheme;
    scheme.bits = static_cast<int>(values.integer("bits"));
    const std::string grid = values.choice("scheme");
    if (grid != "sym" && grid != "asym") throw Error("its grid is neither sym nor asym");
    scheme.isSymmetric = grid == "sym";
    const std::string granularity = values.choice("granularity");
    using enum IntegerScheme::Sharing;
    if (granularity == "column") throw Error("its scales are per column");
    scheme.sharing = granularity == "tensor" ? Tensor : granularity == "row" ? Row : Group;
    if (scheme.sharing == Group) scheme.group = values.integer("group");
    scheme.minimizesError = values.choice("clip") == "mse";
    return scheme;
}

}  // namespace

std::string IntegerScheme::toText() const {
    std::string text =
        std::to_string(bits) + " bits, " + (isSymmetric ? "symmetric" : "asymmetric");
    switch (sharing) {
        case Sharing::Tensor:
            text += ", one scale";
            break;
        case Sharing::Row:
            text += ", a scale per row";
            break;
        case Sharing::Group:
            text += ", groups of " + std::to_string(group);
            break;
    }
    if (minimizesError) text += ", clipped";
    if (hasFeedback) text += inActOrder ? ", GPTQ in act-order" : ", GPTQ in natural order";
    return text;
}

IntegerScheme integerScheme(const MethodSpec& method) {
    const ParameterValues values(method.parameters);
    if (method.id == "scalar") return scalarScheme(values);
    if (method.id != "gptq") throw Error("it is no uniform grid of integers");
    const MethodSpec base = values.method("base");
    if (base.id != "scalar") throw Error("it rounds to no uniform grid of integers");
    IntegerScheme scheme = scalarScheme(ParameterValues(base.parameters));
    scheme.hasFeedback = true;
    const std::string order = values.choice("order");
    if (order == "ascending") throw Error("it rounds the smallest inputs first");
    scheme.inActOrder = order == "act";
    return scheme;
}

std::string ggmlType(const MethodSpec& method) {
    const ParameterValues values(method.parameters);
    if (method.id == "kquant") {
        std::string layout = values.choice("layout");
        if (layout.ends_with("_k")) layout.back() = 'K';
        return layout;
    }
    if (method.id == "format" && values.choice("type") == "mxfp4") {
        constexpr Index mxBlock = 32;
        const Index block = values.integer("block");
        if (block == 0 || block == mxBlock) return "mxfp4";
    }
    throw Error("llama.cpp has no type with its layout");
}

Index ggmlBlock(const std::string& type) {
    constexpr Index block = 32;
    constexpr Index superblock = 256;
    return type.ends_with("_K") || type == "iq4_xs" ? superblock : block;
}

}  // namespace quantscope
