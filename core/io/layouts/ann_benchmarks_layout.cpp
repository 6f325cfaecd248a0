// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"
#include "core/io/layouts/file_layout.h"

namespace quantscope {

namespace {

/// Files of the ann-benchmarks project: `train` and `test` vectors, for each test vector the row
/// numbers of its nearest training vectors (`neighbors`) and their `distances`.
class AnnBenchmarksLayout final : public FileLayout {
public:
    std::string id() const override { return "ann-benchmarks"; }

    bool matches(const FileOutline& outline) const override {
        const OutlineEntry* train = outline.find("train");
        const OutlineEntry* test = outline.find("test");
        return train != nullptr && test != nullptr && train->info.shape.size() == 2 &&
               test->info.shape.size() == 2 && train->info.shape[1] == test->info.shape[1];
    }

    void orient(const FileOutline& outline, OutlineEntry& entry) const override {
        const std::string& name = entry.info.name;
        if (name == "neighbors") {
            exclude(entry, "Row numbers of nearest neighbours, not vectors.");
        } else if (name == "distances") {
            exclude(entry, "Distances to nearest neighbours, not vectors.");
        }
        if (name == "test" && entry.info.quantizable && entry.info.reason.empty()) {
            entry.info.reason =
                "The queries of the search, not what is searched: quantized only when named.";
        }
        if (entry.info.shape.size() == 2) setFold(entry, {0}, "rows = vectors (ann-benchmarks)");
        const std::string distance = outline.groupAttribute("/", "distance");
        if (name == "train" && entry.info.quantizable && !isAngular(distance) &&
            !isEuclidean(distance)) {
            entry.info.reason = "Its distance is '" + printableText(distance) +
                                "', so no recall is measured: that needs euclidean, angular or "
                                "cosine.";
        }
    }

    std::optional<SearchGroundTruth> groundTruth(const FileOutline& outline) const override {
        const OutlineEntry* test = outline.find("test");
        const OutlineEntry* neighbors = outline.find("neighbors");
        if (neighbors == nullptr || neighbors->info.shape.size() != 2 ||
            !neighbors->access.element.isInteger() || !neighbors->access.unreadable.empty() ||
            !test->access.unreadable.empty() || neighbors->info.shape[0] != test->info.shape[0]) {
            return {};
        }
        const std::string distance = outline.groupAttribute("/", "distance");
        if (!isAngular(distance) && !isEuclidean(distance)) return {};
        return SearchGroundTruth{"test", "neighbors", isAngular(distance)};
    }

private:
    static bool isAngular(const std::string& distance) {
        return contains(distance, "angular") || contains(distance, "cosine");
    }
    /// Files that do not say are taken for Euclidean, as most are.
    static bool isEuclidean(const std::string& distance) {
        return distance.empty() || contains(distance, "euclidean") || distance == "l2";
    }
};

}  // namespace

const FileLayout& annBenchmarksLayout() {
    static const AnnBenchmarksLayout layout;
    return layout;
}

}  // namespace quantscope
