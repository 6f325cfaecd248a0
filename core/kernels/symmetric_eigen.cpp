// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/symmetric_eigen.h"

#include <Eigen/Eigenvalues>

#include "core/base/error.h"

namespace quantscope {

SymmetricEigen symmetricEigen(std::span<const double> matrix, Index n) {
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const RowMajor> map(matrix.data(), n, n);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(map);
    if (solver.info() != Eigen::Success) {
        throw Error("The principal axes cannot be found: the iteration does not converge.",
                    "Look for extreme values in the tensor, or use another rotation.");
    }
    SymmetricEigen result;
    for (Index k = n - 1; k >= 0; --k) {
        result.values.push_back(solver.eigenvalues()(k));
        const auto vector = solver.eigenvectors().col(k);
        Index largest = 0;
        vector.cwiseAbs().maxCoeff(&largest);
        const double sign = vector(largest) < 0.0 ? -1.0 : 1.0;
        for (Index i = 0; i < n; ++i)
            result.vectors.push_back(sign * vector(i));
    }
    return result;
}

}  // namespace quantscope
