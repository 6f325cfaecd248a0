// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/method_spec.h"
