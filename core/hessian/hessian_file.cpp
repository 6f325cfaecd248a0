// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/hessian_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/hessian/activation_hessian.h"
#include "core/hessian/importance_file.h"

namespace quantscope {

namespace {

constexpr std::string_view hessianPrefix = "hessian/";
constexpr std::string_view hessianSuffix = "/hessian";
constexpr std::string_view activationPrefix = "activations/";

// Larger differences between H(i,j) and H(j,i), relative to the largest diagonal value, are no
// rounding.
constexpr double symmetryTolerance = 1e-5;

std::optional<HessianFile::Kind> kindByShape(const Shape& shape) {
    if (shape.size() == 1) return HessianFile::Kind::Diagonal;
    if (shape.size() == 2 && shape[0] == shape[1]) return HessianFile::Kind::Full;
    return std::nullopt;
}

struct Candidate {
    HessianFile::Entry entry;
    int rank = 0;  // The lower wins.
};

std::optional<Candidate> judge(const TensorInfo& info) {
    if (!info.quantizable || info.shape.empty()) return std::nullopt;
    const std::string& name = info.name;
    Candidate candidate{{name, name, HessianFile::Kind::Full, info.shape.back()}, 3};
    if (name.starts_with(activationPrefix)) {
        if (info.shape.size() != 2) return std::nullopt;
        candidate.entry.tensor = name.substr(activationPrefix.size());
        candidate.entry.kind = HessianFile::Kind::Activations;
        candidate.rank = 2;
        return candidate;
    }
    const auto kind = kindByShape(info.shape);
    if (!kind) return std::nullopt;
    candidate.entry.kind = *kind;
    if (name.starts_with(hessianPrefix)) {
        candidate.entry.tensor = name.substr(hessianPrefix.size());
        candidate.rank = 0;
    } else if (name.ends_with(hessianSuffix)) {
        candidate.entry.tensor = name.substr(0, name.size() - hessianSuffix.size());
        candidate.rank = 1;
    }
    return candidate;
}

Error unusable(const Hessian& hessian, const std::string& why, const std::string& remedy) {
    return Error("The side information " + hessian.source + " cannot be used: " + why + ".",
                 remedy);
}

/// Returns the largest value.
double checkDiagonal(const Hessian& hessian) {
    static const std::string again = "Compute it again from the layer's inputs.";
    const Index size = hessian.size;
    double largest = 0.0;
    for (Index j = 0; j < size; ++j) {
        const double value = hessian.diagonal[static_cast<std::size_t>(j)];
        if (!std::isfinite(value)) {
            throw unusable(hessian,
                           "channel " + std::to_string(j) + " has the value " + formatNumber(value),
                           again);
        }
        largest = std::max(largest, value);
    }
    for (Index j = 0; j < size; ++j) {
        const double value = hessian.diagonal[static_cast<std::size_t>(j)];
        if (value < -symmetryTolerance * largest || (largest <= 0.0 && value < 0.0)) {
            throw unusable(hessian,
                           "the diagonal is negative at channel " + std::to_string(j) + " (" +
                               formatSignificant(value) + "), so it is no sum of squared inputs",
                           again);
        }
    }
    return largest;
}

std::string placeText(Index i, Index j) {
    return "(" + std::to_string(i) + ", " + std::to_string(j) + ")";
}

/// The full matrix is finite, symmetric, and no pair of channels contradicts that x H x^T >= 0.
void checkPairs(const Hessian& hessian, double largest, const std::stop_token& stop) {
    static const std::string again = "Compute it again from the layer's inputs.";
    const Index size = hessian.size;
    const double* values = hessian.full.data();
    for (Index i = 0; i < size; ++i) {
        throwIfStopped(stop);
        for (Index j = 0; j < i; ++j) {
            const double lower = values[i * size + j];
            const double upper = values[j * size + i];
            if (!std::isfinite(lower) || !std::isfinite(upper)) {
                throw unusable(hessian, "it is NaN or infinite at " + placeText(i, j), again);
            }
            if (std::abs(lower - upper) > symmetryTolerance * std::max(largest, std::abs(lower))) {
                throw unusable(hessian,
                               "it is not symmetric at " + placeText(i, j) + ": " +
                                   formatSignificant(lower) + " against " +
                                   formatSignificant(upper),
                               again);
            }
            const double most = std::sqrt(std::max(0.0, values[i * size + i]) *
                                          std::max(0.0, values[j * size + j]));
            if (std::abs(lower) > most + symmetryTolerance * largest) {
                throw unusable(hessian,
                               "its value " + formatSignificant(lower) + " at " + placeText(i, j) +
                                   " is larger than the diagonal allows (" +
                                   formatSignificant(most) + "), so it is no sum of squared inputs",
                               again);
            }
        }
    }
}

void check(const Hessian& hessian, const std::stop_token& stop) {
    const double largest = checkDiagonal(hessian);
    if (!hessian.full.empty()) checkPairs(hessian, largest, stop);
}

}  // namespace

std::shared_ptr<const HessianFile> HessianFile::open(const std::filesystem::path& path,
                                                     const OpenOptions& options) {
    if (isImportanceFile(path)) {
        return std::shared_ptr<const HessianFile>(new HessianFile(path));
    }
    return std::make_shared<const HessianFile>(TensorFile::open(path, options));
}

HessianFile::HessianFile(const std::filesystem::path& importance)
    : m_path(importance),
      m_fingerprint(
          std::make_unique<FileSetFingerprint>(importance, std::set<std::filesystem::path>())) {
    for (LayerImportance& layer : readImportanceFile(importance)) {
        const auto size = static_cast<Index>(layer.diagonal.size());
        m_entries.push_back({layer.name, layer.tensor, Kind::Diagonal, size});
        m_diagonals[layer.name] = std::move(layer.diagonal);
    }
}

HessianFile::HessianFile(std::shared_ptr<const TensorFile> file)
    : m_path(file->path()), m_file(std::move(file)) {
    std::map<std::string, int> bestRank;
    std::vector<Candidate> candidates;
    for (const TensorInfo& info : m_file->tensors()) {
        auto candidate = judge(info);
        if (!candidate) continue;
        const auto [best, isNew] = bestRank.try_emplace(candidate->entry.tensor, candidate->rank);
        if (!isNew) best->second = std::min(best->second, candidate->rank);
        candidates.push_back(std::move(*candidate));
    }
    for (Candidate& candidate : candidates) {
        if (candidate.rank == bestRank[candidate.entry.tensor]) {
            m_entries.push_back(std::move(candidate.entry));
        }
    }
}

const HessianFile::Entry* HessianFile::find(const std::string& tensor) const {
    auto found = std::ranges::find(m_entries, tensor, &Entry::tensor);
    // A model may have the names that llama.cpp gives.
    if (found == m_entries.end() && !m_file) {
        found = std::ranges::find(m_entries, tensor, &Entry::name);
    }
    return found == m_entries.end() ? nullptr : &*found;
}

std::string HessianFile::fingerprint(const std::stop_token& stop) const {
    return m_file ? m_file->fingerprint(stop) : m_fingerprint->hexDigits(stop);
}

Hessian HessianFile::described(const Entry& entry, const std::string& tensor, Index cols) const {
    Hessian hessian;
    hessian.size = cols;
    hessian.source = path().filename().string() + ":/" + entry.name;
    hessian.describesFull = entry.kind != Kind::Diagonal;
    if (entry.size == cols) return hessian;
    throw unusable(hessian,
                   "it is for " + std::to_string(entry.size) + " input channels, but " + tensor +
                       " has " + std::to_string(cols),
                   "Check that the side information belongs to this model and that the tensor is "
                   "folded so that its columns are input channels.");
}

std::shared_ptr<const Hessian> HessianFile::describe(const std::string& tensor, Index cols) const {
    const Entry* entry = find(tensor);
    if (!entry) return nullptr;
    return std::make_shared<const Hessian>(described(*entry, tensor, cols));
}

std::shared_ptr<const Hessian> HessianFile::hessian(const std::string& tensor, Index cols,
                                                    const std::stop_token& stop) const {
    const Entry* entry = find(tensor);
    if (!entry) return nullptr;
    auto hessian = std::make_shared<Hessian>(described(*entry, tensor, cols));
    switch (entry->kind) {
        case Kind::Diagonal:
            hessian->diagonal =
                m_file ? m_file->readDoubles(entry->name, stop) : m_diagonals.at(entry->name);
            break;
        case Kind::Full:
            hessian->full = m_file->readDoubles(entry->name, stop);
            break;
        case Kind::Activations:
            hessian->full =
                hessianOfActivations(*m_file->source(entry->name, FoldRule{{0}}, stop), stop);
            break;
    }
    if (!hessian->full.empty()) {
        hessian->diagonal.resize(static_cast<std::size_t>(cols));
        for (Index j = 0; j < cols; ++j) {
            hessian->diagonal[static_cast<std::size_t>(j)] =
                hessian->full[static_cast<std::size_t>(j * cols + j)];
        }
    }
    check(*hessian, stop);
    return hessian;
}

}  // namespace quantscope
