// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/faiss_factory.h"

#include <algorithm>
#include <cstdint>

#include "core/base/error.h"
#include "core/base/text.h"

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
    // Older records know of no rotation.
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

// Sums of codewords: "RQ" with a parameter for their number of another name than "LSQ".
std::string sumString(const MethodSpec& method, Index dim, const char* kind, const char* codes) {
    const std::int64_t length = integer(method, "dim");
    if (length != 0 && length != dim) {
        refuse(method, "it codes whole vectors (dim=0), not pieces of " + std::to_string(length));
    }
    return kind + std::to_string(integer(method, codes)) + "x" +
           std::to_string(integer(method, "bits"));
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

}  // namespace

std::string faissFactoryString(const MethodSpec& method, Index dim) {
    if (method.id == "scalar") return scalarString(method);
    if (method.id == "pq") return pqString(method, dim);
    if (method.id == "rvq") return sumString(method, dim, "RQ", "stages");
    if (method.id == "additive") return sumString(method, dim, "LSQ", "m");
    refuse(method,
           "it offers scalar (SQ), product (PQ), residual (RQ) and additive (LSQ) codes of these "
           "methods");
}

MethodSpec methodFromFaissFactory(std::string_view text) {
    const Error unknown(
        "'" + std::string(text) + "' is not a Faiss string that is understood here.",
        "Understood are SQ4, SQ6, SQ8, PQ{slices}x{bits}, OPQ{slices},PQ{slices}x{bits}, "
        "OPQ{slices}_{dimensions},PQ{slices}x{bits}, RQ{stages}x{bits} and "
        "LSQ{codebooks}x{bits}.");
    std::string_view rest = text;
    const auto take = [&rest](std::string_view word) {
        const bool found = rest.starts_with(word);
        if (found) rest.remove_prefix(word.size());
        return found;
    };
    const auto takeCount = [&] {
        const std::int64_t number = takeNumber(rest);
        if (number < 1) throw unknown;
        return number;
    };
    if (take("SQ")) {
        const std::int64_t bits = takeCount();
        if (!rest.empty() || (bits != 4 && bits != 6 && bits != 8)) throw unknown;
        return {"scalar", {{"bits", bits}, {"scheme", "asym"}, {"granularity", "column"}}};
    }
    Json rotation = Json::object();
    std::int64_t rotatedSlices = 0;
    if (take("OPQ")) {
        rotatedSlices = takeCount();
        rotation["rotation"] = "opq";
        if (take("_")) rotation["dims"] = takeCount();
        if (!rest.starts_with(",PQ")) throw unknown;
        rest.remove_prefix(1);
    }
    const std::string_view kinds[] = {"PQ", "RQ", "LSQ"};
    const auto* const kind = std::ranges::find_if(kinds, take);
    if (kind == std::end(kinds)) throw unknown;
    const std::int64_t count = takeCount();
    const std::int64_t bits = take("x") ? takeCount() : 8;
    if (!rest.empty() || (rotatedSlices > 0 && rotatedSlices != count)) throw unknown;
    if (*kind == "RQ") return {"rvq", {{"stages", count}, {"bits", bits}, {"dim", 0}}};
    if (*kind == "LSQ") return {"additive", {{"m", count}, {"bits", bits}, {"dim", 0}}};
    MethodSpec product{"pq", {{"m", count}, {"bits", bits}}};
    product.parameters.update(rotation);
    return product;
}

}  // namespace quantscope
