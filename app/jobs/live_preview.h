// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>
#include <cstdint>
#include <memory>
#include <optional>

#include "app/jobs/latest_worker.h"
#include "app/models/code_picture.h"
#include "app/models/plot_data.h"
#include "core/io/tensor_file.h"
#include "core/quant/method.h"
#include "core/run/experiment_spec.h"
#include "core/run/side_files.h"

namespace quantscope {

class RowSampleCache;

/// One method with fixed parameters on one tensor, to be answered at once.
struct PreviewRequest {
    std::shared_ptr<const TensorFile> file;  ///< Null for a matrix of standard normal values.
    SideFiles side;
    DataSpec data;  ///< For the folding and normalization of the tensor.
    std::string tensor;
    MethodSpec method;
    std::uint64_t seed = 0;
};

/// The answer. Figures come from the sampled rows, except the rate, which is that of the whole
/// tensor.
struct PreviewResult {
    QString tensor;
    QString methodText;
    LevelsData levels;
    ErrorMapData errorMap;
    UtilizationData utilization;
    CodePicture picture;
    std::optional<double> nmse;
    std::optional<double> sqnrDb;
    RateLedger rate;  ///< Of the whole tensor, from preflight.
    double bitsPerWeight = 0.0;
    Index sampleRows = 0;
    Index totalRows = 0;
    QString note;     ///< "sample of 4,096 rows"; empty when exact.
    QString refusal;  ///< Why the method cannot run on this tensor; then nothing else is set.
    QStringList warnings;
    double seconds = 0.0;  ///< Of the computation.

    bool exact() const { return sampleRows == totalRows; }
};

/// Quantizes a row sample (evenly spaced rows) of the current tensor whenever a knob moves; newest
/// request wins. The sampled rows of the tensor are kept between requests.
class LivePreview : public QObject {
    Q_OBJECT
public:
    /// `registry` outlives the preview.
    explicit LivePreview(const MethodRegistry* registry, QObject* parent = nullptr);
    ~LivePreview() override;

    void request(const PreviewRequest& request);
    /// Drops what is under way, for example when the exact result has come.
    void cancel();
    bool isBusy() const { return m_worker.isBusy(); }

Q_SIGNALS:
    void ready(const quantscope::PreviewResult& result);
    void failed(const quantscope::Message& message);
    void busyChanged(bool busy);

private:
    const MethodRegistry* m_registry;
    std::shared_ptr<RowSampleCache> m_cache;  ///< Used by the worker's thread alone.
    LatestWorker m_worker;
};

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::PreviewResult)
