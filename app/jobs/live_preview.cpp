// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/live_preview.h"

#include <QLocale>
#include <algorithm>
#include <chrono>

#include "app/jobs/row_sample.h"
#include "app/models/error_map_builder.h"
#include "app/models/plot_builders.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/quant/decoded_source.h"
#include "core/quant/method_label.h"
#include "core/run/trial_runner.h"
#include "core/tensor/statistics.h"

namespace quantscope {

namespace {

constexpr int histogramBins = 200;
constexpr int errorMapCells = 128;

// Foldings and normalization of the experiment, for one tensor whether it is chosen or not.
SelectedTensor selectTensor(const PreviewRequest& request) {
    DataSpec data = request.data;
    data.tensors = {request.tensor};
    data.exclude.clear();
    const TensorSelection selection = selectTensors(*request.file, data);
    const auto found = std::ranges::find_if(selection.tensors, [&](const SelectedTensor& tensor) {
        return tensor.info->name == request.tensor;
    });
    if (found == selection.tensors.end()) {
        throw Error("'" + request.tensor + "' cannot be quantized.", "Choose another tensor.");
    }
    return *found;
}

// What a request without a file is about.
constexpr Index normalRows = 1024;
constexpr Index normalCols = 256;

Matrix normalSample(Index rows) {
    Matrix sample(rows, normalCols);
    Random random(1);
    for (float& value : std::span(sample.data(), static_cast<std::size_t>(sample.view().size())))
        value = static_cast<float>(random.normal());
    return sample;
}

// The trial that quantizes the sampled rows of a tensor; of normal values without one.
Trial sampleTrial(const PreviewRequest& request, const std::optional<SelectedTensor>& tensor,
                  const MethodRegistry& registry, Index rows, Index cols) {
    Trial trial;
    trial.tensor = request.tensor;
    trial.shape = {rows, cols};
    if (tensor) {
        trial.fold = tensor->fold;
        trial.shape = tensor->info->shape;
        trial.normalized = tensor->normalized;
    }
    trial.rows = rows;
    trial.cols = cols;
    trial.method = registry.resolve(request.method);
    trial.methodText = labelOf(request.method, registry).toText();
    trial.seed = request.seed;
    return trial;
}

QString sampleNote(Index sampled, Index total) {
    if (sampled == total) return {};
    return LivePreview::tr("sample of %1 rows").arg(QLocale::c().toString(qlonglong{sampled}));
}

void fillPictures(PreviewResult& result, const TrialRecord& record, const Matrix& rows,
                  const QuantizedTensor& tensor, const std::stop_token& stop) {
    const ViewSource source(rows.view());
    result.levels = buildLevels(computeStatistics(source, stop), &record, histogramBins);
    addDecoded(result.levels, computeStatistics(DecodedSource(tensor), stop));
    if (result.levels.levels.empty()) {
        const std::vector<float> levels = tensor.levels(0, 0);
        result.levels.levels.assign(levels.begin(), levels.end());
    }
    result.levels.note = result.note;
    result.utilization = buildUtilization(record);
    result.picture = buildCodePicture(rows.view(), tensor, result.levels, stop);
    result.errorMap = buildErrorMap(source, tensor, trialTitle(record), errorMapCells, stop);
    // The rows are evenly spaced over the tensor.
    result.errorMap.tensorRows = static_cast<double>(result.totalRows);
}

PreviewResult computePreview(const PreviewRequest& request, const MethodRegistry& registry,
                             RowSampleCache& cache, const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    const std::optional<SelectedTensor> tensor =
        request.file ? std::optional(selectTensor(request)) : std::nullopt;
    const Index totalRows = tensor ? tensor->fold.rows(tensor->info->shape) : normalRows;
    const Index cols = tensor ? tensor->fold.cols(tensor->info->shape) : normalCols;
    const auto quantizer = registry.quantizer(request.method);
    const SideInformation side = cache.side(request.side, request.tensor, cols);

    PreviewResult result;
    result.tensor = QString::fromStdString(request.tensor);
    result.totalRows = totalRows;
    const Preflight whole = quantizer->preflight(totalRows, cols, side);
    result.refusal = QString::fromStdString(whole.refusal);
    result.sampleRows = previewRows(*quantizer, totalRows, cols, side);
    const Trial trial = sampleTrial(request, tensor, registry, result.sampleRows, cols);
    result.methodText = QString::fromStdString(trial.methodText);
    if (!whole.refusal.empty()) return result;

    for (const std::string& warning : whole.warnings) {
        result.warnings << QString::fromStdString(warning);
    }
    result.rate = whole.rate;
    result.bitsPerWeight = whole.rate.bitsPerWeight(totalRows * cols);
    const std::vector<std::string> remarks =
        quantizer->preflight(result.sampleRows, cols, side).warnings;
    const auto isOfTheSample = [&](const std::string& remark) {
        return std::ranges::find(whole.warnings, remark) == whole.warnings.end();
    };
    if (std::ranges::any_of(remarks, isOfTheSample)) {
        result.warnings << LivePreview::tr(
            "The sample is too small for this method: the run will show a larger error.");
    }
    result.note = sampleNote(result.sampleRows, totalRows);
    const auto rows = tensor ? cache.rows(request.file, *tensor, result.sampleRows, stop)
                             : std::make_shared<const Matrix>(normalSample(result.sampleRows));
    TrialInputs inputs;
    inputs.source = std::make_shared<const ViewSource>(rows->view());
    inputs.side = side;
    std::shared_ptr<const QuantizedTensor> kept;
    const TrialRecord record = runTrial(trial, inputs, registry, {"nmse", "sqnr_db"},
                                        RunContext(request.seed, stop), &kept);
    result.refusal = QString::fromStdString(record.error);
    result.nmse = record.metrics.nmse;
    result.sqnrDb = record.metrics.sqnrDb;
    if (kept) fillPictures(result, record, *rows, *kept, stop);
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

}  // namespace

LivePreview::LivePreview(const MethodRegistry* registry, QObject* parent)
    : QObject(parent), m_registry(registry), m_cache(std::make_shared<RowSampleCache>()) {
    connect(&m_worker, &LatestWorker::busyChanged, this, &LivePreview::busyChanged);
    connect(&m_worker, &LatestWorker::failed, this, [this](Message message) {
        message.what = tr("There is no preview.");
        Q_EMIT failed(message);
    });
}

LivePreview::~LivePreview() = default;

void LivePreview::request(const PreviewRequest& request) {
    m_worker.submit(
        [request, registry = m_registry, cache = m_cache](const std::stop_token& stop) {
            return computePreview(request, *registry, *cache, stop);
        },
        [this](const PreviewResult& result) { Q_EMIT ready(result); });
}

void LivePreview::cancel() {
    m_worker.cancel();
}

}  // namespace quantscope
