// SPDX-License-Identifier: GPL-3.0-or-later
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>
#include <clocale>
#include <cmath>

#include "app/plots/error_map_plot.h"
#include "app/plots/export_figure_dialog.h"
#include "app/plots/figure_export.h"
#include "app/plots/levels_plot.h"
#include "app/plots/rate_bars_plot.h"
#include "app/plots/shares_plot.h"
#include "app/plots/trade_off_plot.h"
#include "app/plots/utilization_plot.h"
#include "core/base/error.h"
#include "plot_samples.h"

using namespace quantscope;

namespace {

std::unique_ptr<PlotWidget> makePlot(const QString& name) {
    const auto made = [](auto plot, auto data) -> std::unique_ptr<PlotWidget> {
        plot->setData(std::move(data));
        return plot;
    };
    if (name == "rate-distortion") {
        return made(std::make_unique<TradeOffPlot>(), samples::tradeOff());
    }
    if (name == "utilization") {
        return made(std::make_unique<UtilizationPlot>(), samples::utilization(4, 64, 5, 0.8));
    }
    if (name == "shares") return made(std::make_unique<SharesPlot>(), samples::shares(8, true));
    if (name == "bits") return made(std::make_unique<RateBarsPlot>(), samples::rateBars(6, true));
    if (name == "histogram") return made(std::make_unique<LevelsPlot>(), samples::levels(3));
    return made(std::make_unique<ErrorMapPlot>(), samples::errorMap(20, 30, false));
}

struct SvgFacts {
    QString error;
    QString width;
    QString height;
    QStringList texts;
    QList<double> fontPoints;
};

SvgFacts readSvg(const QString& path) {
    SvgFacts facts;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {QStringLiteral("cannot be opened"), {}, {}, {}, {}};
    QXmlStreamReader xml(&file);
    double unitsPerMm = 0.0;
    QList<double> fontSizes;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement) continue;
        const auto attributes = xml.attributes();
        if (xml.name() == u"svg") {
            facts.width = attributes.value("width").toString();
            facts.height = attributes.value("height").toString();
            const QStringList box = attributes.value("viewBox").toString().split(u' ');
            unitsPerMm = box.value(2).toDouble() / facts.width.chopped(2).toDouble();
        }
        // Text takes its size from the group around it.
        if (attributes.hasAttribute("font-size")) {
            fontSizes.append(attributes.value("font-size").toDouble());
        }
        if (xml.name() == u"text") {
            const double units = fontSizes.isEmpty() ? 0.0 : fontSizes.last();
            facts.fontPoints.append(units / unitsPerMm / 25.4 * 72.0);
            facts.texts.append(
                xml.readElementText(QXmlStreamReader::IncludeChildElements).trimmed());
        }
    }
    if (xml.hasError()) facts.error = xml.errorString();
    return facts;
}

QString message(const PlotWidget& plot, const QString& path, const FigureOptions& options) {
    try {
        exportFigure(plot, path, options);
    } catch (const Error& error) {
        return QString::fromStdString(error.fullText());
    }
    return {};
}

QByteArray contents(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

class TestFigureExport : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    QString pathOf(const QString& name) const { return m_folder.filePath(name); }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName(QStringLiteral("quantscope-test"));
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
    }

    void svgIsVectorOfTheSize_data() {
        QTest::addColumn<QString>("xTitle");
        QTest::addColumn<QString>("yTitle");
        QTest::newRow("rate-distortion") << "Bits per weight"
                                         << "NMSE";
        QTest::newRow("utilization") << "Codeword, most used first"
                                     << "Share of codes (%)";
        QTest::newRow("shares") << "Slice"
                                << "Share of the variance (%)";
        QTest::newRow("bits") << "Bits per weight"
                              << "Codes";
        QTest::newRow("histogram") << "Weight"
                                   << "Weights per bin (%)";
        QTest::newRow("error-map") << "Column"
                                   << "Row";
    }
    void svgIsVectorOfTheSize() {
        QFETCH(QString, xTitle);
        QFETCH(QString, yTitle);
        const std::unique_ptr<PlotWidget> plot = makePlot(QTest::currentDataTag());
        QCOMPARE(plot->figureName(), QString(QTest::currentDataTag()));
        FigureOptions options;
        options.widthCm = 12.0;
        options.heightCm = 8.0;
        const QString path = pathOf(plot->figureName() + ".svg");
        exportFigure(*plot, path, options);
        const SvgFacts facts = readSvg(path);
        QCOMPARE(facts.error, QString());
        QVERIFY2(facts.width.endsWith("mm"), qPrintable(facts.width));
        QVERIFY(std::abs(facts.width.chopped(2).toDouble() - 120.0) < 0.1);
        QVERIFY(std::abs(facts.height.chopped(2).toDouble() - 80.0) < 0.1);
        QVERIFY2(facts.texts.contains(xTitle), qPrintable(facts.texts.join(u'|')));
        QVERIFY2(facts.texts.contains(yTitle), qPrintable(facts.texts.join(u'|')));
        QVERIFY(facts.texts.size() >= 8);
        // Nothing smaller than an exponent of 9 pt text, nothing larger than that.
        QVERIFY(std::ranges::max(facts.fontPoints) < 9.3);
        QVERIFY(std::ranges::max(facts.fontPoints) > 8.7);
        QVERIFY(std::ranges::min(facts.fontPoints) > 5.0);
    }

    void numbersAreTheSameInEveryLocale() {
        const std::unique_ptr<PlotWidget> plain = makePlot("histogram");
        exportFigure(*plain, pathOf("plain.svg"), {});
        QLocale::setDefault(QLocale(QLocale::German));
        std::setlocale(LC_ALL, "de_DE.UTF-8");
        const std::unique_ptr<PlotWidget> german = makePlot("histogram");
        exportFigure(*german, pathOf("german.svg"), {});
        std::setlocale(LC_ALL, "C");
        QLocale::setDefault(QLocale::c());
        QVERIFY(readSvg(pathOf("plain.svg")).texts.contains("-0.2"));
        QCOMPARE(contents(pathOf("german.svg")), contents(pathOf("plain.svg")));
    }

    void pdfHasOnePageOfTheSize() {
        FigureOptions options;
        options.widthCm = 17.5;
        options.heightCm = 7.0;
        exportFigure(*makePlot("utilization"), pathOf("figure.pdf"), options);
        const QByteArray pdf = contents(pathOf("figure.pdf"));
        QVERIFY(pdf.startsWith("%PDF-"));
        const auto box = QRegularExpression(R"(/MediaBox \[0 0 ([\d.]+) ([\d.]+)\])")
                             .match(QString::fromLatin1(pdf));
        QVERIFY(box.hasMatch());
        QVERIFY(std::abs(box.captured(1).toDouble() - 17.5 / 2.54 * 72.0) < 1.0);
        QVERIFY(std::abs(box.captured(2).toDouble() - 7.0 / 2.54 * 72.0) < 1.0);
        QVERIFY2(pdf.contains("/FontFile"), "text is text in an embedded font");
    }

    void pngHasThePixels_data() {
        QTest::addColumn<double>("widthCm");
        QTest::addColumn<double>("heightCm");
        QTest::addColumn<int>("dpi");
        QTest::newRow("one column") << 8.5 << 6.0 << 300;
        QTest::newRow("screen") << 25.4 << 12.7 << 96;
        QTest::newRow("fine") << 5.0 << 4.0 << 600;
    }
    void pngHasThePixels() {
        QFETCH(double, widthCm);
        QFETCH(double, heightCm);
        QFETCH(int, dpi);
        FigureOptions options;
        options.widthCm = widthCm;
        options.heightCm = heightCm;
        options.dpi = dpi;
        exportFigure(*makePlot("bits"), pathOf("figure.png"), options);
        const QImage image(pathOf("figure.png"));
        QCOMPARE(image.width(), static_cast<int>(std::lround(widthCm / 2.54 * dpi)));
        QCOMPARE(image.height(), static_cast<int>(std::lround(heightCm / 2.54 * dpi)));
        QVERIFY(std::abs(image.dotsPerMeterX() - dpi / 0.0254) < 1.0);
    }

    void figureIsLightWhateverTheWindowIs() {
        QPalette dark = QGuiApplication::palette();
        dark.setColor(QPalette::Base, Qt::black);
        dark.setColor(QPalette::Text, Qt::white);
        const std::unique_ptr<PlotWidget> plot = makePlot("histogram");
        plot->setPalette(dark);
        QVERIFY(plot->plotStyle().dark);
        const std::unique_ptr<PlotWidget> figure = plot->figure(9.0);
        QCOMPARE(figure->plotStyle().background, QColor(Qt::white));
        QVERIFY(plot->plotStyle().dark);
    }

    void figureShowsTheViewOfTheWindow() {
        const std::unique_ptr<PlotWidget> plot = makePlot("rate-distortion");
        plot->resize(600, 400);
        plot->show();
        QVERIFY(QTest::qWaitForWindowExposed(plot.get()));
        QTest::keyClick(plot.get(), Qt::Key_Plus);
        const std::unique_ptr<PlotWidget> figure = plot->figure(9.0);
        figure->layOutFigure(QSize(1000, 700));
        QCOMPARE(figure->xAxis->range(), plot->xAxis->range());
        QCOMPARE(figure->yAxis->range(), plot->yAxis->range());
    }

    void titleAndNotesCanBeLeftOut() {
        auto plot = std::make_unique<LevelsPlot>();
        LevelsData data = samples::levels(3);
        data.title = QStringLiteral("scalar:3 of embed");
        data.note = QStringLiteral("sample of 4,096 rows");
        plot->setData(data);
        FigureOptions options;
        exportFigure(*plot, pathOf("with.svg"), options);
        options.title = false;
        options.notes = false;
        exportFigure(*plot, pathOf("without.svg"), options);
        const QStringList with = readSvg(pathOf("with.svg")).texts;
        const QStringList without = readSvg(pathOf("without.svg")).texts;
        for (const QString& text : {data.title, data.note}) {
            QVERIFY(with.contains(text));
            QVERIFY(!without.contains(text));
        }
    }

    void densityMapIsInTheFigure() {
        TradeOffPlot plot;
        plot.setData(samples::crowdedTradeOff(30'000));
        exportFigure(plot, pathOf("density.svg"), {});
        QVERIFY(contents(pathOf("density.svg")).contains("<image"));
        const QStringList texts = readSvg(pathOf("density.svg")).texts;
        QVERIFY(std::ranges::any_of(
            texts, [](const QString& text) { return text.contains("trials per cell"); }));
    }

    void dataHaveRoomInEverySize_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<double>("widthCm");
        QTest::addColumn<double>("heightCm");
        QTest::addColumn<double>("fontPoints");
        for (const char* name : {"rate-distortion", "utilization", "bits", "histogram"}) {
            const auto row = [name](const char* size, double width, double height, double font) {
                QTest::addRow("%s, %s", name, size) << QString(name) << width << height << font;
            };
            row("one column", 8.5, 6.0, 9.0);
            row("small", 6.0, 4.0, 9.0);
            row("large text", 12.0, 7.5, 18.0);
        }
    }
    void dataHaveRoomInEverySize() {
        QFETCH(QString, name);
        QFETCH(double, widthCm);
        QFETCH(double, heightCm);
        QFETCH(double, fontPoints);
        const std::unique_ptr<PlotWidget> plot = makePlot(name);
        const QSize size(static_cast<int>(widthCm / 2.54 * PlotStyle::unitsPerInch),
                         static_cast<int>(heightCm / 2.54 * PlotStyle::unitsPerInch));
        const std::unique_ptr<PlotWidget> figure = plot->figure(fontPoints);
        QCOMPARE(figure->layOutFigure(size), size);
        QVERIFY2(figure->axisRect()->height() > 0.35 * size.height(),
                 qPrintable(QString::number(figure->axisRect()->height())));
        QVERIFY(QRect(QPoint(), size).contains(figure->axisRect()->outerRect()));
    }

    void aSizeTooSmallForTheTextIsRefused() {
        const std::unique_ptr<PlotWidget> plot = makePlot("rate-distortion");
        FigureOptions options;
        options.fontPoints = 40.0;
        const QString said = message(*plot, pathOf("collapsed.svg"), options);
        const auto least = QRegularExpression(R"(at least ([\d.]+) x ([\d.]+) cm)").match(said);
        QVERIFY2(least.hasMatch(), qPrintable(said));
        QVERIFY(!QFile::exists(pathOf("collapsed.svg")));
        options.widthCm = least.captured(1).toDouble();
        options.heightCm = least.captured(2).toDouble();
        QCOMPARE(message(*plot, pathOf("fitting.svg"), options), QString());
    }

    void whatCannotBeDoneIsSaid() {
        const std::unique_ptr<PlotWidget> plot = makePlot("bits");
        QVERIFY(message(*plot, pathOf("figure.gif"), {}).contains(".svg, .pdf or .png"));
        QVERIFY(message(*plot, pathOf("figure"), {}).contains(".svg, .pdf or .png"));
        const QString missing = message(*plot, pathOf("no/such/folder/figure.svg"), {});
        QVERIFY2(missing.contains("no/such/folder"), qPrintable(missing));
        QVERIFY(message(TradeOffPlot(), pathOf("empty.svg"), {}).contains("nothing to draw"));
        QVERIFY(!QFile::exists(pathOf("empty.svg")));
        FigureOptions options;
        options.widthCm = 0.5;
        QVERIFY(message(*plot, pathOf("figure.svg"), options).contains("between 3 and 100 cm"));
        options = {100.0, 100.0, 2400, 9.0, true, true};
        QVERIFY(message(*plot, pathOf("figure.png"), options).contains("million pixels"));
    }

    void imageAndDataAreCopied() {
        const std::unique_ptr<PlotWidget> plot = makePlot("bits");
        plot->resize(400, 300);
        plot->copyImage();
        QCOMPARE(QGuiApplication::clipboard()->image().size(), QSize(800, 600));
        plot->copyData();
        const QString csv = QGuiApplication::clipboard()->text();
        QVERIFY(csv.startsWith("Trial,Bits per weight,Codes (bits per weight),"));
        QCOMPARE(csv.count('\n'), 7);
    }

    void dialogWritesAndRemembers() {
        const std::unique_ptr<PlotWidget> plot = makePlot("bits");
        const FigureOptions chosen{12.0, 7.5, 450, 10.0, false, true};
        {
            ExportFigureDialog dialog(*plot);
            QCOMPARE(dialog.options().widthCm, FigureOptions().widthCm);
            dialog.setOptions(chosen);
            dialog.setFormat(FigureFormat::Png);
            dialog.setPath(pathOf("dialog.png"));
            QSignalSpy spy(&dialog, &ExportFigureDialog::saved);
            dialog.save();
            QCOMPARE(spy.size(), 1);
            QCOMPARE(QImage(pathOf("dialog.png")).size(), figurePixels(chosen));
        }
        ExportFigureDialog again(*plot);
        QCOMPARE(again.options().widthCm, chosen.widthCm);
        QCOMPARE(again.options().dpi, chosen.dpi);
        QCOMPARE(again.options().fontPoints, chosen.fontPoints);
        QCOMPARE(again.options().title, false);
        QCOMPARE(again.format(), FigureFormat::Png);
        QCOMPARE(again.path(), pathOf("bits.png"));
    }

    void returnSaves() {
        const std::unique_ptr<PlotWidget> plot = makePlot("bits");
        ExportFigureDialog dialog(*plot);
        dialog.show();
        QVERIFY(QTest::qWaitForWindowExposed(&dialog));
        dialog.setFormat(FigureFormat::Svg);
        dialog.setPath(pathOf("by-return.svg"));
        QSignalSpy spy(&dialog, &ExportFigureDialog::saved);
        QTest::keyClick(&dialog, Qt::Key_Return);
        QCOMPARE(spy.size(), 1);
        QVERIFY(QFile::exists(pathOf("by-return.svg")));
    }

    void dialogFollowsFormatAndSize() {
        const std::unique_ptr<PlotWidget> plot = makePlot("bits");
        ExportFigureDialog dialog(*plot);
        dialog.setFormat(FigureFormat::Pdf);
        QVERIFY(dialog.path().endsWith("bits.pdf"));
        auto* preset = dialog.findChild<QComboBox*>("preset");
        preset->setCurrentText("Two columns");
        Q_EMIT preset->activated(preset->currentIndex());
        QCOMPARE(dialog.options().widthCm, 17.5);
        FigureOptions own;
        own.widthCm = 9.9;
        dialog.setOptions(own);
        QCOMPARE(preset->currentText(), QStringLiteral("Own size"));
    }

    void dialogSaysWhyNotAndStaysOpen() {
        const std::unique_ptr<PlotWidget> plot = makePlot("bits");
        ExportFigureDialog dialog(*plot);
        dialog.show();
        dialog.setPath(pathOf("no/such/folder/figure.svg"));
        dialog.save();
        QVERIFY(dialog.isVisible());
        const auto* text = dialog.findChild<QLabel*>("message");
        QVERIFY(text->isVisible());
        QVERIFY(text->text().contains("no/such/folder"));
        dialog.setPath(pathOf("bits.svg"));
        QFile(pathOf("bits.svg")).remove();
        auto* save = dialog.findChild<QPushButton*>("save");
        dialog.setPath(pathOf("x.svg"));
        QCOMPARE(save->text(), QStringLiteral("Save"));
        exportFigure(*plot, pathOf("bits.svg"), {});
        dialog.setPath(pathOf("bits.svg"));
        QCOMPARE(save->text(), QStringLiteral("Replace file"));
    }
};

QTEST_MAIN(TestFigureExport)
#include "tst_figure_export.moc"
