// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Whether a box of `counts`, whose element (i0, i1, ...) belongs at sum i_k * strides[k], fills
/// one unbroken run in the order of the box.
bool isDense(std::span<const Index> counts, std::span<const Index> strides);

/// Puts the elements of a box, given in row-major order, to where the strides say.
void scatter(const float* values, std::span<const Index> counts, std::span<const Index> strides,
             float* out);

/// The reverse: collects the elements of a box from where the strides say.
void gather(const float* in, std::span<const Index> counts, std::span<const Index> strides,
            float* values);

}  // namespace quantscope
