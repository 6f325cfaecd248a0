// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/system_reason.h"

#include <cerrno>
#include <system_error>

namespace quantscope {

std::string systemReason(int error) {
    switch (error) {
        case ENOSPC:
            return "the disk is full";
        case EDQUOT:
            return "the disk quota is used up";
        case EFBIG:
            return "the file would be larger than is allowed here (see ulimit -f)";
        default:
            return std::generic_category().message(error);
    }
}

}  // namespace quantscope
