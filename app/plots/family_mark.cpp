// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/family_mark.h"

#include <array>
#include <cstdint>

namespace quantscope {

namespace {

// The palette without black (the text's colour) and yellow (not seen on white).
constexpr QRgb blue = 0xff0072b2;
constexpr QRgb orange = 0xffe69f00;
constexpr QRgb green = 0xff009e73;
constexpr QRgb purple = 0xffcc79a7;
constexpr QRgb vermillion = 0xffd55e00;
constexpr QRgb skyBlue = 0xff56b4e9;

struct KnownFamily {
    const char* id;
    QRgb color;
    QCPScatterStyle::ScatterShape shape;
};
constexpr std::array knownFamilies = {
    KnownFamily{"scalar", blue, QCPScatterStyle::ssCircle},
    KnownFamily{"pq", orange, QCPScatterStyle::ssSquare},
    KnownFamily{"rvq", green, QCPScatterStyle::ssTriangle},
    KnownFamily{"mixed", purple, QCPScatterStyle::ssDiamond},
};

// For families of later plugins: 6 x 4 looks that none of the above has.
constexpr std::array otherColors = {vermillion, skyBlue, blue, green, purple, orange};
constexpr std::array otherShapes = {QCPScatterStyle::ssTriangleInverted,
                                    QCPScatterStyle::ssPlusCircle, QCPScatterStyle::ssCrossSquare,
                                    QCPScatterStyle::ssStar};

// FNV-1a: unlike qHash, the same in every process.
std::uint32_t stableHash(const QString& text) {
    std::uint32_t hash = 2166136261u;
    for (const char byte : text.toUtf8()) {
        hash = (hash ^ static_cast<std::uint8_t>(byte)) * 16777619u;
    }
    return hash;
}

}  // namespace

FamilyMark familyMark(const QString& family) {
    for (const KnownFamily& known : knownFamilies) {
        if (family == QLatin1String(known.id)) return {QColor::fromRgb(known.color), known.shape};
    }
    const std::uint32_t hash = stableHash(family);
    return {QColor::fromRgb(otherColors[hash % otherColors.size()]),
            otherShapes[hash / otherColors.size() % otherShapes.size()]};
}

QCPScatterStyle scatterStyle(const FamilyMark& mark, MarkState state, const PlotStyle& style) {
    const QColor outline = style.readable(mark.color);
    // Same area for every shape: the eye compares the inked areas, not the widths.
    double size = (style.figure ? 0.48 : 0.58) * style.em;
    if (mark.shape == QCPScatterStyle::ssCircle) size *= 1.02;
    if (mark.shape == QCPScatterStyle::ssSquare) size *= 0.9;
    if (mark.shape == QCPScatterStyle::ssTriangle) size *= 1.15;
    if (mark.shape == QCPScatterStyle::ssDiamond) size *= 1.25;
    switch (state) {
        case MarkState::Front:
            return {mark.shape, style.pen(outline, style.hairline), mark.color, size};
        case MarkState::Dominated:
            return {mark.shape,
                    style.pen(style.faded(outline, style.dark ? 0.7 : 0.45), style.hairline),
                    style.faded(mark.color, style.dark ? 0.5 : 0.28), 0.85 * size};
        case MarkState::Sampled:
            return {mark.shape, style.pen(style.faded(outline, 0.7), style.hairline),
                    style.background, size};
    }
    return {};
}

QColor ratePartColor(RatePart part, const PlotStyle& style) {
    const QColor quiet = mixColors(style.background, style.text, style.dark ? 0.45 : 0.4);
    switch (part) {
        case RatePart::Codes:
            return quiet;
        case RatePart::Scales:
            return QColor::fromRgb(orange);
        case RatePart::Codebooks:
            return QColor::fromRgb(skyBlue);
        case RatePart::Transforms:
            return QColor::fromRgb(purple);
        case RatePart::Outliers:
            return QColor::fromRgb(vermillion);
        case RatePart::Padding:
            return style.faded(quiet, 0.4);
    }
    return quiet;
}

QCPColorGradient viridis() {
    static constexpr std::array<QRgb, 9> stops = {0xff440154, 0xff472d7b, 0xff3b528b,
                                                  0xff2c728e, 0xff21918c, 0xff28ae80,
                                                  0xff5ec962, 0xffaddc30, 0xfffde725};
    QCPColorGradient gradient;
    gradient.clearColorStops();
    for (std::size_t i = 0; i < stops.size(); ++i) {
        gradient.setColorStopAt(static_cast<double>(i) / (stops.size() - 1),
                                QColor::fromRgb(stops[i]));
    }
    gradient.setNanHandling(QCPColorGradient::nhTransparent);
    return gradient;
}

}  // namespace quantscope
