// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QPalette>

namespace quantscope {

/// The line icon `name` of resources/icons, drawn at any size in the colour that `role` has in the
/// application's palette at the moment it is painted, so it follows the theme.
QIcon themedIcon(const QString& name, QPalette::ColorRole role = QPalette::WindowText);

}  // namespace quantscope
