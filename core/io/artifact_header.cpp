// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/artifact_header.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"

namespace quantscope {

namespace {

/// Real headers nest a method in a method in a method at most; what is deeper is an attack.
constexpr int deepestNesting = 64;

RatePart partFromName(const std::string& name) {
    const auto* const found = std::ranges::find_if(
        allRateParts, [&](RatePart part) { return ratePartName(part) == name; });
    if (found == allRateParts.end()) throw Error("it names an unknown part '" + name + "'");
    return *found;
}

Json parseLimited(const std::string& text) {
    bool tooDeep = false;
    Json json = Json::parse(
        text,
        [&](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
            tooDeep = tooDeep || depth > deepestNesting;
            return depth <= deepestNesting;
        },
        false);
    if (json.is_discarded() || tooDeep || !json.is_object()) throw Error("it is not valid JSON");
    return json;
}

Index parseSize(const Json& json) {
    const auto size = json.get<std::int64_t>();
    if (size < 0) throw Error("it states a negative size");
    return size;
}

}  // namespace

std::string formatArtifactHeader(const EncodedTensor& tensor) {
    Json sections = Json::array();
    for (const Section& section : tensor.sections) {
        sections.push_back({{"name", section.name},
                            {"part", ratePartName(section.part)},
                            {"used_bits", section.usedBits}});
    }
    const Json json = {{"method", tensor.method.toJson()},
                       {"rows", tensor.rows},
                       {"cols", tensor.cols},
                       {"header", tensor.header},
                       {"sections", std::move(sections)}};
    return json.dump();
}

EncodedTensor parseArtifactHeader(const std::string& text) {
    try {
        const Json json = parseLimited(text);
        EncodedTensor tensor;
        tensor.method = MethodSpec::fromJson(json.at("method"));
        tensor.rows = parseSize(json.at("rows"));
        tensor.cols = parseSize(json.at("cols"));
        if (tensor.cols > 0 && tensor.rows > std::numeric_limits<Index>::max() / tensor.cols) {
            throw Error("it states an impossible size");
        }
        tensor.header = json.at("header");
        for (const Json& entry : json.at("sections")) {
            Section section;
            section.name = entry.at("name").get<std::string>();
            section.part = partFromName(entry.at("part").get<std::string>());
            section.usedBits = entry.at("used_bits").get<std::uint64_t>();
            tensor.sections.push_back(std::move(section));
        }
        return tensor;
    } catch (const Json::exception& error) {
        throw Error(std::string("it is incomplete (") + error.what() + ")");
    }
}

}  // namespace quantscope
