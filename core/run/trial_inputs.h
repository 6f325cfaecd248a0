// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/quant/side_information.h"
#include "core/run/planner.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Queries with their exact nearest rows; see SearchGroundTruth.
struct SearchTask {
    Matrix queries;  ///< One per row, normalized like the searched rows.
    std::vector<std::int64_t>
        neighbors;                ///< neighborsPerQuery row numbers per query, nearest first.
    Index neighborsPerQuery = 0;  ///< As many as recall looks at.
};

/// What a trial works on.
struct TrialInputs {
    std::shared_ptr<const TensorSource> source;
    SideInformation side;
    std::shared_ptr<const SearchTask> search;  ///< Null when no search is to be measured.
};

/// How many neighbours are searched for each query.
inline constexpr Index recallNeighbors = 10;

/// Reads the queries of a searched tensor and the recallNeighbors nearest rows of each. Throws
/// Error when they are missing, too few, no rows of the tensor or larger than `mostBytes` in
/// memory; and Cancelled.
std::shared_ptr<const SearchTask> readSearchTask(const TensorFile& file, const Trial& trial,
                                                 std::uint64_t mostBytes,
                                                 const std::stop_token& stop);

/// Hands out the inputs of a plan's trials and shares them between trials that run side by side or
/// one after the other: tensors small enough to be held whole, Hessians and codebooks. Of what no
/// trial uses any more it keeps the last of each kind until another one is asked for.
class TrialInputCache {
public:
    explicit TrialInputCache(const Plan& plan) : m_plan(plan) {}

    /// Safe from several threads. Throws Error when something cannot be read, and Cancelled.
    TrialInputs inputs(const Trial& trial, const std::stop_token& stop);

    /// How many bytes the values of a trial's tensor take while it runs.
    static std::uint64_t heldBytes(const Trial& trial);

private:
    /// Things of one kind by name, which live as long as somebody uses them, and the last of them
    /// until another one is asked for.
    template <typename T>
    class Shelf {
    public:
        /// What is there under `key`, or what `read` returns. Two threads may read the same thing
        /// at once: waiting for each other would idle a thread of the arena.
        template <typename Read>
        std::shared_ptr<const T> get(const std::string& key, const Read& read);

    private:
        std::shared_ptr<const T> find(const std::string& key);

        std::mutex m_mutex;
        std::map<std::string, std::weak_ptr<const T>> m_known;
        std::string m_lastKey;
        std::shared_ptr<const T> m_last;
    };

    std::shared_ptr<const TensorSource> source(const Trial& trial, const std::stop_token& stop);
    std::shared_ptr<const Hessian> hessian(const Trial& trial, const std::stop_token& stop);
    std::shared_ptr<const GivenCodebooks> codebooks(const Trial& trial,
                                                    const std::stop_token& stop);

    const Plan& m_plan;
    Shelf<TensorSource> m_sources;
    Shelf<Hessian> m_hessians;
    Shelf<GivenCodebooks> m_codebooks;
};

}  // namespace quantscope
