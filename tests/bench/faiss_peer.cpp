// SPDX-License-Identifier: GPL-3.0-or-later
#include "faiss_peer.h"

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/impl/ProductQuantizer.h>
#include <omp.h>

#include <algorithm>
#include <vector>

#include "cpu_time.h"

namespace quantscope::bench {
namespace {

double energy(MatrixView x) {
    double sum = 0.0;
    for (Index i = 0; i < x.size(); ++i)
        sum += static_cast<double>(x.data[i]) * static_cast<double>(x.data[i]);
    return sum;
}

double squaredError(MatrixView x, const std::vector<float>& decoded) {
    double sum = 0.0;
    for (Index i = 0; i < x.size(); ++i) {
        const double difference = static_cast<double>(x.data[i]) -
                                  static_cast<double>(decoded[static_cast<std::size_t>(i)]);
        sum += difference * difference;
    }
    return sum;
}

}  // namespace

std::string faissVersion() {
    return "Faiss " + std::to_string(FAISS_VERSION_MAJOR) + "." +
           std::to_string(FAISS_VERSION_MINOR) + "." + std::to_string(FAISS_VERSION_PATCH);
}

FaissKMeans faissKMeans(MatrixView x, Index count, int iterations) {
    omp_set_num_threads(1);
    faiss::ClusteringParameters parameters;
    parameters.niter = iterations;
    parameters.max_points_per_centroid = static_cast<int>(x.rows / count + 1);
    faiss::Clustering clustering(static_cast<int>(x.cols), static_cast<int>(count), parameters);
    faiss::IndexFlatL2 index(x.cols);
    FaissKMeans result;
    result.trainSeconds = cpuSecondsOf([&] { clustering.train(x.rows, x.data, index); });
    std::vector<float> distances(static_cast<std::size_t>(x.rows));
    std::vector<faiss::Index::idx_t> labels(distances.size());
    result.assignSeconds =
        cpuSecondsOf([&] { index.search(x.rows, x.data, 1, distances.data(), labels.data()); });
    double sum = 0.0;
    for (const float distance : distances)
        sum += static_cast<double>(distance);
    result.objective = sum / static_cast<double>(x.rows);
    return result;
}

FaissPq faissPq(MatrixView x, Index slices, int bits, Index trainedRows) {
    omp_set_num_threads(1);
    faiss::ProductQuantizer pq(static_cast<std::size_t>(x.cols), static_cast<std::size_t>(slices),
                               static_cast<std::size_t>(bits));
    FaissPq result;
    result.trainSeconds =
        cpuSecondsOf([&] { pq.train(static_cast<std::size_t>(trainedRows), x.data); });
    const auto rows = static_cast<std::size_t>(x.rows);
    std::vector<std::uint8_t> codes(rows * pq.code_size);
    const double direct = cpuSecondsOf([&] { pq.compute_codes(x.data, codes.data(), rows); });
    faiss::IndexFlatL2 assigner(x.cols / slices);
    pq.assign_index = &assigner;
    const double byProducts =
        cpuSecondsOf([&] { pq.compute_codes_with_assign_index(x.data, codes.data(), rows); });
    pq.assign_index = nullptr;
    result.encodeSeconds = std::min(direct, byProducts);
    std::vector<float> decoded(static_cast<std::size_t>(x.size()));
    pq.decode(codes.data(), decoded.data(), rows);
    result.relativeError = squaredError(x, decoded) / energy(x);
    return result;
}

}  // namespace quantscope::bench
