// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/residual_settings.h"

#include "core/kernels/residual_search.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"

namespace quantscope {

namespace {

std::uint64_t workingBytes(const ResidualSettings& settings, const RowVectors& layout) {
    constexpr std::uint64_t blockBytes = std::uint64_t{64} << 20;
    // The sample, what is left of it, and the panels for seeding or the two copies for refitting;
    // the sequences of codes before and after a stage; codebooks in several forms.
    const Index sample = 4 * settings.trainedVectors(layout) * layout.dim;
    const Index sequences =
        2 * settings.trainedVectors(layout) * settings.beam * (settings.books() / settings.parts);
    const Index codebooks = 16 * settings.codewordsInAll() * (layout.dim / settings.parts);
    const ResidualParameters training = settings.training(0);
    const std::uint64_t products =
        ResidualSearch::bytes(training.codewords, settings.beam, layout.dim / settings.parts);
    return blockBytes + static_cast<std::uint64_t>(sample + sequences + codebooks) * sizeof(float) +
           static_cast<std::uint64_t>(settings.parts) * products;
}

}  // namespace

ResidualSettings ResidualSettings::from(const ParameterValues& values,
                                        const std::string& booksParameter) {
    ResidualSettings settings;
    settings.widths =
        CodeWidths(values.integer(booksParameter), static_cast<int>(values.integer("bits")));
    settings.dim = values.integer("dim");
    settings.beam = values.integer("beam");
    settings.iterations = static_cast<int>(values.integer("iterations"));
    settings.train = values.integer("train");
    settings.half = CodewordFormat::isHalf(values);
    return settings;
}

ResidualParameters ResidualSettings::training(int refits) const {
    std::vector<Index> sizes;
    for (Index book = 0; book < books() / parts; ++book)
        sizes.push_back(codewords(book));
    return {std::move(sizes), beam, iterations, refits};
}

Index ResidualSettings::codewordsInAll() const {
    Index sum = 0;
    for (Index book = 0; book < books(); ++book)
        sum += codewords(book);
    return sum;
}

std::string ResidualSettings::refuseParts(const RowVectors& vectors) const {
    if (vectors.dim % parts == 0) return {};
    Index divisor = std::min(parts, vectors.dim);
    while (vectors.dim % divisor != 0)
        --divisor;
    return "Vectors of " + std::to_string(vectors.dim) + " columns do not fall into " +
           std::to_string(parts) + " equal groups. Choose groups=" + std::to_string(divisor) +
           ", or another dim.";
}

Preflight ResidualSettings::preflight(Index rows, Index cols) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    result.refusal = refuseVectorLength(dim, cols);
    if (!result.refusal.empty()) return result;
    const RowVectors vectors = layout(rows, cols);
    result.refusal = refuseParts(vectors);
    if (!result.refusal.empty()) return result;
    const CodebookDemand demand{static_cast<int>(books()), widths.widest(),
                                widths.isEqual(),          vectors.count(),
                                trainedVectors(vectors),   bitsParameter};
    if (seeded) {
        result.refusal = refuseTraining(demand);
        if (!result.refusal.empty()) return result;
        result.warnings = trainingWarnings(demand);
    }
    const std::string filling = fillingRemark(vectors);
    if (!filling.empty()) result.warnings.push_back(filling);
    result.rate = SummedCodes::rate(vectors, widths, parts, CodewordFormat::bitsPerComponent(half));
    result.rate[RatePart::Codebooks] += CodewordFormat::exponentBits;
    result.workingBytes = workingBytes(*this, vectors);
    return result;
}

void ResidualSettings::store(const std::vector<CodewordPanels>& codebooks, int exponent,
                             const SectionName& name, EncodedTensor& encoded) const {
    std::vector<MatrixView> views;
    for (const CodewordPanels& codebook : codebooks)
        views.push_back(codebook.codewords());
    store(views, exponent, name, encoded);
}

void ResidualSettings::store(std::span<const MatrixView> codebooks, int exponent,
                             const SectionName& name, EncodedTensor& encoded) const {
    const CodewordFormat format(half, exponent);
    Index book = 0;
    for (const MatrixView& codebook : codebooks)
        encoded.sections.push_back(format.store(name(book++), codebook));
    encoded.sections.push_back(format.storeExponent());
}

SummedCodes ResidualSettings::load(const EncodedTensor& encoded, const std::string& codes,
                                   const SectionName& name) const {
    const RowVectors vectors = layout(encoded.rows, encoded.cols);
    const CodewordFormat format = CodewordFormat::load(encoded, half);
    std::vector<Matrix> codebooks;
    for (Index book = 0; book < books(); ++book) {
        codebooks.push_back(
            format.load(encoded.section(name(book)), codewords(book), vectors.dim / parts));
    }
    return {vectors, encoded.section(codes).bytes, widths, parts, std::move(codebooks)};
}

}  // namespace quantscope
