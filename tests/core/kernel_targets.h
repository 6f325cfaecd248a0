// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <hwy/targets.h>
#include <QString>
#include <QTest>
#include <cstdint>

namespace quantscope {

/// The instruction sets that kernels are compiled for and this processor has.
inline std::vector<std::int64_t> kernelTargets() {
    return hwy::SupportedAndGeneratedTargets();
}

/// Makes kernels run on one instruction set as long as it lives.
class ForcedTarget {
public:
    explicit ForcedTarget(std::int64_t target) {
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
    ~ForcedTarget() {
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
    ForcedTarget(const ForcedTarget&) = delete;
    ForcedTarget& operator=(const ForcedTarget&) = delete;
};

}  // namespace quantscope
