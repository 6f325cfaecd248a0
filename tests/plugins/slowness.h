// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace quantscope::test {

/// How many times slower everything is: under sanitizers and without optimization.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
constexpr double slowness = 5.0;
#else
constexpr double slowness = 1.0;
#endif

/// For QSKIP in tests of figures on much data, where everything is slow: they say nothing about
/// memory that smaller tests do not say.
inline constexpr const char* figuresElsewhere = "Figures are checked in the fast build.";

}  // namespace quantscope::test
