// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plugins/sdk/plugin_loader.h"

namespace quantscope::test {

/// Every plugin that the build makes, through the loader that the programs use, and the example.
/// Loaded once.
const PluginSet& loadedPlugins();

inline const MethodRegistry& registry() {
    return loadedPlugins().registry;
}

}  // namespace quantscope::test
