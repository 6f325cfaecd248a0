// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"

namespace quantscope {

namespace {

/// AnnData files of single-cell biology: X and layers are cells x genes, obsm holds embeddings of
/// cells, varm of genes, obs and var annotations.
class H5adLayout final : public FileLayout {
public:
    std::string id() const override { return "h5ad"; }

    bool matches(const FileOutline& outline) const override {
        return outline.groupAttribute("/", "encoding-type") == "anndata" ||
               (outline.groups.contains("/obs") && outline.groups.contains("/var") &&
                (outline.groups.contains("/X") || outline.find("X") != nullptr));
    }

    void orient(const FileOutline& outline, OutlineEntry& entry) const override {
        const std::string& name = entry.info.name;
        const std::string encoding = outline.groupAttribute(parentPath(entry), "encoding-type");
        if (encoding == "csr_matrix" || encoding == "csc_matrix") {
            exclude(entry, "Part of a sparse matrix (" + encoding.substr(0, 3) +
                               "); store it dense to quantize it.");
        } else if (name.starts_with("obs/") || name.starts_with("var/")) {
            exclude(entry, "A column of the annotation table " + name.substr(0, 3) + ".");
        }
        if (entry.info.shape.size() < 2) return;
        if (name.starts_with("obsm/")) {
            setFold(entry, {0}, "rows = cells, columns = embedding dimensions (AnnData)");
        } else if (name.starts_with("varm/")) {
            setFold(entry, {0}, "rows = genes, columns = embedding dimensions (AnnData)");
        } else {
            setFold(entry, {0}, "rows = cells (observations), columns = genes (AnnData)");
        }
    }
};

}  // namespace

const FileLayout& h5adLayout() {
    static const H5adLayout layout;
    return layout;
}

}  // namespace quantscope
