// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"
#include "core/io/layouts/keras_kernel.h"

#include <algorithm>

namespace quantscope {

namespace {

/// Whether a name ends in "vars/<number>".
bool isVariable(std::string_view name) {
    const std::string_view number = lastPart(name);
    if (number.empty() || number.size() == name.size()) return false;
    const bool digits = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
    return digits && lastPart(name.substr(0, name.size() - number.size() - 1)) == "vars";
}

/// `.weights.h5` files of Keras 3: layers/<class>[_i]/.../vars/<n>. Variables have numbers instead
/// of names: the first of a layer is its kernel.
class Keras3Layout final : public FileLayout {
public:
    std::string id() const override { return "keras3"; }

    bool matches(const FileOutline& outline) const override {
        return std::ranges::any_of(
            outline.entries, [](const OutlineEntry& entry) { return isVariable(entry.info.name); });
    }

    void orient(const FileOutline& /*outline*/, OutlineEntry& entry) const override {
        const std::string& name = entry.info.name;
        // Recurrent cells and separable convolutions keep their second kernel as variable 1.
        orientKerasWeight(name, roleOf(name), entry);
        if (name.starts_with("optimizer/") && entry.info.quantizable) {
            entry.info.auxiliary = true;
            entry.info.reason = "State of the optimizer, not used by the trained model.";
        }
    }

private:
    static std::string_view roleOf(std::string_view name) {
        if (contains(name, "separable_conv")) {
            return lastPart(name) == "0" ? "depthwise_kernel" : "pointwise_kernel";
        }
        return {};
    }
};

}  // namespace

const FileLayout& keras3Layout() {
    static const Keras3Layout layout;
    return layout;
}

}  // namespace quantscope
