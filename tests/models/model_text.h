// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>
#include <QString>
#include <QStringList>
#include <vector>

#include "core/tensor/tensor_info.h"

namespace quantscope {

/// Tensors from lines "<name> <shape> [dtype]"; a dtype of "string" makes one that cannot be
/// quantized. Example: "layers/0/q 64x64 float16".
std::vector<TensorInfo> tensorsFromText(const QStringList& lines);

/// A model as indented lines, cells separated by " | ": what a person would see. Rows with a check
/// state begin with [x], [ ] or [-].
QStringList textOf(const QAbstractItemModel& model, const QList<int>& columns,
                   const QModelIndex& parent = {}, int depth = 0);

}  // namespace quantscope
