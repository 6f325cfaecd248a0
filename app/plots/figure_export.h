// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QString>

namespace quantscope {

class PlotWidget;

enum class FigureFormat { Svg, Pdf, Png };

/// "svg", "pdf", "png".
QString figureSuffix(FigureFormat format);
/// Told from the file name. Throws Error for a suffix that is none of the three.
FigureFormat figureFormat(const QString& path);

/// How a figure comes out on paper.
struct FigureOptions {
    double widthCm = 8.5;  ///< One column of most journals.
    double heightCm = 6.0;
    int dpi = 300;            ///< Pixels per inch of PNG files; the other formats have none.
    double fontPoints = 9.0;  ///< In the final size.
    bool title = true;
    bool notes = true;  ///< "sample of 4,096 rows" and the like.
    bool dark = false;  ///< Light on dark, for slides; otherwise black on white.

    static constexpr double leastCm = 3.0;
    static constexpr double mostCm = 100.0;
    static constexpr int leastDpi = 30;
    static constexpr int mostDpi = 2400;
};

/// Size in pixels of a PNG file with these options. Throws Error when the options are out of range,
/// or ask for more than 200 million pixels.
QSize figurePixels(const FigureOptions& options);

/// Draws what the plot shows in the style of figures: with vector text in SVG and PDF. The
/// layout is the same in all formats. The file is written aside and renamed. Throws Error for an
/// empty plot, options out of range, a size too small for the text and a file that cannot be
/// written. Returns what was left out for lack of room (PlotWidget::leftOut()).
QStringList exportFigure(const PlotWidget& plot, const QString& path, const FigureOptions& options);

/// The same picture as pixels in memory; `leftOut`, unless null, gets what was left out.
QImage figureImage(const PlotWidget& plot, const FigureOptions& options,
                   QStringList* leftOut = nullptr);

}  // namespace quantscope
