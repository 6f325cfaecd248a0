// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/plugins/conformance/loaded_plugins.h"

namespace quantscope::test {

const PluginSet& loadedPlugins() {
    static const PluginSet set =
        loadPlugins({QStringLiteral(QUANTSCOPE_BUILD_DIR "/lib/quantscope/plugins"),
                     QStringLiteral(EXAMPLE_PLUGIN_DIR)});
    return set;
}

}  // namespace quantscope::test
