// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/format_method.h"

#include "plugins/format/format_decoder.h"
#include "plugins/format/format_quantizer.h"

namespace quantscope::format {

std::string FormatMethod::help() const {
    return "Codes every weight in a published number format: a small float, integer or table of "
           "levels, times a scale that a block of weights shares. Bits per weight follow from the "
           "format: NF4 (QLoRA 2023), MX formats (OCP 2023), NVFP4, 8-bit floats, block floating "
           "point, ternary, powers of the root of two.";
}

std::vector<ParameterSpec> FormatMethod::parameters() const {
    return formatParameters();
}

std::unique_ptr<Quantizer> FormatMethod::quantizer(const MethodSpec& spec,
                                                   const MethodRegistry& /*registry*/) const {
    return std::make_unique<FormatQuantizer>(spec);
}

std::unique_ptr<Decoder> FormatMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                               const MethodRegistry& /*registry*/) const {
    return std::make_unique<FormatDecoder>(std::move(tensor));
}

}  // namespace quantscope::format
