// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/io/tensor_file.h"
#include "core/quant/quantizer.h"
#include "core/run/side_files.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

/// How many rows of a tensor a preview works on: all when they are few, otherwise the largest power
/// of two (at most 4,096 rows and 2^18 weights) whose work, as preflight estimates it, is expected
/// to be done in time; but as many more as the method asks for (up to 2^23 weights): a codebook
/// trained on hardly more vectors than it has codewords would show hardly any error. Depends on
/// shape and method alone, never on the machine's speed.
Index previewRows(const Quantizer& quantizer, Index rows, Index cols, const SideInformation& side);

/// Evenly spaced rows of a tensor: row i of `count` is its row i * rows / count. Where the file
/// holds the rows as columns, it is read once from its beginning to its end, because single columns
/// would be looked for in all of it. Throws Error or Cancelled.
Matrix sampleTensor(const TensorFile& file, const SelectedTensor& tensor, Index count,
                    const std::stop_token& stop);

/// Keeps what the last preview read: the sampled rows of its tensor, and its side information. For
/// one thread.
class RowSampleCache {
public:
    SideInformation side(const SideFiles& files, const std::string& tensor, Index cols);
    std::shared_ptr<const Matrix> rows(const std::shared_ptr<const TensorFile>& file,
                                       const SelectedTensor& tensor, Index count,
                                       const std::stop_token& stop);

private:
    struct RowsKey {
        std::weak_ptr<const TensorFile> file;
        std::string tensor;
        FoldRule fold;
        bool normalized = false;
        Index count = 0;
    };
    RowsKey m_rowsKey;
    std::shared_ptr<const Matrix> m_rows;
    std::weak_ptr<const HessianFile> m_hessians;
    std::weak_ptr<const CodebookFile> m_codebooks;
    std::string m_sideTensor;
    Index m_sideCols = 0;
    SideInformation m_side;
};

}  // namespace quantscope
