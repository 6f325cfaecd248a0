// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_model.h"

#include "core/base/error.h"
#include "core/quant/packed_codes.h"

namespace quantscope::vptq {

namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (vptq) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

std::vector<VptqModel::Place> loadPlaces(const EncodedTensor& tensor,
                                         const std::vector<ColumnKind>& kinds) {
    std::vector<VptqModel::Place> places(static_cast<std::size_t>(tensor.cols));
    std::vector<std::uint32_t> isOutlier(places.size());
    if (kinds.size() > 1) {
        const std::vector<std::uint8_t>& bytes = tensor.section(columnsSection).bytes;
        if (bytes.size() != PackedCodes::byteCount(tensor.cols, 1))
            throw damaged("its map of columns has " + std::to_string(bytes.size()) + " bytes");
        PackedCodes::unpack(bytes, 0, 1, isOutlier);
    }
    std::vector<Index> ranks(2);
    for (std::size_t c = 0; c < places.size(); ++c)
        places[c] = {isOutlier[c], ranks[isOutlier[c]]++};
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        if (ranks[kind] != kinds[kind].columns)
            throw damaged("its map of columns has " + std::to_string(ranks[1]) + " outliers");
    }
    return places;
}

}  // namespace

std::string codesSection(const ColumnKind& kind) {
    return "codes/" + kind.name;
}

std::string bookSection(const ColumnKind& kind, Index stage) {
    return "codebook/" + (stage == 0 ? kind.name : std::string("residual"));
}

Section columnMap(Index cols, std::span<const Index> outliers) {
    std::vector<std::uint32_t> map(static_cast<std::size_t>(cols));
    for (const Index column : outliers)
        map[static_cast<std::size_t>(column)] = 1;
    return {columnsSection, RatePart::Scales, PackedCodes::bitCount(cols, 1),
            PackedCodes::pack(map, 1)};
}

VptqModel VptqModel::load(const EncodedTensor& tensor) {
    VptqModel model;
    model.settings = VptqSettings::from(ParameterValues(tensor.method.parameters));
    model.rows = tensor.rows;
    model.cols = tensor.cols;
    model.kinds = model.settings.kinds(tensor.cols);
    model.gains = model.settings.gains.load(tensor);
    model.places = loadPlaces(tensor, model.kinds);
    model.format = CodewordFormat::load(tensor, model.settings.half);
    for (const ColumnKind& kind : model.kinds) {
        std::vector<Matrix>& books = model.books.emplace_back();
        for (Index stage = 0; stage < kind.stages(); ++stage) {
            books.push_back(model.format.load(tensor.section(bookSection(kind, stage)),
                                              kind.codewords(stage), kind.dim));
        }
    }
    return model;
}

float VptqModel::component(std::size_t kind, std::span<const std::uint32_t> codes, Index at) const {
    float sum = 0.0F;
    for (std::size_t stage = 0; stage < codes.size(); ++stage)
        sum += books[kind][stage](static_cast<Index>(codes[stage]), at);
    return sum;
}

void checkCodes(const EncodedTensor& tensor) {
    constexpr Index largest = Index{1} << 56;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    const auto settings = VptqSettings::from(ParameterValues(tensor.method.parameters));
    for (const ColumnKind& kind : settings.kinds(tensor.cols)) {
        const std::size_t bytes = tensor.section(codesSection(kind)).bytes.size();
        if (bytes != CodeWidths(kind.bits).byteCount(kind.layout(tensor.rows).count()))
            throw damaged("its codes have " + std::to_string(bytes) + " bytes");
    }
}

std::vector<std::uint32_t> loadCodes(const EncodedTensor& tensor, const ColumnKind& kind) {
    const Index vectors = kind.layout(tensor.rows).count();
    const CodeWidths widths(kind.bits);
    const std::vector<std::uint8_t>& bytes = tensor.section(codesSection(kind)).bytes;
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(vectors * kind.stages()));
    widths.unpack(bytes, 0, codes);
    return codes;
}

Section storeCodes(const ColumnKind& kind, Index rows, std::span<const std::uint32_t> codes) {
    const Index vectors = kind.layout(rows).count();
    const CodeWidths widths(kind.bits);
    Section section{codesSection(kind), RatePart::Codes, widths.bitCount(vectors), {}};
    section.bytes.resize(widths.byteCount(vectors));
    widths.packAt(section.bytes, 0, codes);
    return section;
}

RateLedger rateOf(const VptqSettings& settings, Index rows, Index cols) {
    RateLedger rate;
    const auto add = [&](RatePart part, std::uint64_t bits) {
        rate[part] += bits;
        rate[RatePart::Padding] += (8 - bits % 8) % 8;
    };
    add(RatePart::Scales, settings.gains.bitCount(rows));
    add(RatePart::Codebooks, CodewordFormat::exponentBits);
    const std::vector<ColumnKind> kinds = settings.kinds(cols);
    if (kinds.size() > 1) add(RatePart::Scales, PackedCodes::bitCount(cols, 1));
    for (const ColumnKind& kind : kinds) {
        add(RatePart::Codes, CodeWidths(kind.bits).bitCount(kind.layout(rows).count()));
        for (Index stage = 0; stage < kind.stages(); ++stage) {
            add(RatePart::Codebooks,
                static_cast<std::uint64_t>(kind.codewords(stage) * kind.dim *
                                           CodewordFormat::bitsPerComponent(settings.half)));
        }
    }
    return rate;
}

}  // namespace quantscope::vptq
