// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>

#include "core/base/matrix_view.h"
#include "core/quant/side_information.h"

namespace quantscope {

/// The quadratic form sum over rows x of x H x^T, for the full matrix H or for its diagonal.
class HessianForm {
public:
    /// Keeps `hessian` alive. Throws Error when its size is not `cols` or it holds NaN or
    /// infinities.
    HessianForm(std::shared_ptr<const Hessian> hessian, Index cols);

    /// tr(X H X^T) for X = `rows`, in double precision. Throws Cancelled.
    double of(MatrixView rows, const std::stop_token& stop = {}) const;

    /// How many rows to hand over at once so that H, read anew for every block, is used well.
    Index preferredRows() const { return preferredRows(!m_hessian->full.empty()); }
    static Index preferredRows(bool fullHessian) { return fullHessian ? 128 : 1; }

private:
    double diagonalForm(MatrixView rows) const;
    double fullForm(MatrixView rows, const std::stop_token& stop) const;

    std::shared_ptr<const Hessian> m_hessian;
};

}  // namespace quantscope
