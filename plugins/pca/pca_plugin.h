// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "plugins/sdk/method_plugin.h"

namespace quantscope::pca {

/// What the library exports.
class PcaPlugin : public QObject, public MethodPlugin {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QUANTSCOPE_METHOD_PLUGIN_IID FILE "pca.json")
    Q_INTERFACES(quantscope::MethodPlugin)

public:
    std::shared_ptr<const Method> method() const override;
};

}  // namespace quantscope::pca
