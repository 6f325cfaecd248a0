// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/given_codebooks.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/quant/codeword_format.h"

namespace quantscope {
namespace {

std::string sizeText(const CodebookSize& size) {
    return std::to_string(size.count) + " x " + std::to_string(size.dim);
}

// "4 of 256 x 8", "64 x 8 and 16 x 8", "16 x 8, 8 x 8 and 5 more".
std::string listText(const std::vector<CodebookSize>& sizes) {
    const bool isEqual =
        std::ranges::all_of(sizes, [&](const CodebookSize& size) { return size == sizes.front(); });
    if (sizes.size() > 1 && isEqual) {
        return std::to_string(sizes.size()) + " of " + sizeText(sizes.front());
    }
    constexpr std::size_t most = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, sizes.size()); ++i)
        text += (i > 0 ? ", " : "") + sizeText(sizes[i]);
    if (sizes.size() > most) text += " and " + std::to_string(sizes.size() - most) + " more";
    return text;
}

}  // namespace

ParameterChoice givenStartChoice() {
    return {givenStart, "Given codebooks"};
}

std::string refuseGiven(const GivenCodebooks* given, const std::vector<CodebookSize>& wanted,
                        const std::string& otherStart) {
    const std::string otherwise = "or choose start=" + otherStart + ".";
    if (given == nullptr) {
        return "start=given needs codebooks, and there are none for this tensor. Name a file that "
               "has some (--codebooks FILE), " +
               otherwise;
    }
    std::vector<CodebookSize> sizes;
    for (const GivenCodebooks::Book& book : given->books)
        sizes.push_back({book.count, book.dim});
    if (sizes == wanted) return {};
    return "The codebooks " + printableText(given->source) + " (" + listText(sizes) +
           ") are not what these parameters ask for (" + listText(wanted) +
           "; codewords x components). Choose parameters that fit them, " + otherwise;
}

std::string refuseWeights(const SideInformation& side, Index cols, const std::string& otherwise) {
    if (!side.hessian) {
        return "Errors are to be weighted by a Hessian, and there is none for this tensor. Name a "
               "file that has one (--hessians FILE), or choose " +
               otherwise + ".";
    }
    if (side.hessian->size == cols) return {};
    return "The Hessian is for " + std::to_string(side.hessian->size) +
           " input channels, but the tensor has " + std::to_string(cols) +
           " columns. Use the Hessian of this tensor, or choose " + otherwise + ".";
}

std::vector<Matrix> scaledCodebooks(const GivenCodebooks& given, int exponent, bool half) {
    assert(given.hasValues());
    const double factor = std::exp2(-exponent);
    std::vector<Matrix> books;
    for (const GivenCodebooks::Book& book : given.books) {
        Matrix& scaled = books.emplace_back(book.count, book.dim);
        std::ranges::transform(book.codewords, scaled.data(), [&](float value) {
            return static_cast<float>(static_cast<double>(value) * factor);
        });
        const double most = CodewordFormat::largest(half);
        const bool fits =
            std::all_of(scaled.data(), scaled.data() + scaled.view().size(),
                        [&](float value) { return std::abs(static_cast<double>(value)) <= most; });
        if (fits) continue;
        throw Error("The codebook '" + printableText(book.name) + "' of " +
                        printableText(given.source) +
                        " is too large for this tensor: a component of a codeword is more than " +
                        (half ? std::string("30") : std::string("1e38")) +
                        " times as large as its largest value.",
                    half ? "Check that the codebooks belong to this tensor, or choose "
                           "precision=fp32."
                         : "Check that the codebooks belong to this tensor.");
    }
    return books;
}

}  // namespace quantscope
