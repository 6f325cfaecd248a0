// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

/// Looks a value up in config_json first, then among the attributes.
class ConfigReader {
public:
    explicit ConfigReader(const TensorFile& file)
        : m_attributes(file.rootAttributes()),
          m_file("'" + printableText(file.path().filename().string()) + "'") {
        const auto text = m_attributes.find("config_json");
        if (text == m_attributes.end()) return;
        m_json = Json::parse(text->second, nullptr, false);
        if (!m_json.is_object()) {
            throw Error("The attribute config_json of " + m_file + " is no JSON object.",
                        "Write the content of the model's config.json to it.");
        }
    }

    bool has(const char* key) const { return find(key).has_value(); }

    std::string text(const char* key, const std::string& fallback) const {
        return find(key).value_or(fallback);
    }

    double number(const char* key, double fallback) const {
        const auto found = find(key);
        if (!found) return fallback;
        double value = 0.0;
        if (!parseNumber(*found, value) || !std::isfinite(value)) {
            refuse(key, "is '" + printableText(*found) + "'", "It is a number.");
        }
        return value;
    }

    /// A whole number >= 1 that must be there unless there is a fallback (> 0).
    Index count(const char* key, Index fallback = 0) const {
        if (!has(key)) {
            if (fallback > 0) return fallback;
            throw Error("The file " + m_file + " does not say the model's " + key + ".",
                        "Add the root attribute config_json with the content of the model's "
                        "config.json, or root attributes of the same names.");
        }
        constexpr double largest = 1e9;
        const double value = number(key, 0.0);
        if (value < 1.0 || value > largest || value != std::floor(value)) {
            refuse(key, "is " + formatNumber(value), "It is a whole number from 1.");
        }
        return static_cast<Index>(value);
    }

    bool isTrue(const char* key) const {
        const std::string value = text(key, "0");
        return value == "1" || value == "true";
    }

    [[noreturn]] void refuse(const std::string& key, const std::string& what,
                             const std::string& remedy) const {
        throw Error(key + " of the model in " + m_file + " " + what + ".", remedy);
    }

private:
    std::optional<std::string> find(const char* key) const {
        if (const auto entry = m_json.find(key); entry != m_json.end() && !entry->is_null()) {
            return entry->is_string() ? entry->get<std::string>() : entry->dump();
        }
        const auto entry = m_attributes.find(key);
        if (entry == m_attributes.end()) return std::nullopt;
        return entry->second;
    }

    std::map<std::string, std::string> m_attributes;
    std::string m_file;
    Json m_json = Json::object();
};

void refuseUnsupported(const ConfigReader& reader, const TensorFile& file) {
    const std::string type = reader.text("model_type", "llama");
    if (type != "llama" && type != "mistral") {
        reader.refuse("model_type", "is '" + printableText(type) + "'",
                      "Only Llama-type models can be evaluated.");
    }
    const std::string activation = reader.text("hidden_act", "silu");
    if (activation != "silu") {
        reader.refuse("hidden_act", "is '" + printableText(activation) + "'",
                      "Only silu is supported.");
    }
    if (reader.has("rope_scaling")) {
        reader.refuse("rope_scaling", "is set", "Scaled rotary positions are not supported.");
    }
    const auto bias = std::ranges::find_if(file.tensors(), [](const TensorInfo& info) {
        return info.name.starts_with("model.layers.") && info.name.ends_with(".bias");
    });
    if (bias != file.tensors().end()) {
        throw Error("The model has the bias '" + printableText(bias->name) + "'.",
                    "Only linear layers without biases are supported.");
    }
}

}  // namespace

ModelConfig ModelConfig::from(const TensorFile& file) {
    const ConfigReader reader(file);
    refuseUnsupported(reader, file);
    ModelConfig config;
    config.hidden = reader.count("hidden_size");
    config.intermediate = reader.count("intermediate_size");
    config.layers = reader.count("num_hidden_layers");
    config.heads = reader.count("num_attention_heads");
    config.keyValueHeads = reader.count("num_key_value_heads", config.heads);
    config.headSize = reader.count("head_dim", std::max<Index>(1, config.hidden / config.heads));
    config.vocabulary = reader.count("vocab_size");
    config.context = reader.count("max_position_embeddings");
    config.normEpsilon = reader.number("rms_norm_eps", config.normEpsilon);
    config.ropeBase = reader.number("rope_theta", config.ropeBase);
    config.tiedHead = file.find(headTensor) == nullptr;
    if (config.tiedHead && reader.has("tie_word_embeddings") &&
        !reader.isTrue("tie_word_embeddings")) {
        throw Error("The model has no tensor " + std::string(headTensor) +
                        ", and tie_word_embeddings is false.",
                    "Store the output matrix, or say that it is tied to the embedding.");
    }
    if (config.heads % config.keyValueHeads != 0) {
        reader.refuse("num_attention_heads",
                      "is " + std::to_string(config.heads) + ", no multiple of the " +
                          std::to_string(config.keyValueHeads) + " key and value heads",
                      "Check the configuration.");
    }
    if (config.headSize % 2 != 0) {
        reader.refuse("head_dim", "is " + std::to_string(config.headSize),
                      "Rotary positions need an even size.");
    }
    return config;
}

std::string layerTensor(Index layer, const std::string& part) {
    return "model.layers." + std::to_string(layer) + "." + part + ".weight";
}

std::vector<ModelTensor> modelTensors(const ModelConfig& config) {
    std::vector<ModelTensor> tensors = {
        {embeddingTensor, {config.vocabulary, config.hidden}, false}};
    for (Index layer = 0; layer < config.layers; ++layer) {
        const auto add = [&](const char* part, Shape shape) {
            const bool isLinear = shape.size() == 2;
            tensors.push_back({layerTensor(layer, part), std::move(shape), isLinear});
        };
        add("input_layernorm", {config.hidden});
        add("self_attn.q_proj", {config.queryWidth(), config.hidden});
        add("self_attn.k_proj", {config.keyValueWidth(), config.hidden});
        add("self_attn.v_proj", {config.keyValueWidth(), config.hidden});
        add("self_attn.o_proj", {config.hidden, config.queryWidth()});
        add("post_attention_layernorm", {config.hidden});
        add("mlp.gate_proj", {config.intermediate, config.hidden});
        add("mlp.up_proj", {config.intermediate, config.hidden});
        add("mlp.down_proj", {config.hidden, config.intermediate});
    }
    tensors.push_back({finalNormTensor, {config.hidden}, false});
    if (!config.tiedHead) {
        tensors.push_back({headTensor, {config.vocabulary, config.hidden}, false});
    }
    return tensors;
}

}  // namespace quantscope
