// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/faiss_factory.h"

#include <algorithm>
#include <cstdint>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/quant/parameter.h"

namespace quantscope {

namespace {

[[noreturn]] void refuse(const MethodSpec& method, const std::string& why) {
    throw Error("Faiss has no equivalent of " + method.toText() + ": " + why + ".");
}

std::int64_t integer(const MethodSpec& method, const char* name) {
    return method.parameters.at(name).get<std::int64_t>();
}

bool is(const MethodSpec& method, const char* name, const char* value) {
    return method.parameters.at(name).get<std::string>() == value;
}

std::string scalarString(const MethodSpec& method) {
    const std::int64_t bits = integer(method, "bits");
    if (!is(method, "levels", "uniform")) refuse(method, "its scalar codes have equal steps only");
    if (!is(method, "granularity", "column")) {
        refuse(method,
               "it scales every dimension (granularity=column) over all vectors, not each vector");
    }
    if (!is(method, "scheme", "asym")) {
        refuse(method, "its range goes from the minimum to the maximum (scheme=asym)");
    }
    if (!is(method, "clip", "none")) refuse(method, "the string cannot ask for a clipped range");
    if (bits != 4 && bits != 6 && bits != 8) refuse(method, "it offers 4, 6 and 8 bits");
    return "SQ" + std::to_string(bits);
}

std::string pqString(const MethodSpec& method, Index dim) {
    const std::int64_t slices = integer(method, "m");
    if (method.parameters.at("shared").get<bool>()) {
        refuse(method, "each slice has a codebook of its own");
    }
    // Older records know of neither.
    if (method.parameters.value("allocation", std::string("equal")) != "equal") {
        refuse(method, "the codes of all slices have one width");
    }
    const std::string rotation = method.parameters.value("rotation", std::string("none"));
    const bool rotated = rotation != "none";
    if (rotated && rotation != "opq") {
        refuse(method, "it does not deal principal axes to slices without training them");
    }
    const std::int64_t kept = rotated ? integer(method, "dims") : 0;
    const std::int64_t sliced = kept > 0 ? kept : dim;
    if (sliced % slices != 0) {
        refuse(method, std::to_string(sliced) + " dimensions do not fall into " +
                           std::to_string(slices) + " equal slices");
    }
    const std::string count = std::to_string(slices);
    const std::string code = "PQ" + count + "x" + std::to_string(integer(method, "bits"));
    if (!rotated) return code;
    return "OPQ" + count + (kept > 0 ? "_" + std::to_string(kept) : "") + "," + code;
}

void requireWholeVectors(const MethodSpec& method, Index dim) {
    const std::int64_t length = integer(method, "dim");
    if (length != 0 && length != dim) {
        refuse(method, "it codes whole vectors (dim=0), not pieces of " + std::to_string(length));
    }
}

std::string lsqString(const MethodSpec& method, Index dim) {
    requireWholeVectors(method, dim);
    return "LSQ" + std::to_string(integer(method, "m")) + "x" +
           std::to_string(integer(method, "bits"));
}

// The widths of the codes of the stages.
std::vector<int> stageWidths(const MethodSpec& method) {
    // Older records know of no list.
    if (method.parameters.contains("stage_bits")) {
        std::vector<int> listed = ParameterValues(method.parameters).integers("stage_bits");
        if (!listed.empty()) return listed;
    }
    return std::vector<int>(static_cast<std::size_t>(integer(method, "stages")),
                            static_cast<int>(integer(method, "bits")));
}

// "4x8", and with stages of different widths "1x10_2x8".
std::string runsOf(const std::vector<int>& widths) {
    std::string text;
    for (auto first = widths.begin(); first != widths.end();) {
        const auto next = std::find_if(first, widths.end(), [&](int w) { return w != *first; });
        text +=
            (text.empty() ? "" : "_") + std::to_string(next - first) + "x" + std::to_string(*first);
        first = next;
    }
    return text;
}

std::string rvqString(const MethodSpec& method, Index dim) {
    requireWholeVectors(method, dim);
    const std::vector<int> widths = stageWidths(method);
    const std::int64_t groups = method.parameters.value("groups", std::int64_t{1});
    if (groups == 1) return "RQ" + runsOf(widths);
    if (std::ranges::min(widths) != std::ranges::max(widths)) {
        refuse(method, "stages in groups have equal widths there");
    }
    return "PRQ" + std::to_string(groups) + "x" + runsOf(widths);
}

// Takes a whole number off the front of `text`; 0 when there is none.
std::int64_t takeNumber(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && text[length] >= '0' && text[length] <= '9')
        ++length;
    std::int64_t value = 0;
    if (!parseNumber(text.substr(0, length), value)) return 0;
    text.remove_prefix(length);
    return value;
}

// What Faiss has and this program has not, by the beginning of its word.
struct Missing {
    std::string_view word;
    std::string_view why;
};
constexpr Missing missing[] = {
    {"IVF",
     "its lists are an index over the vectors, and only codes are compared here; rvq with a first "
     "stage of as many codewords codes residuals as well"},
    {"IMI", "its lists are an index over the vectors, and only codes are compared here"},
    {"Residual",
     "its first quantizer keeps whole numbers of a list; rvq with a first stage of as many "
     "codewords codes residuals as well"},
    {"PCA",
     "it drops dimensions after subtracting the mean; pq with rotation=pca and dims, or "
     "center | pca | pq without dropping, come near"},
    {"RR", "it draws a rotation that is not stored here; hadamard in front of a method comes near"},
    {"ITQ", "binary codes are not offered; pq with rotation=opq trains a rotation"},
    {"L2norm", "scaling vectors to unit length belongs to the data; normalize them there"},
    {"L2Norm", "scaling vectors to unit length belongs to the data; normalize them there"},
    {"Pad", "slices may have unequal lengths here, so that nothing needs to be filled up"},
    {"SQfp16", "numbers that keep 16 bits are not offered as a method"},
    {"SQbf16", "numbers that keep 16 bits are not offered as a method"},
    {"SQ8_direct", "values that are bytes already have nothing to quantize"},
    {"PLSQ", "additive has no groups; PRQ does"},
    {"Flat", "it stores the vectors as they are"},
    {"HNSW", "it is an index over the vectors, and only codes are compared here"},
    {"NSG", "it is an index over the vectors, and only codes are compared here"},
    {"IDMap", "it numbers the vectors of an index, and only codes are compared here"},
    {"Refine",
     "a second code for reordering answers is not offered; rvq has as many stages as "
     "wanted"},
    {"RFlat",
     "a second code for reordering answers is not offered; rvq has as many stages as "
     "wanted"},
    {"RaBitQ", "binary codes with correcting factors are not offered"},
};

/// Reads one factory string; `m_rest` is what is still to be read.
class FactoryParser {
public:
    explicit FactoryParser(std::string_view text) : m_text(text), m_rest(text) {}

    MethodSpec parse() {
        for (const Missing& entry : missing) {
            if (m_text.starts_with(entry.word)) refuse(entry.why);
        }
        if (take("SQ")) return scalar();
        Json rotation = Json::object();
        std::int64_t slices = 0;
        if (take("OPQ")) {
            slices = takeCount();
            rotation["rotation"] = "opq";
            if (take("_")) rotation["dims"] = takeCount();
            if (!take(",")) throw unknown();
            if (!m_rest.starts_with("PQ")) {
                refuse("a trained rotation stands in front of product codes (PQ) alone");
            }
        }
        if (take("PQ")) return product(slices, rotation);
        if (take("PRQ")) {
            const std::int64_t groups = takeCount();
            if (!take("x")) throw unknown();
            MethodSpec method = residual();
            method.parameters["groups"] = groups;
            return method;
        }
        if (take("RQ")) return residual();
        if (take("LSQ")) return additive();
        throw unknown();
    }

private:
    [[noreturn]] void refuse(std::string_view why) const {
        throw Error("The Faiss string '" + std::string(m_text) +
                        "' has no exact equivalent here: " + std::string(why) + ".",
                    understood);
    }
    Error unknown() const {
        return Error("'" + std::string(m_text) + "' is not a Faiss string that is understood here.",
                     understood);
    }

    bool take(std::string_view word) {
        const bool found = m_rest.starts_with(word);
        if (found) m_rest.remove_prefix(word.size());
        return found;
    }
    std::int64_t takeCount() {
        const std::int64_t number = takeNumber(m_rest);
        if (number < 1) throw unknown();
        return number;
    }
    void end() const {
        if (m_rest.starts_with("_N")) {
            refuse("norms beside the codes serve searches by inner products");
        }
        if (m_rest.starts_with("x4fs") || m_rest.starts_with("fs")) {
            refuse("a layout of codes for searching in registers is not offered");
        }
        if (m_rest.starts_with(",")) refuse("what follows a code is an index over it");
        if (!m_rest.empty()) throw unknown();
    }

    MethodSpec scalar() {
        const std::int64_t bits = takeCount();
        end();
        if (bits != 4 && bits != 6 && bits != 8) throw unknown();
        return {"scalar", {{"bits", bits}, {"scheme", "asym"}, {"granularity", "column"}}};
    }

    MethodSpec product(std::int64_t rotatedSlices, const Json& rotation) {
        const std::int64_t slices = takeCount();
        const std::int64_t bits = take("x") ? takeCount() : 8;
        take("np");  // Without sorting codewords, which changes no value.
        if (m_rest.starts_with("+")) refuse("codes of what product codes leave are not offered");
        end();
        if (rotatedSlices > 0 && rotatedSlices != slices) {
            refuse("its rotation is trained for " + std::to_string(rotatedSlices) +
                   " slices and used with " + std::to_string(slices));
        }
        MethodSpec method{"pq", {{"m", slices}, {"bits", bits}}};
        method.parameters.update(rotation);
        return method;
    }

    // "4x8", "1x10_2x8".
    MethodSpec residual() {
        constexpr std::int64_t mostStages = 64;
        const std::int64_t first = takeCount();
        const std::int64_t bits = take("x") ? takeCount() : 8;
        if (!m_rest.starts_with("_") || m_rest.starts_with("_N")) {
            end();
            return {"rvq", {{"stages", first}, {"bits", bits}, {"dim", 0}}};
        }
        std::string list;
        std::int64_t stages = 0;
        const auto add = [&](std::int64_t count, std::int64_t width) {
            stages += count;
            if (count > mostStages || stages > mostStages) {
                refuse("it has more than " + std::to_string(mostStages) + " stages");
            }
            for (; count > 0; --count)
                list += (list.empty() ? "" : "+") + std::to_string(width);
        };
        add(first, bits);
        while (!m_rest.starts_with("_N") && take("_")) {
            const std::int64_t count = takeCount();
            if (!take("x")) throw unknown();
            add(count, takeCount());
        }
        end();
        return {"rvq", {{"stage_bits", list}, {"dim", 0}}};
    }

    MethodSpec additive() {
        const std::int64_t books = takeCount();
        const std::int64_t bits = take("x") ? takeCount() : 8;
        if (m_rest.starts_with("_") && !m_rest.starts_with("_N")) {
            refuse("additive codebooks have equal sizes");
        }
        end();
        return {"additive", {{"m", books}, {"bits", bits}, {"dim", 0}}};
    }

    static constexpr const char* understood =
        "Understood are SQ4, SQ6, SQ8, PQ{slices}x{bits}, OPQ{slices},PQ{slices}x{bits}, "
        "OPQ{slices}_{dimensions},PQ{slices}x{bits}, RQ{stages}x{bits}, "
        "RQ{stages}x{bits}_{stages}x{bits}, PRQ{groups}x{stages}x{bits} and "
        "LSQ{codebooks}x{bits}.";

    std::string_view m_text;
    std::string_view m_rest;
};

}  // namespace

std::string faissFactoryString(const MethodSpec& method, Index dim) {
    if (method.id == "scalar") return scalarString(method);
    if (method.id == "pq") return pqString(method, dim);
    if (method.id == "rvq") return rvqString(method, dim);
    if (method.id == "additive") return lsqString(method, dim);
    refuse(method,
           "it offers scalar (SQ), product (PQ), residual (RQ) and additive (LSQ) codes of these "
           "methods");
}

MethodSpec methodFromFaissFactory(std::string_view text) {
    return FactoryParser(text).parse();
}

}  // namespace quantscope
