// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QAbstractItemModel;

namespace quantscope {

/// Every plugin library that was found, whether it is in use, and if not, why and what to do.
class PluginPage : public QDialog {
    Q_OBJECT

public:
    /// `plugins` is a PluginListModel and outlives the page.
    PluginPage(QAbstractItemModel* plugins, QWidget* parent);
};

}  // namespace quantscope
