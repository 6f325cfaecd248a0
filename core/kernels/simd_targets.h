// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Included before anything of Highway by every file with kernels. The kernels keep arrays of
// vectors in registers, which instruction sets with vectors of unknown size cannot express.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
