// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/trial_inputs.h"

#include "core/base/error.h"
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

// What `cache` holds for `key`; otherwise what `read` returns, which is then shared. Two threads
// may read the same thing at once: waiting for each other would idle a thread of the arena.
template <typename T, typename Read>
std::shared_ptr<const T> shared(std::mutex& mutex,
                                std::map<std::string, std::weak_ptr<const T>>& cache,
                                const std::string& key, const Read& read) {
    {
        const std::lock_guard lock(mutex);
        if (std::shared_ptr<const T> found = cache[key].lock()) return found;
    }
    std::shared_ptr<const T> made = read();
    const std::lock_guard lock(mutex);
    if (std::shared_ptr<const T> found = cache[key].lock()) return found;
    cache[key] = made;
    return made;
}

std::uint64_t floatBytes(const Trial& trial) {
    return static_cast<std::uint64_t>(trial.rows) * static_cast<std::uint64_t>(trial.cols) *
           sizeof(float);
}

}  // namespace

std::uint64_t TrialInputCache::heldBytes(const Trial& trial) {
    return floatBytes(trial) <= largestHeldBytes ? floatBytes(trial) : 0;
}

std::shared_ptr<const TensorSource> TrialInputCache::source(const Trial& trial,
                                                            const std::stop_token& stop) {
    if (floatBytes(trial) > largestHeldBytes) return trialSource(*m_plan.file, trial);
    const std::string key =
        trial.tensor + '\n' + trial.fold.toText() + (trial.normalized ? "\nnormalized" : "");
    return shared(m_mutex, m_sources, key, [&] {
        return std::make_shared<HeldSource>(readAll(*trialSource(*m_plan.file, trial), stop));
    });
}

std::shared_ptr<const Hessian> TrialInputCache::hessian(const Trial& trial) {
    return shared(m_mutex, m_hessians, trial.tensor, [&] {
        return sideInformation(m_plan.hessians.get(), trial.tensor, trial.cols).hessian;
    });
}

TrialInputs TrialInputCache::inputs(const Trial& trial, const std::stop_token& stop) {
    TrialInputs inputs;
    inputs.source = source(trial, stop);
    if (trial.hasHessian) inputs.side.hessian = hessian(trial);
    return inputs;
}

std::shared_ptr<const SearchTask> readSearchTask(const TensorFile& file, const Trial& trial,
                                                 const std::stop_token& stop) {
    const std::optional<SearchGroundTruth> truth = file.groundTruth();
    const TensorInfo* queries = truth ? file.find(truth->queries) : nullptr;
    if (queries == nullptr) throw Error("The file has no queries for '" + trial.tensor + "'.");
    auto task = std::make_shared<SearchTask>();
    task->queries = readAll(*file.source(queries->name, queries->fold), stop);
    if (trial.normalized) normalizeRows(task->queries.span());
    task->neighbors = file.readIntegers(truth->neighbors);
    const Index count = task->queries.rows();
    const auto neighbors = static_cast<Index>(task->neighbors.size());
    if (count == 0 || task->queries.cols() != trial.cols || neighbors % count != 0) {
        throw Error("'" + truth->queries + "' (" + formatShape(queries->shape) + ") and '" +
                    truth->neighbors + "' (" + std::to_string(neighbors) +
                    " row numbers) do not fit '" + trial.tensor + "' (" + formatShape(trial.shape) +
                    ").");
    }
    task->neighborsPerQuery = neighbors / count;
    return task;
}

}  // namespace quantscope
