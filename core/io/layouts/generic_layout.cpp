// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"

namespace quantscope {

namespace {

class GenericLayout final : public FileLayout {
public:
    std::string id() const override { return "generic"; }
    bool matches(const FileOutline& /*outline*/) const override { return true; }

    void orient(const FileOutline& /*outline*/, OutlineEntry& entry) const override {
        if (entry.info.shape.size() < 2) return;
        setFold(entry, {0}, "rows = first axis, as stored (nothing in the file says more)");
    }
};

}  // namespace

const FileLayout& genericLayout() {
    static const GenericLayout layout;
    return layout;
}

}  // namespace quantscope
