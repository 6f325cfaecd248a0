// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "plugins/sdk/method_plugin.h"

namespace quantscope::vptq {

/// What the library exports.
class VptqPlugin : public QObject, public MethodPlugin {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QUANTSCOPE_METHOD_PLUGIN_IID FILE "vptq.json")
    Q_INTERFACES(quantscope::MethodPlugin)

public:
    std::shared_ptr<const Method> method() const override;
};

}  // namespace quantscope::vptq
