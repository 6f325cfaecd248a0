// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <memory>

#include "core/quant/method.h"

namespace quantscope {

/// What a plugin library exports. A plugin is a QObject that implements this interface and is
/// declared with
///
///     Q_PLUGIN_METADATA(IID QUANTSCOPE_METHOD_PLUGIN_IID FILE "<id>.json")
///     Q_INTERFACES(quantscope::MethodPlugin)
///
/// The JSON file says id, name, version and help, and carries the API version and build tag that
/// quantscope_add_plugin() fills in; the loader judges those before the library is executed.
class MethodPlugin {
public:
    virtual ~MethodPlugin() = default;

    /// The method that the plugin adds; its id equals the one in the metadata.
    virtual std::shared_ptr<const Method> method() const = 0;
};

}  // namespace quantscope

/// Changes when a class that plugins implement or call changes its layout or meaning.
#define QUANTSCOPE_METHOD_PLUGIN_IID "org.quantscope.MethodPlugin/1"
Q_DECLARE_INTERFACE(quantscope::MethodPlugin, QUANTSCOPE_METHOD_PLUGIN_IID)
