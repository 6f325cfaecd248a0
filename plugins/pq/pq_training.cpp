// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_training.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/alloc/vector_bits.h"
#include "core/base/parallel.h"
#include "core/kernels/kmeans.h"
#include "core/kernels/mean_square.h"
#include "core/kernels/rotation.h"
#include "core/kernels/stored_codewords.h"
#include "core/quant/progress_counter.h"
#include "plugins/pq/slice_variance.h"

namespace quantscope::pq {
namespace {

// Seeding costs about as much as two iterations.
constexpr double seedingIterations = 2.0;
// Of k-means between two rotations.
constexpr int roundIterations = 3;

Matrix sliceOf(const SliceLayout& layout, MatrixView sample, Index slice) {
    Matrix rows(sample.rows, layout.width(slice));
    for (Index row = 0; row < sample.rows; ++row) {
        std::ranges::copy(sample.middleCols(layout.begin(slice), rows.cols()).row(row),
                          rows.span().row(row).begin());
    }
    return rows;
}

// k-means for every codebook, several at once; `start` may be empty.
std::vector<Matrix> trainCodebooks(const PqSettings& settings, const SliceLayout& layout,
                                   const std::vector<int>& bits, MatrixView sample, int iterations,
                                   const std::vector<Matrix>& start, const RunContext& context) {
    std::vector<Matrix> books(static_cast<std::size_t>(settings.codebooks()));
    const double wholeEnergy = std::max(meanSquare(sample, context.stop()), 1e-300);
    ProgressCounter progress(context, static_cast<double>(settings.codebooks()) * iterations,
                             "training codebooks");
    parallelFor(settings.codebooks(), 1, context.stop(), [&](Index begin, Index) {
        const Index book = begin;
        const int ownBits = bits[static_cast<std::size_t>(book)];
        int done = 0;
        const auto report = [&](int count) {
            done += count;
            progress.add(count);
        };
        const Matrix own = settings.shared ? Matrix() : sliceOf(layout, sample, book);
        const MatrixView vectors =
            settings.shared
                ? MatrixView(sample.data, sample.rows * settings.slices, layout.width(0))
                : own.view();
        // Curves of slices are shares of the energy of all.
        const double share =
            settings.shared ? 1.0 : meanSquare(own.view(), context.stop()) / wholeEnergy;
        const RunContext part = context.part(0.0, 1.0, static_cast<std::uint64_t>(book))
                                    .withProgress([&](double, std::string_view) { report(1); })
                                    .withSeries(codebookTitle(settings, book, ownBits), share);
        const MatrixView from =
            start.empty() ? MatrixView() : start[static_cast<std::size_t>(book)].view();
        books[static_cast<std::size_t>(book)] =
            kMeans(vectors, {.count = Index{1} << ownBits, .iterations = iterations}, part, {},
                   from)
                .centroids;
        report(iterations - done);
    });
    return books;
}

// Deals axes by falling variance to the slices: each to the one with the least product so far that
// has room (Ge et al., section 3.2.3). Column j of the result is what becomes component j.
Matrix dealtAxes(const PrincipalAxes& axes, const SliceLayout& layout) {
    const Index cols = axes.axes.rows();
    std::vector<double> logProducts(static_cast<std::size_t>(layout.slices));
    std::vector<Index> filled(logProducts.size());
    const double floor = 1e-12 * std::max(axes.variances.front(), 1e-300);
    Matrix rotation(cols, layout.cols);
    for (Index axis = 0; axis < layout.cols; ++axis) {
        Index chosen = -1;
        for (Index slice = 0; slice < layout.slices; ++slice) {
            const auto s = static_cast<std::size_t>(slice);
            if (filled[s] == layout.width(slice)) continue;
            if (chosen < 0 || logProducts[s] < logProducts[static_cast<std::size_t>(chosen)])
                chosen = slice;
        }
        const auto c = static_cast<std::size_t>(chosen);
        // Relative to the least variance that counts, so that products grow with every axis.
        logProducts[c] +=
            std::log(std::max(axes.variances[static_cast<std::size_t>(axis)], floor) / floor);
        const Index column = layout.begin(chosen) + filled[c]++;
        for (Index j = 0; j < cols; ++j)
            rotation(j, column) = axes.axes(j, axis);
    }
    return rotation;
}

// Bits of each codebook; `sample` is what is cut into slices.
std::vector<int> bookBits(const PqSettings& settings, const SliceLayout& layout, MatrixView sample,
                          const std::stop_token& stop) {
    if (!settings.byVariance) {
        return std::vector<int>(static_cast<std::size_t>(settings.codebooks()), settings.bits);
    }
    std::vector<std::vector<double>> spectra;
    for (Index slice = 0; slice < layout.slices; ++slice) {
        throwIfStopped(stop);
        spectra.push_back(
            principalAxes(sliceOf(layout, sample, slice).view(), AxesCentre::Mean, stop).variances);
        // Rounding may leave an axis without variance below zero.
        for (double& variance : spectra.back())
            variance = std::max(variance, 0.0);
    }
    return wholeVectorBits(spectra, settings.slices * settings.bits,
                           settings.mostSliceBits(sample.rows));
}

// Replaces the rows by their codewords; returns the mean squared error per row.
double replaceByCodewords(const std::vector<Matrix>& books, const SliceLayout& layout,
                          MatrixSpan rows, const std::stop_token& stop) {
    constexpr Index rowsAtOnce = 256;
    std::vector<CodewordPanels> panels;
    panels.reserve(books.size());
    for (const Matrix& book : books)
        panels.emplace_back(book.view(), stop);
    const double sum = parallelReduce(
        rows.rows, rowsAtOnce, stop, 0.0,
        [&](Index begin, Index end) {
            const MatrixSpan block = rows.middleRows(begin, end - begin);
            std::vector<std::uint32_t> codes(static_cast<std::size_t>(block.rows * layout.slices));
            encodeSlices(panels, layout, block, codes);
            double error = 0.0;
            auto code = codes.begin();
            for (Index row = 0; row < block.rows; ++row) {
                float* value = block.row(row).data();
                for (Index slice = 0; slice < layout.slices; ++slice) {
                    const Matrix& book =
                        books[books.size() == 1 ? 0 : static_cast<std::size_t>(slice)];
                    for (const float target : book.view().row(static_cast<Index>(*code))) {
                        const double difference =
                            static_cast<double>(*value) - static_cast<double>(target);
                        error += difference * difference;
                        *value++ = target;
                    }
                    ++code;
                }
            }
            return error;
        },
        [](double& total, double part) { total += part; });
    return sum / static_cast<double>(rows.rows);
}

}  // namespace

void encodeSlices(const std::vector<CodewordPanels>& books, const SliceLayout& layout,
                  MatrixView rows, std::span<std::uint32_t> codes) {
    const auto slices = static_cast<std::size_t>(layout.slices);
    std::vector<std::uint32_t> sliceCodes(static_cast<std::size_t>(rows.rows));
    for (std::size_t slice = 0; slice < slices; ++slice) {
        const auto index = static_cast<Index>(slice);
        books[books.size() == 1 ? 0 : slice].nearest(
            rows.middleCols(layout.begin(index), layout.width(index)), sliceCodes);
        for (std::size_t i = 0; i < sliceCodes.size(); ++i)
            codes[i * slices + slice] = sliceCodes[i];
    }
}

PqTraining trainPq(const PqSettings& settings, const SliceLayout& layout, MatrixView sample,
                   const std::vector<Matrix>& given, const CodewordFormat& format,
                   const RunContext& context) {
    const std::stop_token& stop = context.stop();
    PqTraining result;
    if (!settings.isRotated()) {
        result.bits = bookBits(settings, layout, sample, stop);
        std::vector<Matrix> books = trainCodebooks(settings, layout, result.bits, sample,
                                                   settings.iterations, given, context);
        result.books = packedAsStored(books, format, stop);
        if (!settings.shared) result.variances = sliceVariances(sample, layout, stop);
        return result;
    }
    // The stored numbers of a rotation are at most 1: no scale.
    const CodewordFormat rotationFormat(settings.half, 0);
    // Which dimensions are kept is a matter of energy: nothing puts the mean of the others back.
    const AxesCentre centre = layout.cols < sample.cols ? AxesCentre::Origin : AxesCentre::Mean;
    result.rotation = dealtAxes(principalAxes(sample, centre, stop), layout);
    const Matrix turned =
        settings.byVariance ? rotatedRows(sample, result.rotation.view(), stop) : Matrix();
    result.bits = bookBits(settings, layout, turned.view(), stop);
    const int rounds = settings.rotation == Rotation::Trained ? settings.rounds : 0;
    const double perRound =
        1.0 / std::max(1.0, rounds + static_cast<double>(settings.iterations) / roundIterations);
    const RunContext rotating =
        context.withSeries("rotation", 1.0 / std::max(meanSquare(sample, context.stop()), 1e-300));
    std::vector<Matrix> books;
    for (int round = 0; round < rounds; ++round) {
        Matrix rows = rotatedRows(sample, result.rotation.view(), stop);
        const RunContext part = context.part(round * perRound, (round + 1) * perRound,
                                             static_cast<std::uint64_t>(round) + 1);
        // Codebooks between two rotations are not worth a curve.
        books = trainCodebooks(settings, layout, result.bits, rows.view(), roundIterations, books,
                               part.withoutObjectives());
        const double dropped =
            layout.cols < sample.cols
                ? meanSquare(sample, context.stop()) - meanSquare(rows.view(), context.stop())
                : 0.0;
        rotating.objective(dropped + replaceByCodewords(books, layout, rows.span(), stop));
        result.rotation = nearestRotation(sample, rows.view(), result.rotation.view(), stop);
    }
    rotationFormat.round(result.rotation.span());
    const Matrix rows = rotatedRows(sample, result.rotation.view(), stop);
    books = trainCodebooks(settings, layout, result.bits, rows.view(), settings.iterations, books,
                           context.part(rounds * perRound, 1.0, 0));
    result.books = packedAsStored(books, format, stop);
    if (!settings.shared) {
        result.variances = sliceVariances(rows.view(), layout, stop);
        result.unrotatedVariances = sliceVariances(sample, {sample.cols, layout.slices}, stop);
    }
    return result;
}

double typicalCodewords(const PqSettings& settings, Index trainedRows) {
    // The mean of powers of two is above the power of the mean.
    constexpr int spread = 2;
    const int bits = settings.byVariance
                         ? std::min(settings.bits + spread, settings.mostSliceBits(trainedRows))
                         : settings.bits;
    return std::exp2(bits);
}

double pqTrainingWork(const PqSettings& settings, Index rows, Index cols) {
    const auto sliced = static_cast<double>(settings.slicedColumns(cols));
    const double each = static_cast<double>(rows) * sliced;
    const double iteration = each * typicalCodewords(settings, rows);
    double work = iteration * (settings.iterations + seedingIterations);
    if (!settings.isRotated()) return work;
    const auto dim = static_cast<double>(cols);
    const double turning = each * dim;
    constexpr double eigenWork = 20.0;
    constexpr double newtonSchulzWork = 40.0;
    work += turning + static_cast<double>(rows) * dim * dim + eigenWork * dim * dim * dim;
    if (settings.rotation == Rotation::Trained) {
        work += settings.rounds * (iteration * (roundIterations + 1) + 2.0 * turning +
                                   newtonSchulzWork * dim * sliced * sliced);
    }
    return work;
}

}  // namespace quantscope::pq
