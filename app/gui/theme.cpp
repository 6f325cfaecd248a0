// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/theme.h"

#include <QApplication>
#include <QEvent>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QToolTip>
#include <array>
#include <utility>

#include "app/gui/workbench_style.h"
#include "core/base/error.h"

namespace quantscope {

namespace {

constexpr std::array<std::pair<ThemeChoice, const char*>, 3> choiceTexts = {{
    {ThemeChoice::System, "system"},
    {ThemeChoice::Light, "light"},
    {ThemeChoice::Dark, "dark"},
}};

// The colours of one theme file, by their names there.
class ThemeColors {
public:
    explicit ThemeColors(const QString& path) : m_path(path) {
        QFile file(path);
        if (file.open(QIODevice::ReadOnly)) {
            m_colors = QJsonDocument::fromJson(file.readAll()).object();
        }
    }

    QColor operator[](const char* name) const {
        const QColor color(m_colors.value(QLatin1String(name)).toString());
        if (!color.isValid()) {
            throw Error("The theme " + m_path.toStdString() + " has no colour '" + name + "'.");
        }
        return color;
    }

private:
    QString m_path;
    QJsonObject m_colors;
};

bool looksDark(const QPalette& palette) {
    return palette.color(QPalette::Window).lightness() <
           palette.color(QPalette::WindowText).lightness();
}

}  // namespace

ThemeChoice themeChoiceFromText(const QString& text, ThemeChoice fallback) {
    for (const auto& [choice, name] : choiceTexts) {
        if (text == QLatin1String(name)) return choice;
    }
    return fallback;
}

QString themeChoiceToText(ThemeChoice choice) {
    for (const auto& [candidate, name] : choiceTexts) {
        if (candidate == choice) return QString::fromLatin1(name);
    }
    return {};
}

Theme::Theme(QObject* parent) : QObject(parent) {
    QApplication::setStyle(new WorkbenchStyle);
    qApp->installEventFilter(this);
    apply();
}

void Theme::setChoice(ThemeChoice choice) {
    if (choice == m_choice) return;
    m_choice = choice;
    apply();
}

bool Theme::eventFilter(QObject* watched, QEvent* event) {
    // Sent to every window when the desktop changes its theme; the first one is enough.
    if (event->type() == QEvent::ThemeChange && m_choice == ThemeChoice::System) {
        QMetaObject::invokeMethod(this, &Theme::apply, Qt::QueuedConnection);
    }
    return QObject::eventFilter(watched, event);
}

void Theme::apply() {
    if (m_choice == ThemeChoice::System) QApplication::setPalette(QPalette());
    m_dark = m_choice == ThemeChoice::Dark ||
             (m_choice == ThemeChoice::System && looksDark(QApplication::palette()));
    const QPalette own = palette(m_dark);
    QApplication::setPalette(own);
    QToolTip::setPalette(own);
    Q_EMIT changed();
}

QPalette Theme::palette(bool dark) {
    const ThemeColors colors(dark ? QStringLiteral(":/themes/dark.json")
                                  : QStringLiteral(":/themes/light.json"));
    QPalette palette;
    palette.setColor(QPalette::Window, colors["window"]);
    palette.setColor(QPalette::Base, colors["base"]);
    palette.setColor(QPalette::AlternateBase, colors["alternateBase"]);
    palette.setColor(QPalette::Button, colors["button"]);
    palette.setColor(QPalette::ToolTipBase, colors["toolTip"]);
    for (const auto role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText}) {
        palette.setColor(role, colors["text"]);
        palette.setColor(QPalette::Disabled, role, colors["disabledText"]);
    }
    palette.setColor(QPalette::PlaceholderText, colors["secondaryText"]);
    palette.setColor(QPalette::Disabled, QPalette::PlaceholderText, colors["disabledText"]);
    palette.setColor(QPalette::BrightText, colors["error"]);
    for (const auto role : {QPalette::Highlight, QPalette::Link, QPalette::LinkVisited}) {
        palette.setColor(role, colors["accent"]);
    }
    palette.setColor(QPalette::HighlightedText, colors["textOnAccent"]);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, colors["hairline"]);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, colors["disabledText"]);
    palette.setColor(QPalette::Light, colors["base"]);
    palette.setColor(QPalette::Midlight, colors["hairline"]);
    palette.setColor(QPalette::Mid, colors["hairline"]);
    palette.setColor(QPalette::Dark, colors["outline"]);
    palette.setColor(QPalette::Shadow, colors["outline"]);
    return palette;
}

}  // namespace quantscope
