// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/codebook_file.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/natural_order.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

constexpr const char* codebooksName = "codebooks";
// Of every tensor without codebooks of its own.
constexpr const char* sharedName = "shared";

// One codebook, or several of one size below each other.
bool isCodebooks(const TensorInfo& info) {
    return info.quantizable && (info.shape.size() == 2 || info.shape.size() == 3) &&
           std::ranges::all_of(info.shape, [](Index extent) { return extent > 0; });
}

bool isCodebook(const TensorInfo& info) {
    return isCodebooks(info) && info.shape.size() == 2;
}

std::string lastPart(const std::string& name) {
    return name.substr(name.rfind('/') + 1);
}

}  // namespace

std::shared_ptr<const CodebookFile> CodebookFile::open(const std::filesystem::path& path,
                                                       const OpenOptions& options) {
    return std::make_shared<const CodebookFile>(TensorFile::open(path, options));
}

std::vector<const TensorInfo*> CodebookFile::find(const std::string& tensor) const {
    const auto below = [&](const std::string& folder) {
        std::vector<const TensorInfo*> found;
        for (const TensorInfo& info : m_file->tensors()) {
            const bool isInside = info.name.starts_with(folder + "/") &&
                                  info.name.find('/', folder.size() + 1) == std::string::npos;
            if (isInside && isCodebook(info)) found.push_back(&info);
        }
        std::ranges::sort(found, naturalLess, &TensorInfo::name);
        return found;
    };
    std::vector<const TensorInfo*> found = below(tensor + "/" + codebooksName);
    for (const std::string& name : {std::string(codebooksName) + "/" + tensor, tensor}) {
        const TensorInfo* info = m_file->find(name);
        if (found.empty() && info != nullptr && isCodebooks(*info)) found = {info};
    }
    if (found.empty()) found = below(std::string(codebooksName) + "/" + sharedName);
    const TensorInfo* all = m_file->find(codebooksName);
    if (found.empty() && all != nullptr && isCodebooks(*all)) found = {all};
    return found;
}

std::shared_ptr<const GivenCodebooks> CodebookFile::describe(const std::string& tensor) const {
    const std::vector<const TensorInfo*> found = find(tensor);
    if (found.empty()) return nullptr;
    if (m_file->find(tensor + "/rotation") != nullptr) {
        throw Error("The codebooks of " + printableText(tensor) + " in '" +
                        printableText(path().string()) + "' are of rows that were rotated.",
                    "Give codebooks of rows as they are.");
    }
    auto given = std::make_shared<GivenCodebooks>();
    const std::string& first = found.front()->name;
    given->source = path().filename().string() + ":/" +
                    (found.size() > 1 ? first.substr(0, first.rfind('/')) : first);
    for (const TensorInfo* info : found) {
        const Shape& shape = info->shape;
        const Index books = shape.size() == 3 ? shape.front() : 1;
        for (Index book = 0; book < books; ++book) {
            std::string name = lastPart(info->name);
            if (books > 1) name += " " + std::to_string(book + 1);
            given->books.push_back({std::move(name), shape[shape.size() - 2], shape.back(), {}});
        }
    }
    return given;
}

std::shared_ptr<const GivenCodebooks> CodebookFile::codebooks(const std::string& tensor,
                                                              const std::stop_token& stop) const {
    const auto described = describe(tensor);
    if (!described) return nullptr;
    auto given = std::make_shared<GivenCodebooks>(*described);
    auto book = given->books.begin();
    for (const TensorInfo* info : find(tensor)) {
        const std::vector<double> values = m_file->readDoubles(info->name, stop);
        for (auto from = values.begin(); from != values.end(); ++book) {
            const auto to = from + book->count * book->dim;
            book->codewords.assign(from, to);
            const auto wrong = std::ranges::find_if(
                book->codewords, [](float value) { return !std::isfinite(value); });
            if (wrong != book->codewords.end()) {
                const Index codeword = (wrong - book->codewords.begin()) / book->dim;
                throw Error("The codebook '" + printableText(book->name) + "' of " +
                                printableText(given->source) + " cannot be used: codeword " +
                                std::to_string(codeword) +
                                " is NaN, infinite or beyond what a "
                                "32-bit float holds.",
                            "Write it again with finite values.");
            }
            from = to;
        }
    }
    return given;
}

}  // namespace quantscope
