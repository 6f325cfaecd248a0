// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_training.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/kmeans.h"
#include "core/kernels/nearest.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/tensor/weight_reader.h"

namespace quantscope::vptq {

namespace {

// The columns as rows.
Matrix transposedColumns(const TensorSource& weights, const std::vector<Index>& columns,
                         const std::stop_token& stop) {
    const WeightReader reader(weights, stop);
    Matrix result(std::ssize(columns), weights.rows());
    parallelFor(weights.rows(), reader.rowsAtOnce(), stop, [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        for (Index j = 0; j < result.rows(); ++j) {
            for (Index r = begin; r < end; ++r)
                result(j, r) = rows(r - begin, columns[static_cast<std::size_t>(j)]);
        }
    });
    return result;
}

// Of every vector of the sample, that of its column, the largest 1; empty where they do not tell
// vectors apart.
std::vector<float> vectorWeights(const TrainingSample& sample, const RowVectors& layout,
                                 const std::vector<Index>& columns, const Hessian* hessian) {
    if (hessian == nullptr) return {};
    const auto weightOf = [&](Index rank) {
        return hessian->diagonal[static_cast<std::size_t>(columns[static_cast<std::size_t>(rank)])];
    };
    double largest = 0.0;
    for (Index rank = 0; rank < layout.rows; ++rank)
        largest = std::max(largest, weightOf(rank));
    if (!(largest > 0.0)) return {};
    std::vector<float> weights;
    for (const Index number : sample.allNumbers()) {
        const double weight = std::max(0.0, weightOf(number / layout.perRow()));
        weights.push_back(static_cast<float>(weight / largest));
    }
    // The sample may hold columns of no weight alone.
    const bool any = std::ranges::any_of(weights, [](float weight) { return weight > 0.0F; });
    return any ? weights : std::vector<float>();
}

// Takes the nearest codewords away.
void subtractNearest(const Matrix& book, MatrixSpan vectors, const std::stop_token& stop) {
    const CodewordPanels panels(book.view(), stop);
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(vectors.rows));
    assignRows(panels, vectors, codes, stop);
    for (Index i = 0; i < vectors.rows; ++i) {
        const std::span<const float> codeword =
            book.view().row(static_cast<Index>(codes[static_cast<std::size_t>(i)]));
        std::ranges::transform(vectors.row(i), codeword, vectors.row(i).begin(), std::minus());
    }
}

}  // namespace

std::vector<Index> largestColumns(std::span<const double> diagonal, Index count) {
    std::vector<Index> columns(diagonal.size());
    std::iota(columns.begin(), columns.end(), Index{0});
    std::ranges::stable_sort(columns, std::greater<>(),
                             [&](Index c) { return diagonal[static_cast<std::size_t>(c)]; });
    columns.resize(static_cast<std::size_t>(count));
    std::ranges::sort(columns);
    return columns;
}

TrainedBooks trainBooks(const TensorSource& weights, const VptqSettings& settings,
                        const std::vector<ColumnKind>& kinds,
                        const std::vector<std::vector<Index>>& columns, const Hessian* hessian,
                        const RunContext& context) {
    const std::stop_token& stop = context.stop();
    std::vector<TrainingSample> samples;
    TrainedBooks trained;
    for (std::size_t k = 0; k < kinds.size(); ++k) {
        const Matrix rows = transposedColumns(weights, columns[k], stop);
        const RowVectors layout = kinds[k].layout(weights.rows());
        samples.push_back(drawTrainingSample(ViewSource(rows.view()), layout,
                                             settings.trainedVectors(layout),
                                             context.part(0.0, 0.0, k)));
        const int exponent = samples.back().exponent;
        trained.exponent = k == 0 ? exponent : std::max(trained.exponent, exponent);
    }
    const CodewordFormat format(settings.half, trained.exponent);
    double begin = 0.0;
    const double share = 1.0 / static_cast<double>(kinds.size());
    for (std::size_t k = 0; k < kinds.size(); ++k) {
        const ColumnKind& kind = kinds[k];
        const MatrixSpan vectors = samples[k].vectors.span();
        const float factor = std::exp2(static_cast<float>(samples[k].exponent - trained.exponent));
        for (Index i = 0; i < vectors.size(); ++i)
            vectors.data[i] *= factor;
        const std::vector<float> weighted =
            vectorWeights(samples[k], kind.layout(weights.rows()), columns[k], hessian);
        std::vector<Matrix>& books = trained.books.emplace_back();
        for (Index stage = 0; stage < kind.stages(); ++stage) {
            if (stage > 0) subtractNearest(books.back(), vectors, stop);
            const double part = share / static_cast<double>(kind.stages());
            const std::string name = stage == 0 ? kind.name : "residual";
            books.push_back(
                kMeans(
                    vectors, {.count = kind.codewords(stage), .iterations = settings.iterations},
                    context.part(begin, begin + part, 2 + 2 * k + static_cast<std::size_t>(stage))
                        .withSeries(name),
                    weighted)
                    .centroids);
            format.round(books.back().span());
            begin += part;
        }
    }
    return trained;
}

}  // namespace quantscope::vptq
