// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/family_mark.h"

#include <array>
#include <cmath>
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

struct Look {
    QRgb color;
    MarkShape shape;

    bool operator==(const Look&) const = default;
};
struct KnownFamily {
    const char* id;
    Look look;
};
constexpr std::array knownFamilies = {
    KnownFamily{"scalar", {blue, MarkShape::Circle}},
    KnownFamily{"pq", {orange, MarkShape::Square}},
    KnownFamily{"rvq", {green, MarkShape::Triangle}},
    KnownFamily{"mixed", {purple, MarkShape::Diamond}},
    KnownFamily{"gptq", {vermillion, MarkShape::Star}},
    KnownFamily{"hadamard", {skyBlue, MarkShape::Plus}},
    KnownFamily{"kquant", {vermillion, MarkShape::Cross}},
    KnownFamily{"format", {skyBlue, MarkShape::TriangleRight}},
    KnownFamily{"additive", {orange, MarkShape::Pentagon}},
    KnownFamily{"e8", {green, MarkShape::Hexagon}},
    KnownFamily{"trellis", {blue, MarkShape::TriangleDown}},
    KnownFamily{"pvq", {green, MarkShape::TriangleLeft}},
    KnownFamily{"kmeans", {vermillion, MarkShape::Hourglass}},
    // What stands in front of another method shares the shape of a method, in another colour.
    KnownFamily{"center", {purple, MarkShape::Star}},
    KnownFamily{"outliers", {blue, MarkShape::Pentagon}},
    KnownFamily{"pca", {orange, MarkShape::Cross}},
    KnownFamily{"permute", {purple, MarkShape::Hexagon}},
    KnownFamily{"smooth", {green, MarkShape::Plus}},
    KnownFamily{"lowrank", {skyBlue, MarkShape::Star}},
    // More methods than shapes.
    KnownFamily{"vptq", {purple, MarkShape::TriangleDown}},
};
constexpr std::array colors = {vermillion, skyBlue, blue, green, purple, orange};

// For families of other plugins: the combinations that none of the above has, of shapes that none
// of the first four has.
constexpr int firstFreeShape = static_cast<int>(MarkShape::Diamond) + 1;
constexpr std::size_t freeCount =
    colors.size() * (markShapeCount - firstFreeShape) - (knownFamilies.size() - firstFreeShape);
constexpr std::array<Look, freeCount> freeLooks = [] {
    std::array<Look, freeCount> looks{};
    std::size_t count = 0;
    for (int shape = markShapeCount - 1; shape >= firstFreeShape; --shape) {
        for (const QRgb color : colors) {
            const Look look{color, static_cast<MarkShape>(shape)};
            bool taken = false;
            for (const KnownFamily& known : knownFamilies)
                taken = taken || known.look == look;
            if (!taken) looks[count++] = look;
        }
    }
    return looks;
}();

// Shapes are drawn in a box of 6 units, which QCustomPlot scales to the size of the mark.
constexpr double box = 6.0;

QPainterPath closedPath(const QPolygonF& corners) {
    QPainterPath path;
    path.addPolygon(corners);
    path.closeSubpath();
    return path;
}

// A regular polygon, or a star when `inner` (share of the radius) is less than 1; its first corner
// lies at `degrees`, counted clockwise from the right.
QPainterPath polygon(int corners, double degrees, double radius, double inner = 1.0) {
    QPolygonF points;
    const int count = inner < 1.0 ? 2 * corners : corners;
    for (int i = 0; i < count; ++i) {
        const double angle = (degrees + 360.0 * i / count) * M_PI / 180.0;
        const double reach = inner < 1.0 && i % 2 == 1 ? inner * radius : radius;
        points << QPointF(reach * std::cos(angle), reach * std::sin(angle));
    }
    return closedPath(points);
}

QPainterPath plusPath(double degrees) {
    constexpr double arm = 3.5;
    constexpr double half = 1.1;
    QPolygonF corners;
    for (int quarter = 0; quarter < 4; ++quarter) {
        QTransform turn;
        turn.rotate(degrees + 90.0 * quarter);
        for (const QPointF& corner :
             {QPointF(arm, -half), QPointF(arm, half), QPointF(half, half)}) {
            corners << turn.map(corner);
        }
    }
    return closedPath(corners);
}

// The shapes that QCustomPlot lacks; empty for those that it has, and draws faster.
QPainterPath shapePath(MarkShape shape) {
    switch (shape) {
        case MarkShape::Circle:
        case MarkShape::Square:
        case MarkShape::Triangle:
        case MarkShape::Diamond:
        case MarkShape::TriangleDown:
            return {};
        case MarkShape::Star:
            return polygon(5, -90.0, 4.5, 0.45);
        case MarkShape::Plus:
            return plusPath(0.0);
        case MarkShape::Cross:
            return plusPath(45.0);
        case MarkShape::Pentagon:
            return polygon(5, -90.0, 3.5);
        case MarkShape::Hexagon:
            return polygon(6, 0.0, 3.4);
        case MarkShape::TriangleRight:
            return polygon(3, 0.0, 4.2);
        case MarkShape::TriangleLeft:
            return polygon(3, 180.0, 4.2);
        case MarkShape::Hourglass:
            return closedPath(QPolygonF(
                {QPointF(-3.2, -3.2), QPointF(3.2, -3.2), QPointF(-3.2, 3.2), QPointF(3.2, 3.2)}));
    }
    return {};
}

// A shape of QCustomPlot and the factor that gives it the area of the others: the eye compares the
// inked areas, not the widths.
std::pair<QCPScatterStyle::ScatterShape, double> plainShape(MarkShape shape) {
    switch (shape) {
        case MarkShape::Square:
            return {QCPScatterStyle::ssSquare, 0.9};
        case MarkShape::Triangle:
            return {QCPScatterStyle::ssTriangle, 1.15};
        case MarkShape::Diamond:
            return {QCPScatterStyle::ssDiamond, 1.25};
        case MarkShape::TriangleDown:
            return {QCPScatterStyle::ssTriangleInverted, 1.15};
        default:
            return {QCPScatterStyle::ssCircle, 1.02};
    }
}

QCPScatterStyle styleOf(MarkShape shape, const QPen& pen, const QBrush& fill, double size) {
    const QPainterPath path = shapePath(shape);
    if (path.isEmpty()) {
        const auto [plain, factor] = plainShape(shape);
        return {plain, pen, fill, factor * size};
    }
    // The width of the line is scaled along with the path.
    QPen scaled = pen;
    scaled.setWidthF(pen.widthF() * box / size);
    return {path, scaled, fill, size};
}

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
        if (family == QLatin1String(known.id)) {
            return {QColor::fromRgb(known.look.color), known.look.shape};
        }
    }
    const Look look = freeLooks[stableHash(family) % freeLooks.size()];
    return {QColor::fromRgb(look.color), look.shape};
}

QCPScatterStyle scatterStyle(const FamilyMark& mark, MarkState state, const PlotStyle& style) {
    const QColor outline = style.readable(mark.color);
    const double size = (style.figure ? 0.48 : 0.58) * style.em;
    switch (state) {
        case MarkState::Front:
            return styleOf(mark.shape, style.pen(outline, style.hairline), mark.color, size);
        case MarkState::Dominated:
            return styleOf(mark.shape,
                           style.pen(style.faded(outline, style.dark ? 0.7 : 0.45), style.hairline),
                           style.faded(mark.color, style.dark ? 0.5 : 0.28), 0.85 * size);
        case MarkState::Sampled:
            return styleOf(mark.shape, style.pen(style.faded(outline, 0.7), style.hairline),
                           style.background, size);
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
        case RatePart::Factors:
            return QColor::fromRgb(green);
        case RatePart::Padding:
            return style.faded(quiet, 0.4);
    }
    return quiet;
}

QColor orderedColor(const PlotStyle& style, int index, int count) {
    const double position = count > 1 ? index / (count - 1.0) : 0.3;
    const QRgb color = viridis().color(style.dark ? 0.3 + 0.7 * position : 0.8 * position, {0, 1});
    return style.readable(QColor::fromRgb(color));
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
