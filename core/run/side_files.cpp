// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/side_files.h"

namespace quantscope {

SideInformation describeSide(const SideFiles& files, const std::string& tensor, Index cols) {
    SideInformation side;
    if (files.hessians) side.hessian = files.hessians->describe(tensor, cols);
    if (files.codebooks) side.codebooks = files.codebooks->describe(tensor);
    return side;
}

SideInformation sideInformation(const SideFiles& files, const std::string& tensor, Index cols,
                                const std::stop_token& stop) {
    SideInformation side;
    if (files.hessians) side.hessian = files.hessians->hessian(tensor, cols, stop);
    if (files.codebooks) side.codebooks = files.codebooks->codebooks(tensor, stop);
    return side;
}

}  // namespace quantscope
