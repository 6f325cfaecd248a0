// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/plot_style.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <algorithm>
#include <array>
#include <cmath>

namespace quantscope {

namespace {

double linearChannel(double value) {
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& color) {
    return 0.2126 * linearChannel(color.redF()) + 0.7152 * linearChannel(color.greenF()) +
           0.0722 * linearChannel(color.blueF());
}

QColor withContrast(const QColor& color, const QColor& background, double ratio) {
    const QColor goal = luminance(background) < 0.18 ? Qt::white : Qt::black;
    QColor result = color;
    for (double amount = 0.05; contrastRatio(result, background) < ratio && amount <= 1.0;
         amount += 0.05) {
        result = mixColors(color, goal, amount);
    }
    return result;
}

// The sans serif of most papers' figures, or the nearest that is installed.
QString figureFamily() {
    const QStringList installed = QFontDatabase::families();
    for (const char* family :
         {"Helvetica", "Arial", "Liberation Sans", "Nimbus Sans", "DejaVu Sans"}) {
        if (installed.contains(QLatin1String(family))) return QString::fromLatin1(family);
    }
    return QFontDatabase::systemFont(QFontDatabase::GeneralFont).family();
}

QFont scaled(const QFont& font, double factor) {
    QFont result = font;
    if (font.pixelSize() > 0) {
        result.setPixelSize(static_cast<int>(std::lround(font.pixelSize() * factor)));
    } else {
        result.setPointSizeF(font.pointSizeF() * factor);
    }
    return result;
}

}  // namespace

QColor mixColors(const QColor& a, const QColor& b, double amount) {
    const auto channel = [amount](double from, double to) {
        return static_cast<float>(std::clamp(from + amount * (to - from), 0.0, 1.0));
    };
    return QColor::fromRgbF(channel(a.redF(), b.redF()), channel(a.greenF(), b.greenF()),
                            channel(a.blueF(), b.blueF()));
}

double contrastRatio(const QColor& a, const QColor& b) {
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

PlotStyle PlotStyle::forWindow(const QPalette& palette, const QFont& font) {
    PlotStyle style;
    style.background = palette.color(QPalette::Base);
    style.text = palette.color(QPalette::Text);
    style.dark = luminance(style.background) < luminance(style.text);
    style.secondaryText = mixColors(style.background, style.text, 0.7);
    style.axis = mixColors(style.background, style.text, 0.45);
    style.grid = mixColors(style.background, style.text, 0.1);
    style.accent = style.readable(palette.color(QPalette::Highlight));
    style.warning = style.readableText(QColor(0xd5, 0x5e, 0x00));
    style.font = font;
    style.smallFont = scaled(font, 0.9);
    style.em = QFontInfo(font).pixelSize();
    return style;
}

PlotStyle PlotStyle::forFigure(double fontPoints, bool dark) {
    PlotStyle style;
    style.figure = true;
    style.dark = dark;
    style.background = dark ? QColor(0x17, 0x19, 0x1d) : QColor(Qt::white);
    style.text = dark ? QColor(0xe4, 0xe7, 0xeb) : QColor(Qt::black);
    style.secondaryText = mixColors(style.background, style.text, 0.8);
    style.axis = mixColors(style.background, style.text, 0.6);
    style.grid = mixColors(style.background, style.text, 0.1);
    style.accent = style.readable(QColor(0x00, 0x72, 0xb2));
    style.warning = style.readableText(QColor(0xd5, 0x5e, 0x00));
    style.em = std::round(fontPoints / 72.0 * unitsPerInch);
    style.font = QFont(figureFamily());
    style.font.setPixelSize(static_cast<int>(style.em));
    // Hinted advances are right for one pixel size only; a figure is scaled to any.
    style.font.setHintingPreference(QFont::PreferNoHinting);
    style.smallFont = scaled(style.font, 0.9);
    const double point = unitsPerInch / 72.0;
    style.hairline = 0.5 * point;
    style.stroke = 0.9 * point;
    return style;
}

int PlotStyle::pixels(double share) const {
    return std::max(1, static_cast<int>(std::lround(share * em)));
}

QPen PlotStyle::pen(const QColor& color, double width, Qt::PenStyle style) const {
    QPen pen(color, width);
    pen.setCapStyle(Qt::FlatCap);
    pen.setJoinStyle(Qt::RoundJoin);
    const double unit = em / width;
    if (style == Qt::DashLine) {
        pen.setDashPattern({0.4 * unit, 0.3 * unit});
    } else if (style == Qt::DotLine) {
        pen.setDashPattern({0.12 * unit, 0.15 * unit});
    } else if (style == Qt::DashDotLine) {
        pen.setDashPattern({0.5 * unit, 0.15 * unit, 0.12 * unit, 0.15 * unit});
    } else {
        pen.setStyle(style);
    }
    return pen;
}

QColor PlotStyle::faded(const QColor& color, double strength) const {
    return mixColors(background, color, strength);
}

QColor PlotStyle::readable(const QColor& color) const {
    return withContrast(color, background, 3.0);
}

QColor PlotStyle::readableText(const QColor& color) const {
    return withContrast(color, background, 4.5);
}

}  // namespace quantscope
