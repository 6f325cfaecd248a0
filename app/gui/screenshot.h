// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>

namespace quantscope {

class MainWindow;

/// Takes a picture of the window when everything it shows is there: the file is open, its
/// experiment (if it has methods) has run to the end, a point of the Pareto front is selected, and
/// no job is left.
class Screenshot : public QObject {
    Q_OBJECT

public:
    /// `window` outlives it and is shown already.
    Screenshot(MainWindow& window, const QString& path);

    /// Opens `file` (may be empty) and goes on from there.
    void start(const QString& file);

Q_SIGNALS:
    /// `error` is empty when the picture was written.
    void done(const QString& error);

private:
    void follow();
    void selectPoint();
    void take();

    MainWindow& m_window;
    QString m_file;  ///< Opened first; may be empty.
    QString m_path;
    bool m_ran = false;
    bool m_selected = false;
    QTimer m_settled;
};

}  // namespace quantscope
