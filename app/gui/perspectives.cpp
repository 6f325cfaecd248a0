// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/perspectives.h"

#include <QMainWindow>

namespace quantscope {

namespace {
// Raise it when panels come or go: saved layouts of other versions are left alone.
constexpr int layoutVersion = 1;
}  // namespace

Perspectives::Perspectives(QMainWindow* window, QSettings* settings)
    : QObject(window), m_window(window), m_settings(settings) {}

void Perspectives::add(const QString& name, std::function<void()> layOut) {
    m_layouts[name] = std::move(layOut);
}

QString Perspectives::key() const {
    return QStringLiteral("layout/") + m_current;
}

void Perspectives::show(const QString& name) {
    if (name == m_current || !contains(name)) return;
    save();
    m_current = name;
    const QByteArray saved = m_settings->value(key()).toByteArray();
    if (saved.isEmpty() || !m_window->restoreState(saved, layoutVersion)) reset();
    Q_EMIT currentChanged(name);
}

void Perspectives::reset() {
    if (contains(m_current)) m_layouts.at(m_current)();
}

void Perspectives::save() {
    if (!m_current.isEmpty()) m_settings->setValue(key(), m_window->saveState(layoutVersion));
}

}  // namespace quantscope
