// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/trial_inputs.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/tensor/normalized_source.h"

namespace quantscope {

namespace {

constexpr std::uint64_t largestHeldBytes = std::uint64_t{64} << 20;

class HeldSource final : public TensorSource {
public:
    explicit HeldSource(Matrix values) : m_values(std::move(values)) {}

    Index rows() const override { return m_values.rows(); }
    Index cols() const override { return m_values.cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override {
        ViewSource(m_values.view()).read(firstRow, out, stop);
    }
    MatrixView inMemory() const override { return m_values.view(); }

private:
    Matrix m_values;
};

std::uint64_t floatBytes(const Trial& trial) {
    return static_cast<std::uint64_t>(trial.rows) * static_cast<std::uint64_t>(trial.cols) *
           sizeof(float);
}

}  // namespace

std::uint64_t TrialInputCache::heldBytes(const Trial& trial) {
    return floatBytes(trial) <= largestHeldBytes ? floatBytes(trial) : 0;
}

template <typename T>
std::shared_ptr<const T> TrialInputCache::Shelf<T>::find(const std::string& key) {
    const std::lock_guard lock(m_mutex);
    // Let go of first, so that it never lies in memory beside what replaces it.
    if (m_lastKey != key) m_last.reset();
    return m_known[key].lock();
}

template <typename T>
template <typename Read>
std::shared_ptr<const T> TrialInputCache::Shelf<T>::get(const std::string& key, const Read& read) {
    std::shared_ptr<const T> found = find(key);
    if (!found) {
        std::shared_ptr<const T> made = read();
        found = find(key);
        if (!found) found = std::move(made);
    }
    const std::lock_guard lock(m_mutex);
    m_known[key] = found;
    m_lastKey = key;
    m_last = found;
    return found;
}

std::shared_ptr<const TensorSource> TrialInputCache::source(const Trial& trial,
                                                            const std::stop_token& stop) {
    if (floatBytes(trial) > largestHeldBytes) return trialSource(*m_plan.file, trial, stop);
    const std::string key =
        trial.tensor + '\n' + trial.fold.toText() + (trial.normalized ? "\nnormalized" : "");
    return m_sources.get(key, [&] {
        return std::make_shared<HeldSource>(readAll(*trialSource(*m_plan.file, trial, stop), stop));
    });
}

std::shared_ptr<const Hessian> TrialInputCache::hessian(const Trial& trial,
                                                        const std::stop_token& stop) {
    return m_hessians.get(trial.tensor, [&] {
        return m_plan.side.hessians->hessian(trial.tensor, trial.cols, stop);
    });
}

std::shared_ptr<const GivenCodebooks> TrialInputCache::codebooks(const Trial& trial,
                                                                 const std::stop_token& stop) {
    return m_codebooks.get(trial.tensor,
                           [&] { return m_plan.side.codebooks->codebooks(trial.tensor, stop); });
}

TrialInputs TrialInputCache::inputs(const Trial& trial, const std::stop_token& stop) {
    TrialInputs inputs;
    inputs.source = source(trial, stop);
    if (trial.hasHessian) inputs.side.hessian = hessian(trial, stop);
    if (trial.hasCodebooks) inputs.side.codebooks = codebooks(trial, stop);
    return inputs;
}

std::shared_ptr<const SearchTask> readSearchTask(const TensorFile& file, const Trial& trial,
                                                 std::uint64_t mostBytes,
                                                 const std::stop_token& stop) {
    const std::optional<SearchGroundTruth> truth = file.groundTruth();
    const TensorInfo* queries = truth ? file.find(truth->queries) : nullptr;
    const TensorInfo* neighbors = truth ? file.find(truth->neighbors) : nullptr;
    if (queries == nullptr || neighbors == nullptr) {
        throw Error("The file has no queries with known neighbours for '" + trial.tensor + "'.");
    }
    const Index count = queries->fold.rows(queries->shape);
    const bool fits = queries->fold.cols(queries->shape) == trial.cols && count > 0 &&
                      neighbors->shape.size() == 2 && neighbors->shape[0] == count;
    if (!fits) {
        throw Error("'" + truth->queries + "' (" + formatShape(queries->shape) + ") and '" +
                    truth->neighbors + "' (" + formatShape(neighbors->shape) + ") do not fit '" +
                    trial.tensor + "' (" + formatShape(trial.shape) + ").");
    }
    if (neighbors->shape[1] < recallNeighbors || trial.rows < recallNeighbors) {
        throw Error("It needs " + std::to_string(recallNeighbors) +
                    " known neighbours per query and as many rows.");
    }
    const auto queryBytes = static_cast<std::uint64_t>(trial.cols) * sizeof(float) +
                            static_cast<std::uint64_t>(recallNeighbors) * sizeof(std::int64_t);
    if (static_cast<std::uint64_t>(count) > mostBytes / queryBytes) {
        throw Error("The " + std::to_string(count) + " queries do not fit into the " +
                        formatBytes(mostBytes) + " of memory that the run may use.",
                    "Allow more memory.");
    }
    auto task = std::make_shared<SearchTask>();
    task->neighborsPerQuery = recallNeighbors;
    task->neighbors = file.readFirstIntegers(truth->neighbors, recallNeighbors, stop);
    const auto outside = std::ranges::find_if(
        task->neighbors, [&](std::int64_t row) { return row < 0 || row >= trial.rows; });
    if (outside != task->neighbors.end()) {
        throw Error("A neighbour in '" + truth->neighbors + "' is row " + std::to_string(*outside) +
                    ", but '" + trial.tensor + "' has " + std::to_string(trial.rows) + " rows.");
    }
    task->queries = readAll(*file.source(queries->name, queries->fold, stop), stop);
    if (trial.normalized) normalizeRows(task->queries.span());
    return task;
}

}  // namespace quantscope
