// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPalette>
#include <QString>

namespace quantscope {

/// Which palette the window wears.
enum class ThemeChoice { System, Light, Dark };

/// "system", "light", "dark"; `fallback` for any other text.
ThemeChoice themeChoiceFromText(const QString& text, ThemeChoice fallback);
QString themeChoiceToText(ThemeChoice choice);

/// Dresses the application in the light or the dark palette. With ThemeChoice::System the desktop's
/// own palette decides, also when it changes while the program runs. Every colour of the window
/// comes from a palette role: PlaceholderText is secondary text, BrightText errors, Highlight the
/// accent, Mid hairlines, Dark the outline of controls.
class Theme : public QObject {
    Q_OBJECT

public:
    explicit Theme(QObject* parent = nullptr);

    ThemeChoice choice() const { return m_choice; }
    void setChoice(ThemeChoice choice);
    bool isDark() const { return m_dark; }

    /// The palette of resources/themes; throws Error when a colour is missing.
    static QPalette palette(bool dark);

Q_SIGNALS:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void apply();

    ThemeChoice m_choice = ThemeChoice::System;
    bool m_dark = false;
};

}  // namespace quantscope
