// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/row_sample.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "core/run/planner.h"
#include "core/tensor/normalized_source.h"

namespace quantscope {

namespace {

constexpr Index mostRows = 4096;
constexpr Index mostWeights = Index{1} << 18;
constexpr Index mostTrainingWeights = Index{1} << 23;
constexpr Index mostInFileRow = Index{1} << 22;
// What one thread does in a few hundredths of a second.
constexpr double mostMultiplyAdds = 1.5e8;

Index powerOfTwoUpTo(Index value) {
    return static_cast<Index>(
        std::bit_floor(static_cast<std::uint64_t>(std::max<Index>(1, value))));
}

Matrix sampleRows(const TensorSource& source, Index count, const std::stop_token& stop) {
    if (count >= source.rows()) return readAll(source, stop);
    Matrix sample(count, source.cols());
    for (Index i = 0; i < count; ++i) {
        source.read(i * source.rows() / count, sample.span().middleRows(i, 1), stop);
    }
    return sample;
}

Matrix sampleColumns(const TensorSource& transposed, Index count, const std::stop_token& stop) {
    const Index step = blockRows(transposed.cols());
    Matrix sample(count, transposed.rows());
    Matrix block(std::min(step, transposed.rows()), transposed.cols());
    for (Index first = 0; first < transposed.rows(); first += step) {
        const Index length = std::min(step, transposed.rows() - first);
        transposed.read(first, block.span().middleRows(0, length), stop);
        for (Index i = 0; i < count; ++i) {
            const Index column = i * transposed.cols() / count;
            for (Index r = 0; r < length; ++r)
                sample(i, first + r) = block(r, column);
        }
    }
    return sample;
}

// The least of count, 2 count, ... with which the method runs and has the fewest remarks: those on
// training go when there is enough to train on. Where they never do, as many rows as may be.
Index rowsToTrainOn(const Quantizer& quantizer, Index count, Index rows, Index cols,
                    const SideInformation& side) {
    const Index most = std::max(count, std::min(rows, mostTrainingWeights / cols));
    Index best = most;
    std::optional<std::vector<std::string>> fewest;
    for (Index sampled = count;; sampled = std::min(most, 2 * sampled)) {
        Preflight preflight = quantizer.preflight(sampled, cols, side);
        const bool isBetter = !fewest || preflight.warnings.size() < fewest->size();
        if (preflight.refusal.empty() && isBetter) {
            fewest = std::move(preflight.warnings);
            best = sampled;
        }
        if (sampled == most || (fewest && fewest->empty())) break;
    }
    const bool isShort =
        fewest && !fewest->empty() && *fewest != quantizer.preflight(rows, cols, side).warnings;
    return isShort ? most : best;
}

}  // namespace

Index previewRows(const Quantizer& quantizer, Index rows, Index cols, const SideInformation& side) {
    const Index most = std::min(mostRows, mostWeights / std::max<Index>(1, cols));
    Index count = rows <= most ? rows : powerOfTwoUpTo(most);
    while (count > 1 && quantizer.preflight(count, cols, side).multiplyAdds > mostMultiplyAdds) {
        count = powerOfTwoUpTo(count - 1);
    }
    return rowsToTrainOn(quantizer, count, rows, cols, side);
}

Matrix sampleTensor(const TensorFile& file, const SelectedTensor& tensor, Index count,
                    const std::stop_token& stop) {
    const Shape& shape = tensor.info->shape;
    const FoldRule transposed{tensor.fold.columnAxes(shape)};
    if (tensor.fold.keepsFileOrder(shape) || !transposed.keepsFileOrder(shape) ||
        tensor.fold.rows(shape) > mostInFileRow) {
        Trial trial;
        trial.tensor = tensor.info->name;
        trial.fold = tensor.fold;
        trial.normalized = tensor.normalized;
        return sampleRows(*trialSource(file, trial, stop), count, stop);
    }
    Matrix sample = sampleColumns(*file.source(tensor.info->name, transposed, stop), count, stop);
    if (tensor.normalized) normalizeRows(sample.span());
    return sample;
}

SideInformation RowSampleCache::side(const SideFiles& files, const std::string& tensor,
                                     Index cols) {
    if (files == SideFiles{}) return {};
    if (m_hessians.lock() != files.hessians || m_codebooks.lock() != files.codebooks ||
        m_sideTensor != tensor || m_sideCols != cols) {
        m_side = sideInformation(files, tensor, cols);
        m_hessians = files.hessians;
        m_codebooks = files.codebooks;
        m_sideTensor = tensor;
        m_sideCols = cols;
    }
    return m_side;
}

std::shared_ptr<const Matrix> RowSampleCache::rows(const std::shared_ptr<const TensorFile>& file,
                                                   const SelectedTensor& tensor, Index count,
                                                   const std::stop_token& stop) {
    const bool known = m_rows && m_rowsKey.file.lock() == file &&
                       m_rowsKey.tensor == tensor.info->name && m_rowsKey.fold == tensor.fold &&
                       m_rowsKey.normalized == tensor.normalized && m_rowsKey.count == count;
    if (known) return m_rows;
    m_rows = std::make_shared<const Matrix>(sampleTensor(*file, tensor, count, stop));
    m_rowsKey = {file, tensor.info->name, tensor.fold, tensor.normalized, count};
    return m_rows;
}

}  // namespace quantscope
