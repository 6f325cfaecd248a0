// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

#include <QColor>
#include <QString>

#include "app/plots/plot_style.h"
#include "core/quant/rate.h"

namespace quantscope {

/// What a mark is shaped like; all shapes have about the same area.
enum class MarkShape {
    Circle,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Star,
    Plus,
    Cross,
    Pentagon,
    Hexagon,
    TriangleRight,
    TriangleLeft,
    Hourglass
};
constexpr int markShapeCount = 13;

/// Colour and marker shape of a method family. They depend on the method id alone, so that a family
/// looks the same in every plot, window and figure. Every quantizer of this program has a shape of
/// its own; families of other plugins have looks that none of this program's has.
struct FamilyMark {
    QColor color;  ///< Of the palette by Okabe and Ito (2008), safe for colour vision deficiency.
    MarkShape shape = MarkShape::Circle;
};
FamilyMark familyMark(const QString& family);

/// How a mark is drawn: filled on a front, faded behind it, hollow for figures of a sample.
enum class MarkState { Front, Dominated, Sampled };
QCPScatterStyle scatterStyle(const FamilyMark& mark, MarkState state, const PlotStyle& style);

/// Fill of a ledger part in stacked bars: codes in a quiet grey, what comes on top of them in
/// colour.
QColor ratePartColor(RatePart part, const PlotStyle& style);

/// Viridis (van der Walt and Smith, 2015): perceptually uniform, dark for low values.
QCPColorGradient viridis();

/// The colour of curve `index` of `count` that have an order, such as stages.
QColor orderedColor(const PlotStyle& style, int index, int count);

}  // namespace quantscope
