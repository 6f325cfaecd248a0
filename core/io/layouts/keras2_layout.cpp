// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"
#include "core/io/layouts/keras_kernel.h"

namespace quantscope {

namespace {

/// Files that Keras 1 and 2 write with save() or save_weights(): groups per layer under an
/// attribute `layer_names`, datasets named like "kernel:0"; whole models keep them below
/// `model_weights`.
class Keras2Layout final : public FileLayout {
public:
    std::string id() const override { return "keras2"; }

    bool matches(const FileOutline& outline) const override {
        return outline.groupHasAttribute("/", "layer_names") ||
               outline.groupHasAttribute("/model_weights", "layer_names");
    }

    void orient(const FileOutline& /*outline*/, OutlineEntry& entry) const override {
        const std::string& name = entry.info.name;
        std::string_view role = lastPart(name);
        role = role.substr(0, role.find(':'));
        orientKerasWeight(name, role, entry);
        if (name.starts_with("optimizer_weights/") && entry.info.quantizable) {
            entry.info.auxiliary = true;
            entry.info.reason = "State of the optimizer, not used by the trained model.";
        }
    }
};

}  // namespace

const FileLayout& keras2Layout() {
    static const Keras2Layout layout;
    return layout;
}

}  // namespace quantscope
