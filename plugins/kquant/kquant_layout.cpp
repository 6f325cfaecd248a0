// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/kquant_layout.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"

namespace quantscope::kquant {

namespace {

const std::vector<Layout>& layouts() {
    using enum LevelKind;
    static const std::vector<Layout> all = {
        {"q2_k", Affine, 2, 256, 16, 4, true}, {"q3_k", Signed, 3, 256, 16, 6},
        {"q4_k", Affine, 4, 256, 32, 6, true}, {"q5_k", Affine, 5, 256, 32, 6, true},
        {"q6_k", Signed, 6, 256, 16, 8},       {"iq4_xs", Table, 4, 256, 32, 6},
        {"iq4_nl", Table, 4, 32, 32},          {"q4_0", Signed, 4, 32, 32},
        {"q4_1", Affine, 4, 32, 32},           {"q5_0", Signed, 5, 32, 32},
        {"q5_1", Affine, 5, 32, 32},           {"q8_0", Signed, 8, 32, 32}};
    return all;
}

}  // namespace

std::uint64_t Layout::bitsPerSuperblock() const {
    constexpr int floatBits = 16;
    const Index codes = superblock * bits;
    const Index scales = hasParts() ? parts() * scaleBits * floats() : 0;
    return static_cast<std::uint64_t>(codes + scales + floatBits * floats());
}

Layout layoutFrom(const ParameterValues& values) {
    const std::string name = values.choice("layout");
    const auto found = std::ranges::find(layouts(), name, &Layout::name);
    if (found == layouts().end()) {
        throw Error("There is no layout '" + name + "' in kquant.",
                    "The artifact is damaged or was written by another version; quantize again.");
    }
    return *found;
}

std::vector<ParameterSpec> kquantParameters() {
    return {choiceParameter({"layout", "Layout",
                             "Name in llama.cpp; the rate follows from it. _k and _xs: superblocks "
                             "of 256 weights of the row-major tensor, else blocks of 32."},
                            "q4_k",
                            {{"q2_k", "Q2_K (2.625 bits)"},
                             {"q3_k", "Q3_K (3.4375 bits)"},
                             {"q4_k", "Q4_K (4.5 bits)"},
                             {"q5_k", "Q5_K (5.5 bits)"},
                             {"q6_k", "Q6_K (6.5625 bits)"},
                             {"iq4_xs", "IQ4_XS (4.25 bits)"},
                             {"iq4_nl", "IQ4_NL (4.5 bits)"},
                             {"q4_0", "Q4_0 (4.5 bits)"},
                             {"q4_1", "Q4_1 (5 bits)"},
                             {"q5_0", "Q5_0 (5.5 bits)"},
                             {"q5_1", "Q5_1 (6 bits)"},
                             {"q8_0", "Q8_0 (8.5 bits)"}}),
            booleanParameter(
                {"importance", "Use the Hessian",
                 "Weighs the squared error of each input channel with the Hessian's diagonal, "
                 "where one is given, as an importance matrix does in llama.cpp."},
                true)};
}

}  // namespace quantscope::kquant
