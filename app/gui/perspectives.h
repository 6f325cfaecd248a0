// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSettings>
#include <functional>
#include <map>

class QMainWindow;

namespace quantscope {

/// Remembers, for each perspective, where the panels are, and brings back the layout that it came
/// with.
class Perspectives : public QObject {
    Q_OBJECT

public:
    /// `window` and `settings` outlive it.
    Perspectives(QMainWindow* window, QSettings* settings);

    /// `layOut` puts the panels where this perspective has them at first.
    void add(const QString& name, std::function<void()> layOut);
    const QString& current() const { return m_current; }
    bool contains(const QString& name) const { return m_layouts.contains(name); }

public Q_SLOTS:
    void show(const QString& name);
    /// Puts the panels of the present perspective where they were at first.
    void reset();
    /// Keeps the present layout in the settings.
    void save();

Q_SIGNALS:
    void currentChanged(const QString& name);

private:
    QString key() const;

    QMainWindow* m_window;
    QSettings* m_settings;
    std::map<QString, std::function<void()>> m_layouts;
    QString m_current;
};

}  // namespace quantscope
