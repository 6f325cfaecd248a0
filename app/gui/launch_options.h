// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSize>
#include <QString>
#include <QStringList>

#include "app/gui/theme.h"

namespace quantscope {

/// What the program was started with.
struct LaunchOptions {
    QString path;         ///< To open; empty for the start page.
    QString screenshot;   ///< Picture to write instead of waiting for a user; empty for none.
    QSize size;           ///< Of the window; invalid for the remembered one.
    QString theme;        ///< "system", "light", "dark"; empty for the remembered one.
    QString perspective;  ///< "explore", "compare"; empty for the fitting one.
};

/// Reads the arguments of the program; prints help or the version and ends the process when asked
/// to, and ends it with a message and code 2 when they make no sense.
LaunchOptions parseLaunchOptions(const QStringList& arguments);

}  // namespace quantscope
