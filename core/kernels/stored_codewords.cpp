// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/stored_codewords.h"

namespace quantscope {

std::vector<CodewordPanels> packedAsStored(std::vector<Matrix>& books, const CodewordFormat& format,
                                           const std::stop_token& stop) {
    std::vector<CodewordPanels> panels;
    panels.reserve(books.size());
    for (Matrix& book : books) {
        format.round(book.span());
        panels.emplace_back(book.view(), stop);
    }
    return panels;
}

}  // namespace quantscope
