// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "plugins/sdk/method_plugin.h"

namespace quantscope {

/// A plugin of a few lines, built several times with one fault each; see CMakeLists.txt beside it.
class FixturePlugin : public QObject, public MethodPlugin {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID FIXTURE_IID FILE "fixture.json")
    Q_INTERFACES(quantscope::MethodPlugin)

public:
    std::shared_ptr<const Method> method() const override;
};

}  // namespace quantscope
