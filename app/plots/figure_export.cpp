// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/figure_export.h"

#include <QFileInfo>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <cmath>
#include <memory>

#include "app/plots/plot_widget.h"
#include "core/base/error.h"
#include "core/base/output_target.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

constexpr double cmPerInch = 2.54;
constexpr double mostPixels = 200e6;

void checkOptions(const FigureOptions& options) {
    const auto check = [](double value, double least, double most, const char* what,
                          const char* unit) {
        if (value >= least && value <= most) return;
        throw Error("A figure's " + std::string(what) + " of " + formatNumber(value) + " " + unit +
                        " is out of range.",
                    "Choose between " + formatNumber(least) + " and " + formatNumber(most) + " " +
                        unit + ".");
    };
    check(options.widthCm, FigureOptions::leastCm, FigureOptions::mostCm, "width", "cm");
    check(options.heightCm, FigureOptions::leastCm, FigureOptions::mostCm, "height", "cm");
    check(options.dpi, FigureOptions::leastDpi, FigureOptions::mostDpi, "resolution", "dpi");
    check(options.fontPoints, 4.0, 40.0, "font size", "pt");
}

// Size in figure units.
QSize figureUnits(const FigureOptions& options) {
    const auto units = [](double cm) {
        return static_cast<int>(std::lround(cm / cmPerInch * PlotStyle::unitsPerInch));
    };
    return {units(options.widthCm), units(options.heightCm)};
}

// "8.5 x 6 cm"; rounded up, so that the size named is large enough.
std::string sizeText(const QSize& units) {
    const auto cm = [](int length) {
        return formatNumber(std::ceil(10.0 * length * cmPerInch / PlotStyle::unitsPerInch - 0.05) /
                            10.0);
    };
    return cm(units.width()) + " x " + cm(units.height()) + " cm";
}

std::unique_ptr<PlotWidget> makeFigure(const PlotWidget& plot, const FigureOptions& options) {
    checkOptions(options);
    if (plot.isEmpty()) {
        throw Error("There is nothing to draw in this figure.",
                    "Run an experiment or open a result folder first.");
    }
    std::unique_ptr<PlotWidget> figure = plot.figure(options.fontPoints, options.dark);
    if (!options.title) figure->setTitleVisible(false);
    if (!options.notes) figure->setNotesVisible(false);
    const QSize size = figureUnits(options);
    const QSize least = figure->layOutFigure(size);
    if (least != size) {
        throw Error("A figure of " + sizeText(size) + " is too small for text of " +
                        formatNumber(options.fontPoints) + " pt.",
                    "Choose at least " + sizeText(least) + ", or smaller text.");
    }
    return figure;
}

void paint(PlotWidget& figure, QPaintDevice* device, const QSize& size, double scale) {
    QCPPainter painter;
    if (!painter.begin(device)) throw Error("The figure could not be drawn.");
    // Vector devices get text as text and lines where they are, not snapped to pixels.
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.setRenderHint(QPainter::TextAntialiasing);
    painter.scale(scale, scale);
    figure.toPainter(&painter, size.width(), size.height());
}

void writeSvg(PlotWidget& figure, QIODevice& file, const FigureOptions& options) {
    const QSize size = figureUnits(options);
    QSvgGenerator generator;
    generator.setOutputDevice(&file);
    generator.setResolution(PlotStyle::unitsPerInch);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(figure.title().isEmpty() ? figure.accessibleName() : figure.title());
    generator.setDescription(figure.accessibleDescription());
    paint(figure, &generator, size, 1.0);
}

void writePdf(PlotWidget& figure, QIODevice& file, const FigureOptions& options) {
    QPdfWriter writer(&file);
    writer.setCreator(QStringLiteral("Quantscope"));
    writer.setTitle(figure.title().isEmpty() ? figure.accessibleName() : figure.title());
    writer.setResolution(PlotStyle::unitsPerInch);
    writer.setPageSize(QPageSize(QSizeF(10.0 * options.widthCm, 10.0 * options.heightCm),
                                 QPageSize::Millimeter, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF());
    paint(figure, &writer, figureUnits(options), 1.0);
}

QImage drawImage(PlotWidget& figure, const FigureOptions& options) {
    QImage image(figurePixels(options), QImage::Format_RGB32);
    image.fill(figure.plotStyle().background);
    const double dotsPerMeter = options.dpi / cmPerInch * 100.0;
    image.setDotsPerMeterX(static_cast<int>(std::lround(dotsPerMeter)));
    image.setDotsPerMeterY(static_cast<int>(std::lround(dotsPerMeter)));
    paint(figure, &image, figureUnits(options),
          static_cast<double>(options.dpi) / PlotStyle::unitsPerInch);
    return image;
}

}  // namespace

QString figureSuffix(FigureFormat format) {
    switch (format) {
        case FigureFormat::Svg:
            return QStringLiteral("svg");
        case FigureFormat::Pdf:
            return QStringLiteral("pdf");
        case FigureFormat::Png:
            return QStringLiteral("png");
    }
    return {};
}

FigureFormat figureFormat(const QString& path) {
    const QString suffix = QFileInfo(path).suffix().toLower();
    for (const FigureFormat format : {FigureFormat::Svg, FigureFormat::Pdf, FigureFormat::Png}) {
        if (suffix == figureSuffix(format)) return format;
    }
    throw Error("'" + path.toStdString() + "' does not say which format the figure shall have.",
                "End the file name with .svg, .pdf or .png.");
}

QSize figurePixels(const FigureOptions& options) {
    checkOptions(options);
    const double width = std::round(options.widthCm / cmPerInch * options.dpi);
    const double height = std::round(options.heightCm / cmPerInch * options.dpi);
    if (width * height > mostPixels) {
        throw Error(
            "The figure would have " + formatSignificant(width * height / 1e6) + " million pixels.",
            "Choose a smaller size or resolution.");
    }
    return {static_cast<int>(width), static_cast<int>(height)};
}

QStringList exportFigure(const PlotWidget& plot, const QString& path,
                         const FigureOptions& options) {
    const FigureFormat format = figureFormat(path);
    const std::unique_ptr<PlotWidget> figure = makeFigure(plot, options);
    QSaveFile file(QString::fromStdString(outputTarget(path.toStdString()).string()));
    bool written = file.open(QIODevice::WriteOnly);
    if (written) {
        switch (format) {
            case FigureFormat::Svg:
                writeSvg(*figure, file, options);
                break;
            case FigureFormat::Pdf:
                writePdf(*figure, file, options);
                break;
            case FigureFormat::Png:
                written = drawImage(*figure, options).save(&file, "PNG");
                break;
        }
        written = written && file.commit();
    }
    if (!written) {
        throw Error("The figure could not be written to '" + path.toStdString() +
                        "': " + file.errorString().toStdString() + ".",
                    "Choose another folder, or free space on the disk.");
    }
    return figure->leftOut();
}

QImage figureImage(const PlotWidget& plot, const FigureOptions& options, QStringList* leftOut) {
    const std::unique_ptr<PlotWidget> figure = makeFigure(plot, options);
    if (leftOut) *leftOut = figure->leftOut();
    return drawImage(*figure, options);
}

}  // namespace quantscope
