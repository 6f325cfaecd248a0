// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/fused_layers.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

struct Fusion {
    std::string name;
    std::vector<std::string> members;
};

const std::array<Fusion, 2>& fusions() {
    static const std::array<Fusion, 2> all = {Fusion{"qkv_proj", {"q_proj", "k_proj", "v_proj"}},
                                              Fusion{"gate_up_proj", {"gate_proj", "up_proj"}}};
    return all;
}

std::string lastPart(const std::string& module) {
    return module.substr(module.rfind('.') + 1);
}

}  // namespace

std::vector<FusedLayer> fusedLayers(const std::set<std::string>& modules) {
    std::map<std::string, FusedLayer> layers;
    for (const std::string& module : modules) {
        const std::string last = lastPart(module);
        for (const Fusion& fusion : fusions()) {
            if (std::ranges::find(fusion.members, last) == fusion.members.end()) continue;
            const std::string parent = module.substr(0, module.size() - last.size());
            FusedLayer& layer = layers[parent + fusion.name];
            layer.name = parent + fusion.name;
            layer.members.push_back(module);
        }
    }
    std::vector<FusedLayer> result;
    for (auto& [name, layer] : layers)
        result.push_back(std::move(layer));
    return result;
}

void checkFusedLayers(const std::map<std::string, std::string>& settings,
                      const std::set<std::string>& modules) {
    constexpr std::size_t mostListed = 10;
    std::string list;
    std::size_t differing = 0;
    for (const FusedLayer& layer : fusedLayers(modules)) {
        std::set<std::string> different;
        std::string words;
        for (const std::string& member : layer.members) {
            const auto setting = settings.find(member);
            const std::string text = setting == settings.end() ? "not planned" : setting->second;
            different.insert(text);
            words += (words.empty() ? "" : "; ") + lastPart(member) + " " + text;
        }
        if (different.size() <= 1) continue;
        if (++differing <= mostListed) list += "\n  " + printableText(layer.name) + ": " + words;
    }
    if (differing == 0) return;
    if (differing > mostListed) {
        list += "\n  and " + std::to_string(differing - mostListed) + " more";
    }
    throw Error(
        "vLLM reads q, k and v as one layer, and gate and up, but the plan gives their "
        "parts different settings.",
        "Tie them: allocate with --usual-ties (in the window: Tie q/k/v, gate/up), or with "
        "--tie '*q_proj*,*k_proj*,*v_proj*' --tie '*gate_proj*,*up_proj*'. They differ in:" +
            list);
}

}  // namespace quantscope
