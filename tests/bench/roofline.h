// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace quantscope::bench {

/// What one core of this machine can do, measured whenever it is asked for. All rates are per
/// processor second of this process.

/// GFLOP/s of single-precision multiply-adds in registers: the peak of the arithmetic units.
double multiplyAddRate();

/// GFLOP/s of OpenBLAS's sgemm on one thread for two square matrices of 1536 rows.
double sgemmRate();

/// GB/s, read and written bytes together, of copying 128 MiB (STREAM's copy).
double copyRate();

/// The kernels that OpenBLAS chose for this processor.
std::string sgemmKernels();

}  // namespace quantscope::bench
