// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>

class QPalette;

namespace quantscope {

/// The mark of a method family as it stands in the plots, as an icon.
QIcon familyIcon(const QString& family, const QPalette& palette);

}  // namespace quantscope
