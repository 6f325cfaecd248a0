// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/planner.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/content_hash.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/version.h"
#include "core/metrics/recall.h"
#include "core/metrics/trial_metrics.h"
#include "core/quant/method_label.h"
#include "core/run/tensor_selection.h"
#include "core/run/trial_inputs.h"
#include "core/tensor/normalized_source.h"

namespace quantscope {

namespace {

struct PlannedMethod {
    MethodSpec spec;    ///< Resolved.
    std::string given;  ///< As it was written.
    std::string text;   ///< The label.
    std::string version;
    std::vector<std::string> remarks;
    std::unique_ptr<Quantizer> quantizer;
};

/// The version of a method and those of the methods in its parameters, which decide its results as
/// well.
std::string versionOf(const MethodSpec& spec, const MethodRegistry& registry) {
    const Method& method = registry.method(spec.id);
    std::string version = method.version();
    for (const ParameterSpec& parameter : method.parameters()) {
        if (parameter.type != ParameterType::Method) continue;
        const MethodSpec nested = MethodSpec::fromJson(spec.parameters.at(parameter.id));
        version += " " + nested.id + " " + versionOf(nested, registry);
    }
    return version;
}

/// A resolved method without the parameters that do not count under its other ones.
Json effectiveJson(const MethodSpec& spec, const MethodRegistry& registry) {
    Json effective{{"id", spec.id}};
    for (const ParameterSpec& parameter : registry.method(spec.id).parameters()) {
        if (!isEnabled(parameter, spec.parameters)) continue;
        const Json& value = spec.parameters.at(parameter.id);
        effective[parameter.id] = parameter.type == ParameterType::Method
                                      ? effectiveJson(MethodSpec::fromJson(value), registry)
                                      : value;
    }
    return effective;
}

PlannedMethod planMethod(const MethodSpec& spec, const MethodRegistry& registry) {
    PlannedMethod planned;
    planned.spec = registry.resolve(spec);
    planned.given = spec.toText();
    planned.text = labelOf(spec, registry).toText();
    const Method& method = registry.method(spec.id);
    planned.version = versionOf(planned.spec, registry);
    planned.remarks = ineffectiveParameters(method.parameters(), planned.spec.parameters);
    planned.quantizer = registry.quantizer(planned.spec);
    return planned;
}

// Why `planned`, which counts as much as `first`, does not run.
std::string repetitionRemark(const PlannedMethod& planned, const PlannedMethod& first) {
    const std::string subject = "The method " + planned.given;
    if (planned.given == first.given) return subject + " is listed more than once and runs once.";
    if (planned.spec == first.spec) {
        return subject + " is the same as " + first.given + " and runs once.";
    }
    return subject + " differs from " + first.given +
           " only in parameters that have no effect there, and is left out.";
}

std::vector<PlannedMethod> planMethods(const ExperimentSpec& spec, const MethodRegistry& registry,
                                       std::vector<std::string>& remarks) {
    if (spec.methods.empty()) {
        throw Error("The experiment has no method.", "Add one, for example scalar:bits=4.");
    }
    std::vector<PlannedMethod> methods;
    std::map<std::string, std::size_t> seen;  // Places in `methods` by what counts.
    for (const SweptMethod& swept : spec.methods) {
        for (const MethodSpec& one : swept.expand()) {
            PlannedMethod planned = planMethod(one, registry);
            const auto [first, isNew] =
                seen.emplace(effectiveJson(planned.spec, registry).dump(), methods.size());
            if (isNew) {
                methods.push_back(std::move(planned));
            } else {
                remarks.push_back(repetitionRemark(planned, methods[first->second]));
            }
        }
    }
    return methods;
}

std::string trialId(const Trial& trial, const std::string& methodVersion, const RunInfo& run) {
    Json identity{{"data", run.data.fingerprint},
                  {"tensor", trial.tensor},
                  {"fold", trial.fold.toText()},
                  {"normalized", trial.normalized},
                  {"method", trial.method.toJson()},
                  {"method_version", methodVersion},
                  {"hessian", trial.hasHessian ? run.hessians.fingerprint : std::string()},
                  {"seed", trial.seed}};
    // Named only where there are any, so that records from before codebooks could be given count.
    if (trial.hasCodebooks) identity["codebooks"] = run.codebooks.fingerprint;
    return contentHash(identity.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string runId(const RunInfo& run, const std::vector<std::string>& metrics) {
    return contentHash(Json{{"trials", run.trials}, {"metrics", metrics}}.dump());
}

std::uint64_t trialBytes(const Trial& trial, const SideInformation& side) {
    const std::uint64_t result = trial.preflight.rate.totalBits() / 8;
    const auto cols = static_cast<std::uint64_t>(trial.cols);
    const bool isFull = side.hessian && side.hessian->isFull();
    const std::uint64_t hessian = isFull ? 2 * cols * cols * sizeof(double) : 0;
    const std::uint64_t measuring = std::max(measuringBytes(trial.rows, trial.cols, isFull),
                                             trial.isSearched ? searchBytes(trial.cols) : 0);
    // The result is there twice while it is written to its artifact.
    return trial.preflight.workingBytes + 2 * result + hessian + measuring +
           TrialInputCache::heldBytes(trial);
}

Trial planTrial(const SelectedTensor& tensor, const PlannedMethod& method,
                const SideInformation& side, const RunInfo& run, std::uint64_t seed) {
    Trial trial;
    trial.tensor = tensor.info->name;
    trial.fold = tensor.fold;
    trial.shape = tensor.info->shape;
    trial.rows = tensor.fold.rows(tensor.info->shape);
    trial.cols = tensor.fold.cols(tensor.info->shape);
    trial.normalized = tensor.normalized;
    trial.hasHessian = side.hessian != nullptr;
    trial.hasCodebooks = side.codebooks != nullptr;
    trial.isSearched = tensor.isSearched;
    trial.method = method.spec;
    trial.methodText = method.text;
    trial.seed = seed;
    trial.preflight = method.quantizer->preflight(trial.rows, trial.cols, side);
    trial.preflight.warnings.insert(trial.preflight.warnings.end(), method.remarks.begin(),
                                    method.remarks.end());
    trial.bytes = trialBytes(trial, side);
    trial.id = trialId(trial, method.version, run);
    return trial;
}

// A result folder is read from anywhere.
std::filesystem::path absolutePath(const std::filesystem::path& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal();
}

RunInfo describeRun(const TensorFile& file, const SideFiles& side, const std::stop_token& stop) {
    RunInfo run;
    run.programVersion = programVersion();
    run.data = {absolutePath(file.path()).string(), file.fingerprint(stop)};
    if (side.hessians) {
        run.hessians = {absolutePath(side.hessians->path()).string(),
                        side.hessians->fingerprint(stop)};
    }
    if (side.codebooks) {
        run.codebooks = {absolutePath(side.codebooks->path()).string(),
                         side.codebooks->fingerprint(stop)};
    }
    const std::optional<SearchGroundTruth> truth = file.groundTruth();
    for (const TensorInfo& info : file.tensors()) {
        const bool isTask =
            truth && (info.name == truth->queries || info.name == truth->neighbors ||
                      info.name == truth->distances);
        if (!info.quantizable || isTask) continue;
        run.tensors.push_back(
            {info.name, elementCount(info.shape), info.bitsPerElement, info.sameAs});
    }
    return run;
}

void addTotals(Plan& plan) {
    for (const Trial& trial : plan.trials) {
        plan.run.trials.push_back(trial.id);
        if (!trial.preflight.refusal.empty()) continue;
        plan.peakBytes = std::max(plan.peakBytes, trial.bytes);
        plan.artifactBytes += trial.preflight.rate.totalBits() / 8;
    }
}

// `has` tells whether a trial has what `path` offers.
template <typename Has>
void remarkMissing(Plan& plan, const std::filesystem::path& path, const std::string& what,
                   const Has& has) {
    std::set<std::string> missing;
    for (const Trial& trial : plan.trials) {
        if (!has(trial) && trial.preflight.refusal.empty()) missing.insert(trial.tensor);
    }
    if (missing.empty()) return;
    plan.remarks.push_back("'" + path.filename().string() + "' has no " + what + " for " +
                           std::to_string(missing.size()) +
                           (missing.size() == 1 ? " tensor ('" : " of the tensors (first: '") +
                           *missing.begin() + "').");
}

void remarkMissingSide(Plan& plan) {
    if (plan.side.hessians) {
        remarkMissing(plan, plan.side.hessians->path(), "Hessian",
                      [](const Trial& trial) { return trial.hasHessian; });
    }
    if (plan.side.codebooks) {
        remarkMissing(plan, plan.side.codebooks->path(), "codebooks",
                      [](const Trial& trial) { return trial.hasCodebooks; });
    }
}

std::unique_ptr<TensorSource> foldedSource(const TensorFile& file, const std::string& tensor,
                                           const FoldRule& fold, bool normalized,
                                           const std::stop_token& stop) {
    std::unique_ptr<TensorSource> source = file.source(tensor, fold, stop);
    if (normalized) source = std::make_unique<NormalizedSource>(std::move(source));
    return source;
}

}  // namespace

Plan makePlan(const ExperimentSpec& spec, const MethodRegistry& registry,
              const PlanOptions& options) {
    if (spec.data.file.empty()) {
        throw Error("The experiment names no data file.", "Set 'file' in its 'data'.");
    }
    const OpenOptions open{options.prober, spec.data.followExternalLinks, options.stop};
    SideFiles side;
    if (!spec.hessians.empty()) side.hessians = HessianFile::open(spec.hessians, open);
    if (!spec.codebooks.empty()) side.codebooks = CodebookFile::open(spec.codebooks, open);
    return makePlan(spec, registry, TensorFile::open(spec.data.file, open), std::move(side),
                    options.stop);
}

Plan makePlan(const ExperimentSpec& spec, const MethodRegistry& registry,
              std::shared_ptr<const TensorFile> file, SideFiles side, const std::stop_token& stop) {
    Plan plan;
    plan.spec = spec;
    plan.spec.data.file = absolutePath(spec.data.file);
    plan.spec.hessians = absolutePath(spec.hessians);
    plan.spec.codebooks = absolutePath(spec.codebooks);
    plan.file = std::move(file);
    plan.side = std::move(side);
    const std::vector<PlannedMethod> methods = planMethods(spec, registry, plan.remarks);
    const TensorSelection selection = selectTensors(*plan.file, spec.data);
    plan.remarks.insert(plan.remarks.end(), selection.remarks.begin(), selection.remarks.end());
    plan.run = describeRun(*plan.file, plan.side, stop);
    for (const SelectedTensor& tensor : selection.tensors) {
        throwIfStopped(stop);
        const Index cols = tensor.fold.cols(tensor.info->shape);
        SideInformation known;
        std::string trouble;
        try {
            known = describeSide(plan.side, tensor.info->name, cols);
        } catch (const Error& error) {
            // Without it the trial would be another one than was asked for.
            trouble = error.fullText();
        }
        for (const PlannedMethod& method : methods) {
            plan.trials.push_back(planTrial(tensor, method, known, plan.run, spec.seed));
            if (!trouble.empty()) plan.trials.back().preflight.refusal = trouble;
        }
    }
    remarkMissingSide(plan);
    addTotals(plan);
    plan.run.runId = runId(plan.run, spec.metrics);
    return plan;
}

std::unique_ptr<TensorSource> trialSource(const TensorFile& file, const Trial& trial,
                                          const std::stop_token& stop) {
    return foldedSource(file, trial.tensor, trial.fold, trial.normalized, stop);
}

std::unique_ptr<TensorSource> trialSource(const TensorFile& file, const TrialRecord& record,
                                          const std::stop_token& stop) {
    return foldedSource(file, record.tensor, record.fold, record.normalized, stop);
}

}  // namespace quantscope
