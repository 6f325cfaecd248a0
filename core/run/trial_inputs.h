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
        neighbors;  ///< neighborsPerQuery row numbers per query, nearest first.
    Index neighborsPerQuery = 0;
};

/// What a trial works on.
struct TrialInputs {
    std::shared_ptr<const TensorSource> source;
    SideInformation side;
    std::shared_ptr<const SearchTask> search;  ///< Null when no search is to be measured.
};

/// Reads the queries and neighbours that belong to a trial of a searched tensor. Throws Error.
std::shared_ptr<const SearchTask> readSearchTask(const TensorFile& file, const Trial& trial,
                                                 const std::stop_token& stop);

/// Hands out the inputs of a plan's trials and shares them between trials that run side by side:
/// tensors small enough to be held whole, and Hessians. Forgets what no trial uses any more.
class TrialInputCache {
public:
    explicit TrialInputCache(const Plan& plan) : m_plan(plan) {}

    /// Safe from several threads. Throws Error when something cannot be read, and Cancelled.
    TrialInputs inputs(const Trial& trial, const std::stop_token& stop);

    /// How many bytes the values of a trial's tensor take while it runs.
    static std::uint64_t heldBytes(const Trial& trial);

private:
    std::shared_ptr<const TensorSource> source(const Trial& trial, const std::stop_token& stop);
    std::shared_ptr<const Hessian> hessian(const Trial& trial);

    const Plan& m_plan;
    std::mutex m_mutex;
    std::map<std::string, std::weak_ptr<const TensorSource>> m_sources;
    std::map<std::string, std::weak_ptr<const Hessian>> m_hessians;
};

}  // namespace quantscope
