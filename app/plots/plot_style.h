// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QPen>

namespace quantscope {

/// Colours, fonts and sizes of a plot. In the window all of them derive from the widget's palette
/// and font; a figure has one fixed light style for paper and one dark one for slides. Lengths are
/// in device-independent pixels in the window and in figure units (unitsPerInch) in a figure,
/// always multiples of `em`.
struct PlotStyle {
    /// Resolution of figure coordinates. Much finer than a screen, because text and axis positions
    /// are whole numbers.
    static constexpr int unitsPerInch = 288;

    bool dark = false;
    bool figure = false;
    QColor background;
    QColor text;
    QColor secondaryText;  ///< Tick labels, notes.
    QColor axis;           ///< Axis lines and ticks.
    QColor grid;           ///< No stronger than a tenth of the text.
    QColor accent;         ///< Selection and keyboard focus, nothing else.
    QColor warning;        ///< Dead codewords.
    QFont font;            ///< Axis titles and legends.
    QFont smallFont;       ///< Tick labels and direct labels.
    double em = 0.0;       ///< Height of `font`.
    double hairline = 1.0;
    double stroke = 1.0;  ///< Data lines.

    /// Light or dark is told from the luminance of the palette, as Qt 6.4 has no query for it.
    static PlotStyle forWindow(const QPalette& palette, const QFont& font);
    /// The fixed style of figures: black on white, or light on dark for slides.
    static PlotStyle forFigure(double fontPoints, bool dark = false);

    /// `share` of an em in whole pixels, at least one.
    int pixels(double share) const;
    QPen pen(const QColor& color, double width, Qt::PenStyle style = Qt::SolidLine) const;
    /// `color` moved towards the background, for what stands behind.
    QColor faded(const QColor& color, double strength = 0.4) const;
    /// `color`, if need be made darker or lighter until its contrast with the background is at
    /// least 3, the least for lines and symbols in WCAG 2.1 (1.4.11).
    QColor readable(const QColor& color) const;
    /// The same for text, which needs a contrast of 4.5 (1.4.3).
    QColor readableText(const QColor& color) const;
};

/// `a` for amount 0, `b` for amount 1.
QColor mixColors(const QColor& a, const QColor& b, double amount);

/// Contrast of two opaque colours from 1 to 21, as WCAG 2.1 defines it.
double contrastRatio(const QColor& a, const QColor& b);

}  // namespace quantscope
