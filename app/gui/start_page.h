// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QAction;
class QVBoxLayout;

namespace quantscope {

class RecentFiles;

/// What the centre shows before a file is open: the bundled experiments and data, recent files, and
/// how to open one's own.
class StartPage : public QWidget {
    Q_OBJECT

public:
    /// `recent` outlives the page.
    StartPage(RecentFiles* recent, QAction* open, QWidget* parent = nullptr);

Q_SIGNALS:
    void openRequested(const QString& path);

private:
    void addSamples(QVBoxLayout* column);
    void fillRecent();

    RecentFiles* m_recent;
    QVBoxLayout* m_recentList;
};

}  // namespace quantscope
