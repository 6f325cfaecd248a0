// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/token_rows.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

constexpr const char* datasetName = "input_ids";

std::string place(const TensorFile& file) {
    return "'" + std::string(datasetName) + "' of '" +
           printableText(file.path().filename().string()) + "'";
}

Shape shapeOf(const TensorFile& file) {
    const TensorInfo* info = file.find(datasetName);
    if (info == nullptr) {
        throw Error("The file '" + printableText(file.path().filename().string()) +
                        "' has no dataset " + datasetName + ".",
                    "Give a file of token ids: integers, one row for each context.");
    }
    const Shape& shape = info->shape;
    const Index length = shape.empty() ? 0 : shape.back();
    if (shape.size() > 2 || length < 2 || elementCount(shape) == 0) {
        throw Error("The token ids " + place(file) + " are of shape " + formatShape(shape) + ".",
                    "They need rows of at least 2 ids.");
    }
    return shape;
}

}  // namespace

TokenRows TokenRows::middleRows(Index first, Index number) const {
    const auto begin = ids.begin() + first * length;
    return {{begin, begin + number * length}, number, length};
}

TokenRows TokenRows::read(const TensorFile& file, Index vocabulary, Index context) {
    const Shape shape = shapeOf(file);
    TokenRows tokens;
    tokens.length = shape.back();
    tokens.rows = elementCount(shape) / tokens.length;
    if (tokens.length > context) {
        throw Error("The rows of token ids " + place(file) + " are " +
                        std::to_string(tokens.length) + " long, but the model takes at most " +
                        std::to_string(context) + " positions.",
                    "Cut them into shorter rows.");
    }
    for (const std::int64_t id : file.readIntegers(datasetName)) {
        if (id < 0 || id >= vocabulary) {
            const auto at = static_cast<Index>(tokens.ids.size());
            throw Error("The token id " + std::to_string(id) + " in row " +
                            std::to_string(at / tokens.length) + ", position " +
                            std::to_string(at % tokens.length) + " of " + place(file) +
                            " is outside the model's vocabulary of " + std::to_string(vocabulary) +
                            ".",
                        "Use ids of this model's own tokenizer.");
        }
        tokens.ids.push_back(static_cast<std::int32_t>(id));
    }
    return tokens;
}

}  // namespace quantscope
