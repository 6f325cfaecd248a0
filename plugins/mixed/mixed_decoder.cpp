// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/mixed/mixed_decoder.h"

#include <algorithm>

#include "core/base/error.h"
#include "plugins/mixed/mixed_quantizer.h"

namespace quantscope::mixed {

namespace {

// The part as the base wrote it: its sections without the prefix, its own header.
std::shared_ptr<const EncodedTensor> partOf(const EncodedTensor& tensor, const MethodSpec& base,
                                            int bits, Index cols) {
    EncodedTensor part{base, tensor.rows, cols, Json::object(), {}};
    part.method.parameters["bits"] = bits;
    const std::string prefix = partPrefix(bits);
    for (const Section& section : tensor.sections) {
        if (!section.name.starts_with(prefix)) continue;
        part.sections.push_back(section);
        part.sections.back().name.erase(0, prefix.size());
    }
    const auto parts = tensor.header.find("parts");
    if (parts != tensor.header.end() && parts->is_object()) {
        part.header = parts->value(std::to_string(bits), Json::object());
    }
    return std::make_shared<const EncodedTensor>(std::move(part));
}

}  // namespace

MixedDecoder::MixedDecoder(const EncodedTensor& tensor, const MethodRegistry& registry) {
    // Every column has some bits of its own or in a codebook, so a tensor with far more columns
    // than stored bits only claims them.
    constexpr std::uint64_t columnsPerBit = 4096;
    const bool plausible =
        tensor.rows > 0 && tensor.cols > 0 &&
        static_cast<std::uint64_t>(tensor.cols) / columnsPerBit <= tensor.rate().totalBits();
    if (!plausible) {
        throw Error("The encoded tensor (mixed) is damaged: its shape is " +
                        std::to_string(tensor.rows) + " x " + std::to_string(tensor.cols) + ".",
                    "Read the artifact from its original place, or quantize again.");
    }
    const MixedSettings settings = MixedSettings::from(ParameterValues(tensor.method.parameters));
    const BitMap map(settings, tensor.cols, tensor.section(BitMap::sectionName));
    for (const auto& [bits, columns] : map.columns()) {
        Part part{bits, columns, nullptr};
        if (bits > 0) {
            part.decoder = registry.decoder(
                partOf(tensor, settings.base, bits, static_cast<Index>(columns.size())));
        }
        m_parts.push_back(std::move(part));
    }
}

void MixedDecoder::decode(Index firstRow, MatrixSpan out) const {
    for (const Part& part : m_parts) {
        Matrix values(out.rows, static_cast<Index>(part.columns.size()));
        if (part.decoder) part.decoder->decode(firstRow, values.span());
        for (Index r = 0; r < out.rows; ++r) {
            for (Index c = 0; c < values.cols(); ++c) {
                out(r, part.columns[static_cast<std::size_t>(c)]) = values(r, c);
            }
        }
    }
}

std::vector<Codebook> MixedDecoder::codebooks() const {
    std::vector<Codebook> all;
    for (const Part& part : m_parts) {
        if (!part.decoder) continue;
        for (Codebook& codebook : part.decoder->codebooks()) {
            codebook.name = partPrefix(part.bits) + codebook.name;
            all.push_back(std::move(codebook));
        }
    }
    return all;
}

std::vector<float> MixedDecoder::levels(Index row, Index column) const {
    for (const Part& part : m_parts) {
        const auto found = std::ranges::lower_bound(part.columns, column);
        if (found == part.columns.end() || *found != column) continue;
        return part.decoder ? part.decoder->levels(row, found - part.columns.begin())
                            : std::vector<float>{0.0F};
    }
    return {};
}

}  // namespace quantscope::mixed
